#include "services/reconciliation/access_decision.h"

#include <algorithm>

namespace rollcall::reconciliation {
namespace {

const Group* FirstWith(GroupStatus status, const std::vector<Group>& groups) {
  auto found =
      std::find_if(groups.begin(), groups.end(),
                   [&](const Group& group) { return group.status == status; });
  return found == groups.end() ? nullptr : &*found;
}

}  // namespace

AccessDecision DecideAccess(const User* user,
                            const std::vector<Group>& groups) {
  if (user == nullptr) return {Access::kRefuse, "USER_UNKNOWN", "B13", ""};
  if (user->pending_deletion()) {
    return {Access::kRefuse, "USER_PENDING_DELETION", "R57", ""};
  }
  if (user->status == UserStatus::kDisabled) {
    return {Access::kRefuse, "USER_DISABLED", "R54", ""};
  }
  if (const Group* group = FirstWith(GroupStatus::kDisabled, groups)) {
    return {Access::kRefuse, "GROUP_DISABLED", "R53", group->id};
  }
  if (user->status == UserStatus::kBypass) {
    return {Access::kAllowBypass, "USER_BYPASS", "R48", ""};
  }
  if (const Group* group = FirstWith(GroupStatus::kBypass, groups)) {
    return {Access::kAllowBypass, "GROUP_BYPASS", "R48", group->id};
  }
  if (user->devices.empty()) {
    return {Access::kEnrollFirst, "NO_DEVICE", "B13", ""};
  }
  return {Access::kAllow, "USER_ACTIVE", "R54", ""};
}

}  // namespace rollcall::reconciliation
