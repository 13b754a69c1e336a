#include "services/reconciliation/planned_change.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::reconciliation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

User Ada() {
  User user;
  user.id = "ada";
  user.username = "ada";
  user.email = "ada@a.test";
  return user;
}

User Managed(User user, const std::string& directory) {
  user.claims.push_back({.directory = directory, .source_id = "s"});
  return user;
}

TEST(PlannedChange, B1_NamesWhatBecomesOfAUser) {
  const User manual = Ada();
  const User ours = Managed(manual, "d1");
  const User theirs = Managed(manual, "d2");
  const auto kinds = [](const User& before, const User& after) {
    return KindsOf(&before, after, "d1");
  };
  EXPECT_THAT(KindsOf(nullptr, ours, "d1"), ElementsAre(PlannedKind::kCreate));
  EXPECT_THAT(kinds(manual, ours), ElementsAre(PlannedKind::kMerge));
  EXPECT_THAT(kinds(theirs, Managed(theirs, "d1")),
              ElementsAre(PlannedKind::kOverwrite));
  EXPECT_THAT(kinds(ours, manual), ElementsAre(PlannedKind::kRelease));
  EXPECT_THAT(kinds(ours, ours), IsEmpty());

  User after = ours;
  after.username = "lovelace";
  after.email.clear();
  after.groups = {"g"};
  after.status = UserStatus::kDisabled;
  EXPECT_THAT(kinds(ours, after),
              ElementsAre(PlannedKind::kRename, PlannedKind::kUpdate,
                          PlannedKind::kJoinGroups, PlannedKind::kDisable));
  EXPECT_THAT(kinds(after, ours),
              ElementsAre(PlannedKind::kRename, PlannedKind::kUpdate,
                          PlannedKind::kLeaveGroups, PlannedKind::kEnable));
  User trashed = ours;
  trashed.delete_time = absl::FromUnixSeconds(1);
  EXPECT_THAT(kinds(ours, trashed), ElementsAre(PlannedKind::kTrash));
  EXPECT_THAT(kinds(trashed, ours), ElementsAre(PlannedKind::kRestore));
}

TEST(PlannedChange, B1_NamesWhatBecomesOfAGroup) {
  Group manual;
  manual.display_name = "Sales";
  Group ours = manual;
  ours.directory = "d1";
  Group theirs = manual;
  theirs.directory = "d2";
  Group renamed = ours;
  renamed.display_name = "Selling";
  EXPECT_THAT(KindsOf(nullptr, ours, "d1"), ElementsAre(PlannedKind::kCreate));
  EXPECT_THAT(KindsOf(&manual, ours, "d1"), ElementsAre(PlannedKind::kAdopt));
  EXPECT_THAT(KindsOf(&theirs, ours, "d1"),
              ElementsAre(PlannedKind::kOverwrite));
  EXPECT_THAT(KindsOf(&ours, renamed, "d1"), ElementsAre(PlannedKind::kRename));
  EXPECT_THAT(KindsOf(&ours, manual, "d1"), ElementsAre(PlannedKind::kRelease));
}

TEST(PlannedChange, B1_SaysWhoWouldBeMailed) {
  const MailOptions options{
      .directory = "d1", .enrollment_mail = true, .phone_import = true};
  const User user = Managed(Ada(), "d1");
  EXPECT_TRUE(IsMailDue(user, options));
  EXPECT_FALSE(IsMailDue(user, {.directory = "d1"}));
  EXPECT_FALSE(IsMailDue(Ada(), options));
  User no_mail = user;
  no_mail.email.clear();
  EXPECT_FALSE(IsMailDue(no_mail, options));
  User enrolled = user;
  enrolled.devices.push_back({.id = "phone"});
  EXPECT_FALSE(IsMailDue(enrolled, options));
  User disabled = user;
  disabled.status = UserStatus::kDisabled;
  EXPECT_FALSE(IsMailDue(disabled, options));
  User trashed = user;
  trashed.delete_time = absl::FromUnixSeconds(1);
  EXPECT_FALSE(IsMailDue(trashed, options));
  User with_phone = user;
  with_phone.source_has_phone_data = true;
  EXPECT_FALSE(IsMailDue(with_phone, options));
}

}  // namespace
}  // namespace rollcall::reconciliation
