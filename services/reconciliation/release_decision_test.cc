#include "services/reconciliation/release_decision.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::reconciliation {
namespace {

using ::testing::ElementsAre;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

Claim ClaimOf(const std::string& directory) {
  return {.directory = directory,
          .source_id = "00000000-0000-4000-8000-000000000001",
          .user_principal_name = "ada@a.test",
          .username_origin = "ada@a.test"};
}

User Managed() {
  User user;
  user.id = "u1";
  user.username = "ada@a.test";
  user.claims = {ClaimOf("d1")};
  user.groups = {"g1", "g2"};
  return user;
}

ReleaseRules Keep() { return {.directory = "d1", .own_groups = {"g1"}}; }

ReleaseRules Trash() {
  return {.directory = "d1", .trash_users = true, .own_groups = {"g1"}};
}

TEST(Release, A9_AKeptUserHasEverythingButAManager) {
  const UserDecision decision = DecideReleased(Managed(), Keep(), kNow);
  User expected = Managed();
  expected.claims.clear();
  expected.update_time = kNow;
  EXPECT_EQ(decision.after, expected);
  EXPECT_EQ(decision.fate, Fate::kUpdate);
  EXPECT_THAT(decision.rules, ElementsAre("A9"));
}

TEST(Release, A9_PhonesOfTheSyncBecomeTheUsersOwn) {
  User user = Managed();
  user.phones = {{"+1", "d1"}, {"+2", ""}, {"+2", "d1"}};
  const UserDecision decision = DecideReleased(user, Keep(), kNow);
  EXPECT_THAT(decision.after.phones,
              ElementsAre(Phone{"+2", ""}, Phone{"+1", ""}));
}

TEST(Release, A9_WhoWasDisabledByTheSourceCanBeEnabledByHand) {
  User user = Managed();
  user.status = UserStatus::kDisabled;
  user.disabled_by = DisabledBy::kSource;
  EXPECT_EQ(DecideReleased(user, Keep(), kNow).after.disabled_by,
            DisabledBy::kAdministrator);
  // Unless another source has a say.
  user.claims.push_back(ClaimOf("d2"));
  EXPECT_EQ(DecideReleased(user, Keep(), kNow).after.disabled_by,
            DisabledBy::kSource);
}

TEST(Release, A9_ATrashedUserBeginsItsSevenDaysNow) {
  const UserDecision decision = DecideReleased(Managed(), Trash(), kNow);
  EXPECT_EQ(decision.fate, Fate::kRemove);
  EXPECT_THAT(decision.rules, ElementsAre("A9"));
  EXPECT_EQ(decision.after.delete_time, kNow);
  EXPECT_EQ(decision.after.deletion_epoch, 1);
  EXPECT_THAT(decision.after.groups, ElementsAre("g2"));
  EXPECT_TRUE(decision.after.claims.empty());
}

TEST(Release, A9_R63_WhoIsInTheTrashAlreadyStaysWithHisOwnClock) {
  User user = Managed();
  user.delete_time = kNow - absl::Hours(24);
  user.deletion_epoch = 3;
  for (const ReleaseRules& rules : {Keep(), Trash()}) {
    const UserDecision decision = DecideReleased(user, rules, kNow);
    User expected = user;
    expected.claims.clear();
    expected.update_time = kNow;
    EXPECT_EQ(decision.after, expected);
    EXPECT_EQ(decision.fate, Fate::kUpdate);
  }
}

TEST(Release, A6_WhomAnotherDirectoryClaimsStaysManaged) {
  User user = Managed();
  user.claims.push_back(ClaimOf("d2"));
  for (const ReleaseRules& rules : {Keep(), Trash()}) {
    const UserDecision decision = DecideReleased(user, rules, kNow);
    EXPECT_EQ(decision.fate, Fate::kDropClaim);
    EXPECT_THAT(decision.rules, ElementsAre("A6"));
    EXPECT_THAT(decision.after.claims, ElementsAre(ClaimOf("d2")));
    EXPECT_FALSE(decision.after.pending_deletion());
  }
}

}  // namespace
}  // namespace rollcall::reconciliation
