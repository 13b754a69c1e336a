#include "deploy/first_sync/report.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::deploy {
namespace {

using ::testing::HasSubstr;

Report FirstSync() {
  Report report;
  report.run = "accounts/demo/directories/entra/runs/r1";
  report.state = "SUCCEEDED";
  report.organization = "Contoso \"Demo\"";
  report.users_seen = 10000;
  report.users_created = 9998;
  report.users_skipped = 2;
  report.skipped = {{"USERNAME_COLLISION", 2}};
  report.groups_seen = 5;
  report.groups_created = 5;
  report.memberships_added = 14000;
  report.mails_sent = 6000;
  report.sync_time = absl::Seconds(4);
  return report;
}

TEST(Report, R67_ShowsUsersAndGroupsSynced) {
  const std::string table = ToTable(FirstSync());
  EXPECT_THAT(table, HasSubstr("Users seen   10,000\n"));
  EXPECT_THAT(table, HasSubstr("created 9,998, skipped 2\n"));
  EXPECT_THAT(table, HasSubstr("Skipped      USERNAME_COLLISION 2\n"));
  EXPECT_THAT(table, HasSubstr("4.0 s for the sync (2,500 users/s"));
}

TEST(Report, SaysWhenNothingChanged) {
  Report report;
  report.state = "SUCCEEDED";
  report.users_seen = report.users_unchanged = 10000;
  EXPECT_TRUE(report.changes_nothing());
  EXPECT_THAT(ToTable(report), HasSubstr("SUCCEEDED, no changes\n"));
  report.memberships_removed = 1;
  EXPECT_FALSE(report.changes_nothing());
}

TEST(Report, JsonHoldsTheSameFigures) {
  const std::string json = ToJson(FirstSync());
  EXPECT_THAT(json, HasSubstr("\"organization\":\"Contoso \\\"Demo\\\"\""));
  EXPECT_THAT(json, HasSubstr("\"users\":{\"created\":9998,"));
  EXPECT_THAT(json, HasSubstr("\"skipped\":{\"USERNAME_COLLISION\":2}"));
  EXPECT_THAT(json, HasSubstr("\"mails\":{\"sent\":6000,\"open\":0}"));
}

}  // namespace
}  // namespace rollcall::deploy
