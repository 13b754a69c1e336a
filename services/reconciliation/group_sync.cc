#include "services/reconciliation/group_sync.h"

#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/collision_desk.h"
#include "services/reconciliation/collision_notes.h"
#include "services/reconciliation/records.h"

namespace rollcall::reconciliation {
namespace {

store::GroupMarkRow::Outcome OutcomeOf(GroupFate fate) {
  switch (fate) {
    case GroupFate::kCreate:
      return store::GroupMarkRow::CREATED;
    case GroupFate::kTakeOver:
      return store::GroupMarkRow::MERGED;
    case GroupFate::kRename:
      return store::GroupMarkRow::UPDATED;
    default:
      return store::GroupMarkRow::UNCHANGED;
  }
}

// What the run has done to the group, with what an earlier reading of the same
// run has done.
store::GroupMarkRow Marked(const store::GroupMarkRow& before,
                           const std::string& run, GroupFate fate) {
  store::GroupMarkRow mark;
  if (before.run() == run) mark = before;
  mark.set_run(run);
  if (mark.outcome() == store::GroupMarkRow::UNCHANGED) {
    mark.set_outcome(OutcomeOf(fate));
  }
  return mark;
}

void Count(const store::GroupMarkRow& mark, v1::RunCounters* counters) {
  switch (mark.outcome()) {
    case store::GroupMarkRow::CREATED:
      counters->set_groups_created(counters->groups_created() + 1);
      break;
    case store::GroupMarkRow::MERGED:
      counters->set_groups_merged(counters->groups_merged() + 1);
      break;
    case store::GroupMarkRow::UPDATED:
      counters->set_groups_updated(counters->groups_updated() + 1);
      break;
    default:
      break;
  }
}

void AppendGroupEvent(const RunWork& work, const Group& group,
                      const std::string& rule, absl::Time now,
                      Transaction& transaction) {
  v1::ChangeEvent event = MakeEvent(work, now, rule);
  *event.mutable_group_change() = ToMessage(group, work.account());
  transaction.AppendEvent(std::move(event));
}

absl::StatusOr<GroupRecord> Load(const std::string& id,
                                 const Transaction& transaction) {
  ASSIGN_OR_RETURN(absl::optional<GroupRecord> record,
                   transaction.identities().FindGroup(id));
  if (!record.has_value()) {
    return DataLoss("GROUP_UNKNOWN",
                    absl::StrCat("The group ", id, " does not exist."),
                    {{"group", id}});
  }
  return *std::move(record);
}

}  // namespace

absl::Status ApplyGroups(std::vector<DesiredGroup> desired, absl::Time now,
                         const std::function<std::string()>& make_id,
                         RunWork& work, Transaction& transaction) {
  absl::flat_hash_map<std::string, GroupRecord> known;
  std::vector<Group> own, namesakes;
  ASSIGN_OR_RETURN(
      std::vector<GroupRecord> records,
      transaction.identities().GroupsOfDirectory(work.directory()));
  for (GroupRecord& record : records) {
    own.push_back(record.group);
    std::string id = record.group.id;
    known.insert({std::move(id), std::move(record)});
  }
  absl::flat_hash_map<std::string, DeskDecision> decisions;
  for (const DesiredGroup& group : desired) {
    ASSIGN_OR_RETURN(
        DeskDecision decision,
        FindDecision(transaction.reader(), work.account(), work.directory(),
                     kDeskGroups, group.source_id));
    if (decision.choice == DeskChoice::kPreset) continue;
    decisions[group.source_id] = std::move(decision);
  }
  // Whoever has a name that a group wants, or would want without the desk.
  absl::flat_hash_map<std::string, std::string> id_by_name;
  for (const DesiredGroup& group : desired) {
    if (group.missing) continue;
    std::vector<std::string> names = {group.display_name};
    const auto decided = decisions.find(group.source_id);
    if (decided != decisions.end()) names.push_back(decided->second.name);
    for (const std::string& name : names) {
      if (name.empty()) continue;
      ASSIGN_OR_RETURN(absl::optional<GroupRecord> record,
                       transaction.identities().FindGroupByName(name));
      if (!record.has_value()) continue;
      namesakes.push_back(record->group);
      std::string id = record->group.id;
      id_by_name[GroupNameKey(name)] = id;
      known.insert({std::move(id), *std::move(record)});
    }
  }

  // What the model would do is noted, what was decided is done (B10).
  const std::vector<GroupDecision> preset =
      PlanGroups(work.directory(), desired, own, namesakes, now);
  for (size_t i = 0; i < preset.size(); ++i) {
    const auto decided = decisions.find(desired[i].source_id);
    if (decided != decisions.end()) desired[i].desk = decided->second;
    const auto holder = id_by_name.find(GroupNameKey(desired[i].display_name));
    PutNotes(
        NotesOf(desired[i], preset[i],
                holder == id_by_name.end() ? nullptr
                                           : &known.at(holder->second).group),
        desired[i].source_id, desired[i].display_name, desired[i].desk,
        work.name, transaction);
  }
  std::vector<GroupDecision> plan =
      PlanGroups(work.directory(), desired, own, namesakes, now);
  work.scope.clear_missing_groups();
  work.scope.clear_name_conflicts();
  for (size_t i = 0; i < plan.size(); ++i) {
    GroupDecision& decision = plan[i];
    if (decision.fate == GroupFate::kMissing) {
      if (decision.linked) work.scope.add_missing_groups(decision.after.id);
      continue;
    }
    work.counters().set_groups_seen(work.counters().groups_seen() + 1);
    if (decision.fate == GroupFate::kSkip) {
      ++(*work.counters().mutable_warnings())["GROUP_SKIPPED_BY_DECISION"];
      continue;
    }
    if (decision.fate == GroupFate::kConflict) {
      work.scope.add_name_conflicts(desired[i].source_id);
      if (!decision.linked) continue;
    }
    if (decision.fate == GroupFate::kCreate) decision.after.id = make_id();
    auto before = known.find(decision.after.id);
    const bool exists = before != known.end();
    const store::GroupMarkRow mark =
        Marked(exists ? before->second.mark : store::GroupMarkRow(),
               work.run.name(), decision.fate);
    Count(mark, &work.counters());
    if (OutcomeOf(decision.fate) == store::GroupMarkRow::UNCHANGED) continue;
    RETURN_IF_ERROR(transaction.PutGroup(
        exists ? &before->second.group : nullptr, decision.after, mark));
    AppendGroupEvent(work, decision.after, decision.rule, now, transaction);
  }
  return absl::OkStatus();
}

absl::Status SettleTakenOver(const std::string& group_id,
                             Transaction& transaction) {
  ASSIGN_OR_RETURN(const GroupRecord before, Load(group_id, transaction));
  Group after = before.group;
  after.has_strangers = false;
  return transaction.PutGroup(&before.group, after, before.mark);
}

absl::Status ReleaseGroup(const std::string& group_id, absl::Time now,
                          RunWork& work, Transaction& transaction) {
  ASSIGN_OR_RETURN(const GroupRecord before, Load(group_id, transaction));
  const Group after = Released(before.group, now);
  RETURN_IF_ERROR(transaction.PutGroup(&before.group, after, before.mark));
  AppendGroupEvent(work, after, "A8", now, transaction);
  work.counters().set_groups_released(work.counters().groups_released() + 1);
  return absl::OkStatus();
}

}  // namespace rollcall::reconciliation
