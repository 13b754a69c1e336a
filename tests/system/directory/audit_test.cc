// The rolling audit of a local Entra whose change logs keep something to
// themselves.
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/auditor.h"
#include "services/directory/mirror_view.h"
#include "tests/system/directory/follower.h"

namespace rollcall::directory {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const DirectoryName kDirectory(AccountName("acme"), "d1");

class AuditTest : public ChangesTest {
 protected:
  // A whole round of the audit, however many slices it has: until it begins
  // again.
  void AuditEverything() {
    MirrorAuditor auditor(world_.store(), world_.keeper());
    bool users = false;
    for (int slices = 0; slices < 200; ++slices) {
      // Late enough for the next slice, whatever the size.
      ASSERT_OK(auditor.RunOnce(now_ + absl::Hours(21)));
      if (users && !Audit().users()) return;
      users = Audit().users();
    }
    FAIL() << "The audit does not come round.";
  }

  store::StoredAudit Audit() {
    const auto mirror = FindMirror(world_.store(), kDirectory);
    EXPECT_OK(mirror);
    return (*mirror)->audit();
  }

  const absl::Time now_ = Clock::GetRealClock().TimeNow();
};

TEST_F(AuditTest, B6_ACycleWithoutDriftChangesNothing) {
  Begin();
  AuditEverything();
  EXPECT_EQ(Audit().drifted_objects(), 0);
  const Streamed changes = Round();
  EXPECT_THAT(changes.users, IsEmpty());
  EXPECT_THAT(changes.gone, IsEmpty());
}

TEST_F(AuditTest, B6_WhatNoChangeLogToldIsFoundRepairedAndTold) {
  Begin();
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  Round();
  world_.emulator().faults().Add({.kind = entra::FaultKind::kSilentDeletion});
  EXPECT_OK(tenant().DeleteUser(ada));
  const Streamed silent = world_.Changes(follower_.cursor());
  ASSERT_OK(silent.status);
  ASSERT_THAT(silent.gone, IsEmpty());  // Otherwise this proves nothing.
  follower_.Take(silent);
  AuditEverything();
  EXPECT_EQ(Audit().drifted_objects(), 1);
  const Streamed changes = Round();
  ASSERT_THAT(changes.gone, SizeIs(1));
  EXPECT_EQ(changes.gone[0].source_id(), ada);
}

TEST_F(AuditTest, B6_ACursorOlderThanTheChangeLogIsRefused) {
  Begin();
  const std::string old = follower_.cursor();
  EXPECT_OK(tenant().AddMember("Sales", AddUser("ada")));
  Round();
  ASSERT_OK(world_.keeper().Trim(kDirectory, now_ + absl::Hours(24)));
  EXPECT_OK(world_.Changes(old).status);
  while (true) {
    ASSERT_OK_AND_ASSIGN(
        const bool more,
        world_.keeper().Trim(kDirectory, now_ + absl::Hours(8 * 24)));
    if (!more) break;
  }
  EXPECT_THAT(
      world_.Changes(old).status,
      StatusIs(absl::StatusCode::kFailedPrecondition, "CHANGE_CURSOR_EXPIRED"));
  EXPECT_OK(world_.Changes(follower_.cursor()).status);
}

TEST_F(AuditTest, B6_HealthTellsWhatTheMirrorIsWorth) {
  Begin();
  AuditEverything();
  v1::GetDirectoryHealthRequest request;
  request.set_name(kDirectory.ToString());
  ASSERT_OK_AND_ASSIGN(const v1::DirectoryHealth health,
                       world_.manager().GetHealth(request));
  EXPECT_EQ(health.state(), v1::Directory::CONNECTED);
  EXPECT_TRUE(health.complete());
  EXPECT_THAT(health.incomplete_reasons(), IsEmpty());
  EXPECT_EQ(health.user_count(), follower_.UserLines().size());
  EXPECT_TRUE(health.has_full_read_time());
  EXPECT_TRUE(health.has_oldest_unapplied_change_age());
  EXPECT_FALSE(health.has_last_failure());
  // One log of users, and logs of all groups that are read.
  int64_t groups_followed = 0;
  for (const v1::CursorHealth& cursor : health.cursors()) {
    EXPECT_TRUE(cursor.has_issue_time());
    groups_followed += cursor.group_count();
  }
  EXPECT_EQ(health.cursors(0).kind(), v1::CursorHealth::USERS);
  EXPECT_EQ(groups_followed, health.group_count());
  EXPECT_TRUE(health.audit().has_last_cycle_end_time());
  EXPECT_GT(health.audit().total_objects(), health.user_count());
  EXPECT_GT(health.resource_units(), 0);
}

TEST_F(AuditTest, R9_ADirectoryThatCannotBeReadIsLeftAlone) {
  Begin();
  world_.authorization().set_reauthorization_required(true);
  const int64_t before = world_.emulator().request_count();
  MirrorAuditor auditor(world_.store(), world_.keeper());
  EXPECT_OK(auditor.RunOnce(now_ + absl::Hours(21)));
  EXPECT_EQ(world_.emulator().request_count(), before);
}

}  // namespace
}  // namespace rollcall::directory
