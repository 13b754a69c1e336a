#include "services/reconciliation/run_guarding.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/held_batches.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/run_scope.h"
#include "services/reconciliation/run_steps.h"
#include "services/reconciliation/strangers.h"
#include "services/reconciliation/taken_tally.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;

// Counts the rows of one run. One thread, one use. Grows with the number of
// groups only.
class Tally {
 public:
  Tally(const RunEngineOptions& options, const RunWork& work,
        store::DirectoryRow directory)
      : work_(work),
        directory_(std::move(directory)),
        now_(options.clock.TimeNow()),
        rows_(options.store.rows()),
        identities_(options.store.Identities(work.account())) {}

  absl::Status CountWithheld() {
    MessageCursor<store::WithheldRow> cursor(
        rows_, work_.account(),
        KeyRange::Prefix(keys::WithheldOfAttempt(
            work_.directory(), work_.name.id(), work_.place.attempt())));
    while (true) {
      ASSIGN_OR_RETURN(auto row, cursor.Next());
      if (!row.has_value()) return absl::OkStatus();
      RETURN_IF_ERROR(Count(row->message));
    }
  }

  // What is held already, but for users about whom this run says something
  // newer.
  absl::Status CountHeld() {
    MessageCursor<store::WithheldRow> cursor(
        rows_, work_.account(),
        KeyRange::Prefix(keys::HeldRowsOfDirectory(work_.directory())));
    while (true) {
      ASSIGN_OR_RETURN(auto row, cursor.Next());
      if (!row.has_value()) return absl::OkStatus();
      std::string directory, source_id;
      int64_t danger = 0;
      RETURN_IF_ERROR(KeyReader(row->key)
                          .Table("held_rows")
                          .String(&directory)
                          .Int64(&danger)
                          .String(&source_id)
                          .Finish());
      ASSIGN_OR_RETURN(
          const absl::optional<std::string> newer,
          rows_.Get(work_.account(),
                    keys::Withheld(work_.directory(), work_.name.id(),
                                   work_.place.attempt(), source_id)));
      if (newer.has_value()) continue;
      // They are counted anew (CountMembers).
      if (danger == static_cast<int>(Danger::kMembersRemoved)) continue;
      RETURN_IF_ERROR(Count(row->message));
    }
  }

  // The groups that would lose their last member, of those that have any. Who
  // is held as removed stays in his groups.
  absl::Status CountGroups(bool removals_are_held) {
    if (!removals_are_held) {
      for (const auto& [group, members] : leaving_removed_) {
        leaving_[group] += members;
      }
    }
    ASSIGN_OR_RETURN(std::vector<GroupRecord> groups,
                     identities_.GroupsOfDirectory(work_.directory()));
    for (const GroupRecord& record : groups) {
      if (record.group.member_count == 0) continue;
      ++live_groups_;
      auto leaving = leaving_.find(record.group.id);
      if (leaving == leaving_.end()) continue;
      if (leaving->second >= record.group.member_count) {
        emptied_.push_back(record.group.id);
      }
    }
    return absl::OkStatus();
  }

  // Only a complete reading takes them out of groups (R30).
  absl::Status CountMembers() {
    if (!work_.place.complete()) return absl::OkStatus();
    ASSIGN_OR_RETURN(strangers_, CountStrangers(identities_, work_));
    return absl::OkStatus();
  }

  GuardFact Removed() const {
    // Whom runs have removed was there a day ago.
    GuardFact fact = Fact(Danger::kRemoved, removed_, work_.scope.live_count());
    fact.live += fact.taken;
    return fact;
  }

  std::vector<GuardFact> Facts() const {
    const int64_t live = work_.scope.live_count();
    // A first sync has no live users yet; what it merges is a part of all that
    // it sees.
    const int64_t seen = work_.run.counters().users_seen();
    return {Removed(),
            Fact(Danger::kDisabled, disabled_, live),
            GroupsEmptied(),
            Fact(Danger::kMerged, merged_, std::max(live, seen)),
            Fact(Danger::kEmailsCleared, cleared_, live),
            MembersRemoved()};
  }
  GuardFact GroupsEmptied() const {
    GuardFact fact = Fact(Danger::kGroupsEmptied,
                          static_cast<int64_t>(emptied_.size()), live_groups_);
    fact.live += fact.taken;
    return fact;
  }
  GuardFact MembersRemoved() const {
    GuardFact fact =
        Fact(Danger::kMembersRemoved, strangers_.strangers, strangers_.members);
    fact.live += fact.taken;
    return fact;
  }
  const std::vector<std::string>& emptied() const { return emptied_; }

 private:
  GuardFact Fact(Danger danger, int64_t rows, int64_t live) const {
    return {danger, rows, TakenWithinADay(directory_, danger, now_), live,
            LimitOf(work_.scope, danger)};
  }

  absl::Status Count(const store::WithheldRow& row) {
    merged_ += row.has_merge();
    cleared_ += row.clear_email();
    // Nothing else will happen without proof (R30).
    if (!work_.place.complete()) return absl::OkStatus();
    disabled_ += row.disable();
    for (const std::string& group : row.leave_groups()) ++leaving_[group];
    if (!row.absent()) return absl::OkStatus();
    ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                     identities_.FindUser(row.user_id()));
    if (!record.has_value() || record->user.pending_deletion()) {
      return absl::OkStatus();
    }
    const UserDecision decision = DecideAbsent(record->user, work_.rules, now_);
    removed_ += decision.fate == Fate::kRemove;
    for (const std::string& group : record->user.groups) {
      const bool stays = std::binary_search(decision.after.groups.begin(),
                                            decision.after.groups.end(), group);
      if (stays) continue;
      ++(decision.fate == Fate::kRemove ? leaving_removed_ : leaving_)[group];
    }
    return absl::OkStatus();
  }

  const RunWork& work_;
  const store::DirectoryRow directory_;
  const absl::Time now_;
  const rollcall::store::Reader& rows_;
  const IdentityReader identities_;
  int64_t removed_ = 0;
  int64_t disabled_ = 0;
  int64_t merged_ = 0;
  int64_t cleared_ = 0;
  int64_t live_groups_ = 0;
  // Members who would leave, by group; with those who would go to the trash
  // once CountGroups has been told.
  absl::btree_map<std::string, int64_t> leaving_;
  absl::btree_map<std::string, int64_t> leaving_removed_;
  std::vector<std::string> emptied_;
  StrangerCount strangers_;
};

}  // namespace

absl::Status GuardWithheld(const RunEngineOptions& options, RunWork& work) {
  ASSIGN_OR_RETURN(
      store::DirectoryRow directory,
      options.store.Runs(work.account()).GetDirectory(work.directory()));
  Tally tally(options, work, std::move(directory));
  RETURN_IF_ERROR(tally.CountWithheld());
  // A run of changes adds to what is held already: many small steps are one
  // large one.
  if (work.run.kind() == v1::Run::CHANGES) {
    RETURN_IF_ERROR(tally.CountHeld());
  }
  RETURN_IF_ERROR(tally.CountMembers());
  RETURN_IF_ERROR(tally.CountGroups(!Judge({tally.Removed()}).empty()));

  const std::vector<GuardFact> held = Judge(tally.Facts());
  work.scope.clear_held_dangers();
  work.scope.clear_emptied_groups();
  work.scope.clear_emptying_groups();
  work.run.clear_held_batches();
  {
    ASSIGN_OR_RETURN(auto transaction, Begin(options, work));
    for (const GuardFact& fact : held) {
      ASSIGN_OR_RETURN(std::string batch,
                       HoldBatch(fact, options, work, *transaction));
      work.scope.add_held_dangers(static_cast<int>(fact.danger));
      if (fact.danger == Danger::kGroupsEmptied) {
        for (const std::string& group : tally.emptied()) {
          work.scope.add_emptied_groups(group);
        }
      }
      AddProblem(
          {"CHANGES_HELD",
           absl::StrCat(fact.rows, " of ", fact.live, ", and ", fact.taken,
                        " within a day before, are over the limit of ",
                        fact.limit.percent, " percent and ", fact.limit.count,
                        "; approve ", batch, " or put the source right.")},
          work);
      work.run.add_held_batches(std::move(batch));
    }
    if (!work.IsHeld(Danger::kGroupsEmptied)) {
      work.scope.mutable_emptying_groups()->Assign(tally.emptied().begin(),
                                                   tally.emptied().end());
    }
    EnterNextPhase(work);
    SetProgress(0, work.place.withheld_count(), work);
    SaveProgress(work, *transaction);
    transaction->Put(keys::Scope(work.directory(), work.name.id()), work.scope);
    RETURN_IF_ERROR(transaction->Commit());
  }
  Show(options, work);
  return absl::OkStatus();
}

}  // namespace rollcall::reconciliation
