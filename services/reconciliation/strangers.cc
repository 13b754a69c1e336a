#include "services/reconciliation/strangers.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/group_diff.h"
#include "services/reconciliation/group_members.h"
#include "services/reconciliation/group_sync.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/run_steps.h"

namespace rollcall::reconciliation {
namespace {

constexpr Danger kDanger = Danger::kMembersRemoved;
constexpr char kDangerName[] = "MEMBERS_REMOVED";
// Members that are read at a time.
constexpr int kMembersPerPage = 500;

bool LosesStrangers(const Group& group, const RunWork& work) {
  return group.directory == work.directory() && group.has_strangers &&
         !work.rules.missing_groups.contains(group.id) &&
         absl::c_linear_search(work.scope.selected_source_ids(),
                               group.source_id);
}

// Whom the run may not change leaves later (B5).
bool IsPinned(const User& user, const RunWork& work) {
  return !user.pinned_by.empty() &&
         !(work.is_rehearsal && user.pinned_by == work.directory());
}

bool Leaves(const User& user, const RunWork& work) {
  return IsStranger(user, work.directory()) && !IsPinned(user, work);
}

std::string KeyOf(const std::string& user, const RunWork& work) {
  return keys::HeldRow(work.directory(), static_cast<int>(kDanger), user);
}

// Once in a run. What an earlier run has held stays held as it is, unless this
// one knows everything: then it says anew what is held.
absl::Status Hold(const std::string& user, const std::string& group,
                  RunWork& work, Transaction& transaction) {
  const std::string key = KeyOf(user, work);
  ASSIGN_OR_RETURN(absl::optional<store::WithheldRow> held,
                   rollcall::store::GetMessage<store::WithheldRow>(
                       transaction.reader(), work.account(), key));
  const bool is_new = !held.has_value() || held->run() != work.run.name();
  const bool knows_all = work.run.kind() == v1::Run::FULL;
  store::WithheldRow row;
  if (held.has_value() && !(is_new && knows_all)) row = *std::move(held);
  if (absl::c_linear_search(row.leave_groups(), group)) return absl::OkStatus();
  row.set_user_id(user);
  row.add_leave_groups(group);
  row.set_run(work.run.name());
  transaction.Put(key, row);
  if (is_new) ++(*work.counters().mutable_held())[kDangerName];
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StrangerCount> CountStrangers(const IdentityReader& identities,
                                             const RunWork& work) {
  StrangerCount count;
  ASSIGN_OR_RETURN(const std::vector<GroupRecord> groups,
                   identities.GroupsOfDirectory(work.directory()));
  for (const GroupRecord& record : groups) {
    count.members += record.group.member_count;
    if (!LosesStrangers(record.group, work)) continue;
    std::string after;
    while (true) {
      ASSIGN_OR_RETURN(
          const std::vector<std::string> members,
          identities.ListMembers(record.group.id, after, kMembersPerPage));
      if (members.empty()) break;
      after = members.back();
      for (const std::string& member : members) {
        ASSIGN_OR_RETURN(const absl::optional<UserRecord> user,
                         identities.FindUser(member));
        count.strangers += user.has_value() && Leaves(user->user, work);
      }
    }
  }
  return count;
}

absl::Status RemoveStrangers(const RunEngineOptions& options, RunWork& work) {
  const bool is_held = work.IsHeld(kDanger);
  ASSIGN_OR_RETURN(const std::vector<GroupRecord> groups,
                   options.store.Identities(work.account())
                       .GroupsOfDirectory(work.directory()));
  for (const GroupRecord& record : groups) {
    if (!LosesStrangers(record.group, work)) continue;
    const std::string& group = record.group.id;
    bool have_all_left = !is_held;
    RETURN_IF_ERROR(VisitMembers(
        group,
        [&](const UserRecord& member, UserSync& sync,
            Transaction& transaction) -> absl::Status {
          const std::string& user = member.user.id;
          if (!IsStranger(member.user, work.directory())) {
            return absl::OkStatus();
          }
          if (IsPinned(member.user, work)) {
            have_all_left = false;
            return absl::OkStatus();
          }
          if (is_held) return Hold(user, group, work, transaction);
          ++work.taken[kDanger];
          if (work.has_held) transaction.Delete(KeyOf(user, work));
          return sync.LeaveGroups(member, {group}, "R45").status();
        },
        options, work));
    if (!have_all_left) continue;
    ASSIGN_OR_RETURN(auto transaction, Begin(options, work));
    RETURN_IF_ERROR(SettleTakenOver(group, *transaction));
    RETURN_IF_ERROR(transaction->Commit());
  }
  return absl::OkStatus();
}

absl::Status CarryOutStranger(const store::WithheldRow& row, UserSync& sync,
                              const RunWork& work,
                              const Transaction& transaction) {
  ASSIGN_OR_RETURN(const absl::optional<UserRecord> user,
                   transaction.identities().FindUser(row.user_id()));
  if (!user.has_value() || !Leaves(user->user, work)) {
    return absl::OkStatus();
  }
  std::vector<std::string> groups;
  for (const std::string& id : row.leave_groups()) {
    ASSIGN_OR_RETURN(const absl::optional<GroupRecord> group,
                     transaction.identities().FindGroup(id));
    if (group.has_value() && LosesStrangers(group->group, work)) {
      groups.push_back(id);
    }
  }
  absl::c_sort(groups);
  return sync.LeaveGroups(*user, std::move(groups), "R45").status();
}

}  // namespace rollcall::reconciliation
