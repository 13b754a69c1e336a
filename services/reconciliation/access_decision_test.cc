#include "services/reconciliation/access_decision.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace rollcall::reconciliation {
namespace {

TEST(AccessDecision, B13_UnknownUserIsRefused) {
  EXPECT_EQ(DecideAccess(nullptr, {}),
            (AccessDecision{Access::kRefuse, "USER_UNKNOWN", "B13", ""}));
}

// All combinations of the five facts, against R54 written as a list.
TEST(AccessDecision, R54_R57_R53_R48_B13_PrecedenceInEveryCombination) {
  const std::vector<GroupStatus> statuses = {
      GroupStatus::kActive, GroupStatus::kBypass, GroupStatus::kDisabled};
  for (bool pending : {false, true}) {
    for (UserStatus status :
         {UserStatus::kActive, UserStatus::kBypass, UserStatus::kDisabled}) {
      for (GroupStatus first : statuses) {
        for (GroupStatus second : statuses) {
          for (int devices : {0, 1}) {
            User user;
            user.status = status;
            user.devices.resize(devices);
            if (pending) user.delete_time = absl::UnixEpoch();
            Group a, b;
            a.id = "a";
            a.status = first;
            b.id = "b";
            b.status = second;
            auto group_with = [&](GroupStatus wanted) -> std::string {
              if (first == wanted) return "a";
              return second == wanted ? "b" : "";
            };
            AccessDecision expected{Access::kAllow, "USER_ACTIVE", "R54", ""};
            if (devices == 0) {
              expected = {Access::kEnrollFirst, "NO_DEVICE", "B13", ""};
            }
            if (std::string g = group_with(GroupStatus::kBypass); !g.empty()) {
              expected = {Access::kAllowBypass, "GROUP_BYPASS", "R48", g};
            }
            if (status == UserStatus::kBypass) {
              expected = {Access::kAllowBypass, "USER_BYPASS", "R48", ""};
            }
            if (std::string g = group_with(GroupStatus::kDisabled);
                !g.empty()) {
              expected = {Access::kRefuse, "GROUP_DISABLED", "R53", g};
            }
            if (status == UserStatus::kDisabled) {
              expected = {Access::kRefuse, "USER_DISABLED", "R54", ""};
            }
            if (pending) {
              expected = {Access::kRefuse, "USER_PENDING_DELETION", "R57", ""};
            }
            EXPECT_EQ(DecideAccess(&user, {a, b}), expected);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace rollcall::reconciliation
