// The rolling audit of a local Entra whose change logs keep something to
// themselves.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/audit_slice.h"
#include "services/directory/auditor.h"
#include "services/directory/mirror_keys.h"
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

  store::StoredMirror Mirror() {
    const auto mirror = FindMirror(world_.store(), kDirectory);
    EXPECT_OK(mirror);
    return **mirror;
  }
  store::StoredAudit Audit() { return Mirror().audit(); }

  AuditSlice Next() {
    const auto view = MirrorView::Open(world_.store(), kDirectory);
    EXPECT_OK(view);
    const auto planned = NextSlice(**view, SizeOf((*view)->mirror()), now_);
    EXPECT_OK(planned);
    return planned->slice;
  }
  void AuditUntilUsersAreNext() {
    MirrorAuditor auditor(world_.store(), world_.keeper());
    for (int slices = 0; slices < 200; ++slices) {
      if (!Next().users.empty()) return;
      ASSERT_OK(auditor.RunOnce(now_ + absl::Hours(21)));
    }
    FAIL() << "No users are due.";
  }
  // Everything that one turn of the worker does.
  void Turn(absl::Time now) {
    MirrorAuditor auditor(world_.store(), world_.keeper());
    while (true) {
      const auto pace = auditor.RunOnce(now);
      ASSERT_OK(pace);
      if (*pace == Pace::kRest) return;
    }
  }

  // Of "Sales", who leaves without a word of the change logs.
  std::string AddVictim(const std::string& short_name) {
    std::string id = AddUser(short_name);
    EXPECT_OK(tenant().AddMember("Sales", id));
    return id;
  }
  void DeleteSilently(const std::string& user) {
    world_.emulator().faults().Add({.kind = entra::FaultKind::kSilentDeletion});
    EXPECT_OK(tenant().DeleteUser(user));
    const Streamed silent = world_.Changes(follower_.cursor());
    ASSERT_OK(silent.status);
    ASSERT_THAT(silent.gone, IsEmpty());  // Otherwise this proves nothing.
    follower_.Take(silent);
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
  const std::string ada = AddVictim("ada");
  Round();
  DeleteSilently(ada);
  AuditEverything();
  EXPECT_EQ(Audit().drifted_objects(), 1);
  const Streamed changes = Round();
  ASSERT_THAT(changes.gone, SizeIs(1));
  EXPECT_EQ(changes.gone[0].source_id(), ada);
}

// Guests who are left out and members who are nowhere else are verified too, so
// they count.
TEST_F(AuditTest, B6_EverybodyWhoIsVerifiedIsPlannedFor) {
  options_.set_guest_policy(v1::Directory::EXCLUDE);
  for (int i = 0; i < 30; ++i) {
    entra::UserFields guest;
    guest.user_principal_name = absl::StrCat("g", i, "_x.com#EXT#@contoso.com");
    guest.guest = true;
    ASSERT_OK_AND_ASSIGN(const std::string id, tenant().AddUser(guest));
    EXPECT_OK(tenant().AddMember("Sales", id));
  }
  Begin();
  const auto ada = AddVictim("ada");
  Round();
  AuditEverything();
  ASSERT_OK_AND_ASSIGN(const auto view,
                       MirrorView::Open(world_.store(), kDirectory));
  ASSERT_OK_AND_ASSIGN(const int64_t rows, CountUserRows(*view));
  const store::StoredMirror mirror = view->mirror();
  EXPECT_GE(rows, mirror.counts().users() + 30);
  EXPECT_EQ(SizeOf(mirror).users, rows);
  EXPECT_EQ(mirror.audit().total_objects(), mirror.group_count() + rows);
}

TEST_F(AuditTest, B6_AMirrorOfAReleaseThatDidNotCountIsCounted) {
  Begin();
  store::StoredMirror mirror = Mirror();
  const int64_t rows = mirror.counts().rows();
  mirror.mutable_counts()->clear_rows();
  rollcall::store::Batch batch("acme");
  batch.Put(mirror_keys::Mirror(kDirectory), mirror.SerializeAsString());
  ASSERT_OK(world_.store().Commit(batch));
  Turn(now_);
  EXPECT_EQ(Mirror().counts().rows(), rows);
  EXPECT_EQ(Audit().total_objects(), mirror.group_count() + rows);
}

TEST_F(AuditTest, B6_WhoIsBehindCatchesUpAtOnce) {
  Begin();
  Turn(now_ + absl::Minutes(10));
  EXPECT_EQ(Audit().slices(), 1);
  Turn(now_ + absl::Hours(10));
  const int64_t slices = Audit().slices();
  EXPECT_GT(slices, 3);
  EXPECT_LT(slices, SliceCount(SizeOf(Mirror())));
  EXPECT_FALSE(IsSliceDue(SizeOf(Mirror()), ProgressOf(Audit()),
                          now_ + absl::Hours(10)));
}

TEST_F(AuditTest, B6_ATurnIsBounded) {
  std::vector<std::string> groups = tenant().Read([](const auto& state) {
    std::vector<std::string> ids;
    for (const entra::Group& group : state.groups()) {
      ids.push_back(group.id.ToString());
    }
    return ids;
  });
  ASSERT_GT(groups.size(), size_t{kMaxSlicesPerTurn});
  Begin(groups);
  Turn(now_ + absl::Hours(21));
  EXPECT_EQ(Audit().slices(), kMaxSlicesPerTurn);
}

// Each slice's own round tells of somebody who comes to the group.
TEST_F(AuditTest, B6_AGroupThatChangesWhileItIsVerifiedIsRepaired) {
  Begin();
  const std::string ada = AddVictim("ada");
  Round();
  DeleteSilently(ada);
  world_.emulator().faults().Clear();
  MirrorAuditor auditor(world_.store(), world_.keeper());
  for (int slices = 0; Audit().drifted_objects() == 0; ++slices) {
    ASSERT_TRUE(Next().users.empty()) << "Sales was passed over";
    EXPECT_OK(
        tenant().AddMember("Sales", AddUser(absl::StrCat("new", slices))));
    ASSERT_OK(auditor.RunOnce(now_ + absl::Hours(21)));
  }
  EXPECT_EQ(Audit().drifted_objects(), 1);
  Round();
}

// At every moment of a slice somebody else of it changes, so that the two looks
// at it disagree about her, or the round tells of her.
TEST_F(AuditTest, B6_WhoIsLeftOutKeepsNobodyElseFromBeingRepaired) {
  Begin({"Sales"});
  const std::string eve = AddVictim("eve");
  int looks = 2;
  for (int moment = 1; moment < looks; moment += 2) {
    SCOPED_TRACE(absl::StrCat("at look ", moment, " of ", looks));
    const std::string ada = AddVictim(absl::StrCat("ada", moment));
    Round();
    AuditUntilUsersAreNext();
    const int64_t drifted = Audit().drifted_objects();
    DeleteSilently(ada);
    world_.clock().set_on_look([&](int look) {
      looks = std::max(looks, look);
      if (look != moment) return;
      entra::UserFields fields;
      fields.display_name = absl::StrCat("Eve ", moment);
      EXPECT_OK(tenant().UpdateUser(eve, fields));
    });
    MirrorAuditor auditor(world_.store(), world_.keeper());
    ASSERT_OK(auditor.RunOnce(now_ + absl::Hours(21)));
    world_.clock().set_on_look(nullptr);
    world_.emulator().faults().Clear();
    EXPECT_GE(Audit().drifted_objects(), drifted + 1);
    EXPECT_EQ(Audit().checked_objects(),
              Mirror().group_count() + Mirror().counts().rows());
    Round();
    if (HasFailure()) return;
  }
  EXPECT_GT(looks, 10);
}

// Then each look would have to read everything, which verifies everything.
TEST_F(AuditTest, B6_WithoutChangeLogsEverythingIsReadOnceACycle) {
  world_.emulator().faults().Add(
      {.kind = entra::FaultKind::kMissingPermission, .name = "Group.Read.All"});
  Begin();
  Turn(now_);
  EXPECT_EQ(Audit().checked_objects(), Audit().total_objects());
  EXPECT_GT(Audit().total_objects(), 0);
  const int64_t before = world_.emulator().request_count();
  Turn(now_ + absl::Hours(19));
  EXPECT_EQ(world_.emulator().request_count(), before);
  Turn(now_ + absl::Hours(21));
  EXPECT_GT(world_.emulator().request_count(), before);
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

// It is the dearest, and there is no mirror yet.
TEST_F(AuditTest, B6_HealthTellsTheQuotaThatTheFirstReadUses) {
  world_.Configure(kDepartments);
  v1::GetDirectoryHealthRequest request;
  request.set_name(kDirectory.ToString());
  v1::StreamDesiredStateRequest read;
  read.set_name(kDirectory.ToString());
  read.set_mode(v1::StreamDesiredStateRequest::FULL);
  int64_t units = 0;
  EXPECT_OK(world_.keeper().StreamDesiredState(
      read, [] { return false; },
      [&](const v1::StreamDesiredStateResponse& message) {
        if (!message.has_progress()) return true;
        const auto health = world_.manager().GetHealth(request);
        EXPECT_OK(health);
        // The last message comes when it has ended.
        if (!health->has_full_read_time()) {
          units = std::max(units, health->resource_units());
        }
        return true;
      }));
  EXPECT_GT(units, 0);
}

TEST_F(AuditTest, R9_ADirectoryThatCannotBeReadIsLeftAlone) {
  Begin();
  world_.authorization().set_reauthorization_required(true);
  const int64_t before = world_.emulator().request_count();
  MirrorAuditor auditor(world_.store(), world_.keeper());
  EXPECT_OK(auditor.RunOnce(now_ + absl::Hours(21)));
  EXPECT_EQ(world_.emulator().request_count(), before);
}

// Nobody would notice otherwise that nothing is verified any more.
TEST_F(AuditTest, B6_TroubleOfOurOwnIsAnErrorAndNotNothingToDo) {
  Begin();
  world_.authorization().set_down(true);
  EXPECT_THAT(world_.keeper().Audit(kDirectory, now_ + absl::Hours(21),
                                    [] { return false; }),
              StatusIs(absl::StatusCode::kUnavailable, "CONNECT_FAILED"));
}

}  // namespace
}  // namespace rollcall::directory
