#include "services/reconciliation/planned_change.h"

#include <algorithm>

#include "common/identity/values.h"

namespace rollcall::reconciliation {
namespace {

// Whether all of `part`, which is in order, is in `whole`.
bool Includes(const std::vector<std::string>& whole,
              const std::vector<std::string>& part) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

bool HasOtherAttributes(const User& before, const User& after) {
  return before.display_name != after.display_name ||
         before.email != after.email || before.phones != after.phones ||
         before.source_has_phone_data != after.source_has_phone_data;
}

// Whether the directory's link says something else, its time aside.
bool HasOtherLink(const Claim* before, const Claim* after) {
  if (before == nullptr || after == nullptr) return false;
  return before->user_principal_name != after->user_principal_name ||
         before->username_origin != after->username_origin;
}

}  // namespace

std::vector<PlannedKind> KindsOf(const User* before, const User& after,
                                 const std::string& directory) {
  if (before == nullptr) {
    std::vector<PlannedKind> kinds = {PlannedKind::kCreate};
    if (!after.groups.empty()) kinds.push_back(PlannedKind::kJoinGroups);
    if (after.status == UserStatus::kDisabled) {
      kinds.push_back(PlannedKind::kDisable);
    }
    return kinds;
  }
  std::vector<PlannedKind> kinds;
  const auto add = [&](bool applies, PlannedKind kind) {
    if (applies) kinds.push_back(kind);
  };
  const Claim* old_claim = before->ClaimOf(directory);
  const Claim* new_claim = after.ClaimOf(directory);
  const bool is_linked = old_claim == nullptr && new_claim != nullptr;
  const bool was_disabled = before->status == UserStatus::kDisabled;
  const bool is_disabled = after.status == UserStatus::kDisabled;
  add(is_linked && before->claims.empty(), PlannedKind::kMerge);
  add(is_linked && !before->claims.empty(), PlannedKind::kOverwrite);
  add(before->username != after.username, PlannedKind::kRename);
  add(HasOtherAttributes(*before, after) || HasOtherLink(old_claim, new_claim),
      PlannedKind::kUpdate);
  add(!Includes(before->groups, after.groups), PlannedKind::kJoinGroups);
  add(!Includes(after.groups, before->groups), PlannedKind::kLeaveGroups);
  add(!was_disabled && is_disabled, PlannedKind::kDisable);
  add(was_disabled && !is_disabled, PlannedKind::kEnable);
  add(!before->pending_deletion() && after.pending_deletion(),
      PlannedKind::kTrash);
  add(before->pending_deletion() && !after.pending_deletion(),
      PlannedKind::kRestore);
  add(old_claim != nullptr && new_claim == nullptr, PlannedKind::kRelease);
  return kinds;
}

std::vector<PlannedKind> KindsOf(const Group* before, const Group& after,
                                 const std::string& directory) {
  if (before == nullptr) return {PlannedKind::kCreate};
  std::vector<PlannedKind> kinds;
  const bool is_taken_over =
      after.directory == directory &&
      (before->directory != directory || before->source_id != after.source_id);
  if (is_taken_over) {
    kinds.push_back(before->directory.empty() ? PlannedKind::kAdopt
                                              : PlannedKind::kOverwrite);
  }
  if (before->display_name != after.display_name) {
    kinds.push_back(PlannedKind::kRename);
  }
  if (before->directory == directory && after.directory != directory) {
    kinds.push_back(PlannedKind::kRelease);
  }
  return kinds;
}

bool IsMailDue(const User& user, const MailOptions& options) {
  const bool has_phone = options.phone_import && user.source_has_phone_data;
  return options.enrollment_mail && !user.pending_deletion() &&
         user.status == UserStatus::kActive && user.devices.empty() &&
         user.ClaimOf(options.directory) != nullptr && !has_phone &&
         EmailAddress::Parse(user.email).ok();
}

}  // namespace rollcall::reconciliation
