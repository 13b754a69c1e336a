// A reading of everything takes its time: what a run does about users on whom a
// reading that began later has decided meanwhile (R80, B3).
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

constexpr int64_t kRunBegins = 1000;
constexpr int64_t kLookBegins = 1100;
constexpr int64_t kRunEnds = 1200;

// Ada and Ben, in step.
void Populate(World& world) {
  FakeTenant& tenant = world.tenant();
  world.directory_service.read_seconds = 500;
  tenant.AddGroup(1, "Sales");
  tenant.AddUser(10, "ada@a.test", {1});
  tenant.AddUser(11, "ben@a.test", {1});
  world.Sync();
}

// A run whose reading begins before ada is looked at, and is as of its end,
// when `change` has happened.
template <typename Change>
v1::Run RunAroundALook(World& world, v1::Run::Kind kind, const Change& change) {
  FakeDirectory& source = world.directory_service;
  source.read_seconds = kLookBegins;
  EXPECT_OK(world.SyncUser("ada@a.test"));
  change(world.tenant());
  source.read_seconds = kRunBegins;
  source.on_message = [&](int) { source.read_seconds = kRunEnds; };
  v1::Run run = world.Sync("d1", kind);
  source.on_message = nullptr;
  return run;
}

TEST(NewerReading, R80_R50_AChangeBetweenTheLookAndTheEndOfAReadingIsFollowed) {
  for (const v1::Run::Kind kind : {v1::Run::FULL, v1::Run::CHANGES}) {
    SCOPED_TRACE(v1::Run::Kind_Name(kind));
    World world;
    Populate(world);
    const v1::Run run = RunAroundALook(world, kind, [](FakeTenant& tenant) {
      tenant.UserAt(10).set_enabled(false);
      tenant.UserAt(10).set_email("new@a.test");
    });
    EXPECT_EQ(world.user("ada@a.test").status, UserStatus::kDisabled);
    EXPECT_EQ(world.user("ada@a.test").email, "new@a.test");
    EXPECT_EQ(run.counters().users_newer(), 1);
    EXPECT_EQ(run.counters().users_updated(), 1);
    EXPECT_EQ(run.counters().users_disabled(), 1);
    EXPECT_EQ(run.state(), v1::Run::SUCCEEDED);
  }
}

TEST(NewerReading, R56_B3_WhoLeftAfterTheLookGoesWithItsEvidence) {
  for (const v1::Run::Kind kind : {v1::Run::FULL, v1::Run::CHANGES}) {
    SCOPED_TRACE(v1::Run::Kind_Name(kind));
    World world;
    Populate(world);
    const v1::Run run = RunAroundALook(
        world, kind, [](FakeTenant& tenant) { tenant.MoveOutside(10); });
    EXPECT_TRUE(world.user("ada@a.test").pending_deletion());
    EXPECT_EQ(run.counters().users_removed(), 1);
    const auto events = world.Events();
    const v1::ChangeEvent& removed = events[events.size() - 2];
    EXPECT_EQ(removed.evidence().read_time().seconds(), kRunEnds);
  }
}

// The look of the run comes before another sync of the user, and is the older
// one by then.
TEST(NewerReading, R80_ALookThatIsOvertakenChangesNothing) {
  World world;
  Populate(world);
  FakeDirectory& source = world.directory_service;
  int looks = 0;
  source.on_look = [&] {
    if (++looks != 2) return;  // The first is that of the sync before the run.
    source.read_seconds = kRunEnds + 100;
    world.tenant().UserAt(10).set_email("newest@a.test");
    ASSERT_OK(world.SyncUser("ada@a.test"));
  };
  const v1::Run run = RunAroundALook(
      world, v1::Run::FULL,
      [](FakeTenant& tenant) { tenant.UserAt(10).set_email("new@a.test"); });
  EXPECT_EQ(looks, 4);
  EXPECT_EQ(world.user("ada@a.test").email, "newest@a.test");
  EXPECT_EQ(run.counters().users_newer(), 1);
  EXPECT_EQ(run.counters().users_seen(), 2);
}

// How a run that passes while an answer is on its way is left.
enum class Left { kEnded, kFailed, kUnderWay };

void Pass(World& world, v1::Run::Kind kind, Left left) {
  FakeDirectory& source = world.directory_service;
  if (left != Left::kEnded) {
    source.breaks_left = 1;
    source.break_after = 4;  // After the header, progress, the group and ada.
    source.break_error =
        left == Left::kUnderWay
            ? absl::UnavailableError("It is away.")
            : FailedPrecondition("DIRECTORY_DELETED", "It was deleted.");
  }
  const RunName run = world.Start("d1", kind);
  EXPECT_OK(world.Carry(run));
  EXPECT_EQ(world.Find(run).state(), left == Left::kEnded ? v1::Run::SUCCEEDED
                                     : left == Left::kFailed
                                         ? v1::Run::FAILED
                                         : v1::Run::RUNNING);
}

// Ada is asked for while a run reads, before the run comes to her, and the
// answer comes when it has. `is_stored`: the run finds what is stored already.
TEST(NewerReading, R80_AnAnswerFromWithinAReadingDoesNotUndoWhatTheRunApplied) {
  for (const v1::Run::Kind kind : {v1::Run::FULL, v1::Run::CHANGES}) {
    for (const Left left : {Left::kEnded, Left::kFailed, Left::kUnderWay}) {
      for (const bool is_stored : {false, true}) {
        SCOPED_TRACE(absl::StrCat(v1::Run::Kind_Name(kind), " ",
                                  static_cast<int>(left), " ", is_stored));
        World world(/*max_batch_rows=*/12, /*users_per_step=*/1);
        Populate(world);
        FakeDirectory& source = world.directory_service;
        const std::string newest = is_stored ? "ada@a.test" : "newest@a.test";
        world.tenant().UserAt(10).set_email("stale@a.test");
        int looks = 0;
        source.on_look = [&] {
          if (++looks != 1) return;
          world.tenant().UserAt(10).set_email(newest);
          source.read_seconds = kRunBegins;
          Pass(world, kind, left);
          source.read_seconds = kRunEnds;
        };
        source.read_seconds = kLookBegins;
        ASSERT_OK(world.SyncUser("ada@a.test"));
        EXPECT_EQ(world.user("ada@a.test").email, newest);
        EXPECT_EQ(looks, 2);
      }
    }
  }
}

// Of two answers that overlap, the one that was asked for first may be the
// newer one.
TEST(NewerReading, R80_TwoLooksThatOverlapEndWithTheNewerAnswer) {
  World world;
  Populate(world);
  FakeDirectory& source = world.directory_service;
  world.tenant().UserAt(10).set_email("stale@a.test");
  int looks = 0;
  source.on_look = [&] {
    if (++looks != 1) return;
    world.tenant().UserAt(10).set_email("newest@a.test");
    source.read_seconds = kLookBegins - 1;
    ASSERT_OK(world.SyncUser("ada@a.test"));
    source.read_seconds = kLookBegins + 1;
  };
  source.read_seconds = kLookBegins;
  ASSERT_OK(world.SyncUser("ada@a.test"));
  EXPECT_EQ(world.user("ada@a.test").email, "newest@a.test");
  EXPECT_EQ(looks, 3);
}

// The same, where a run has asked for one of them.
TEST(NewerReading, R80_ALookOfARunThatOverlapsAnotherIsDoneAgain) {
  World world;
  Populate(world);
  FakeDirectory& source = world.directory_service;
  int looks = 0;
  source.on_look = [&] {
    if (++looks != 2) return;  // The first is that of the sync before the run.
    source.read_seconds = kRunEnds - 1;
    world.tenant().UserAt(10).set_email("newest@a.test");
    ASSERT_OK(world.SyncUser("ada@a.test"));
    source.read_seconds = kRunEnds + 1;
  };
  const v1::Run run = RunAroundALook(
      world, v1::Run::FULL,
      [](FakeTenant& tenant) { tenant.UserAt(10).set_email("new@a.test"); });
  EXPECT_EQ(looks, 4);
  EXPECT_EQ(world.user("ada@a.test").email, "newest@a.test");
  EXPECT_EQ(run.counters().users_newer(), 1);
}

// An incomplete reading takes nothing, and has everything read anew (R30).
TEST(NewerReading, R30_AnIncompleteReadingDoesNotLook) {
  World world;
  Populate(world);
  world.tenant().complete = false;
  const v1::Run run = RunAroundALook(
      world, v1::Run::FULL,
      [](FakeTenant& tenant) { tenant.UserAt(10).set_enabled(false); });
  EXPECT_EQ(world.user("ada@a.test").status, UserStatus::kActive);
  EXPECT_EQ(world.directory_service.looks(), 1);
  EXPECT_EQ(run.state(), v1::Run::PARTIAL);
}

// What the guard holds is held of her, too.
TEST(NewerReading, B2_WhatTheGuardHoldsIsNotTakenByTheLook) {
  World world;
  Populate(world);
  for (int n = 20; n < 30; ++n) {
    world.tenant().AddUser(n, "user" + std::to_string(n) + "@a.test", {1});
  }
  world.Sync();
  const v1::Run run =
      RunAroundALook(world, v1::Run::FULL, [](FakeTenant& tenant) {
        for (auto& [id, user] : tenant.users) user.set_enabled(false);
      });
  EXPECT_EQ(world.user("ada@a.test").status, UserStatus::kActive);
  EXPECT_EQ(run.counters().held().at("DISABLED"), 12);
}

// A run that has met everybody, and whose reading is not over yet, when ada is
// looked at as `change` has made her.
template <typename Change>
v1::Run RunWithALookBehindIt(World& world, const Change& change) {
  FakeDirectory& source = world.directory_service;
  const auto trailer = static_cast<int>(2 + world.tenant().groups.size() +
                                        world.tenant().users.size());
  bool is_over = false;
  source.read_seconds = kRunBegins;
  source.on_message = [&](int message) {
    if (message < trailer || std::exchange(is_over, true)) return;
    change(world.tenant());
    source.read_seconds = kLookBegins;
    const std::string upn = world.tenant().UserAt(10).user_principal_name();
    ASSERT_OK(world.SyncUser(upn));
  };
  v1::Run run = world.Sync();
  EXPECT_TRUE(is_over);
  source.on_message = nullptr;
  return run;
}

// Ada waits for the name that Ben gives up.
void PassOnBensName(World& world) {
  world.tenant().follow_renames = true;
  world.tenant().UserAt(10).set_user_principal_name("ben@a.test");
  world.tenant().UserAt(11).set_user_principal_name("bob@a.test");
}

TEST(NewerReading, R80_A3_ANameThatIsGivenDoesNotMakeTheNewerAnswerOld) {
  World world;
  Populate(world);
  PassOnBensName(world);
  world.tenant().UserAt(10).set_enabled(false);
  RunWithALookBehindIt(
      world, [](FakeTenant& tenant) { tenant.UserAt(10).set_enabled(true); });
  EXPECT_EQ(world.user("ben@a.test").claims[0].source_id, SourceId(10));
  EXPECT_EQ(world.user("ben@a.test").status, UserStatus::kActive);
}

TEST(NewerReading, R80_A3_WhoIsCalledOtherwiseByNowDoesNotGetTheOlderName) {
  World world;
  Populate(world);
  PassOnBensName(world);
  RunWithALookBehindIt(world, [](FakeTenant& tenant) {
    tenant.UserAt(10).set_user_principal_name("zoe@a.test");
  });
  EXPECT_FALSE(world.FindUser("ben@a.test").has_value());
  world.Sync();
  EXPECT_EQ(world.user("zoe@a.test").claims[0].source_id, SourceId(10));
}

TEST(NewerReading, A3_WhoIsLookedAtAgainIsWarnedOfOnce) {
  World world;
  Populate(world);
  world.tenant().UserAt(10).set_user_principal_name("zoe@a.test");
  world.tenant().UserAt(10).set_enabled(false);
  const v1::Run run = RunWithALookBehindIt(world, [](FakeTenant&) {});
  EXPECT_EQ(run.counters().users_newer(), 1);
  EXPECT_EQ(run.counters().warnings().at("RENAME_PENDING"), 1);
}

TEST(NewerReading, B2_R43_WhoWasMergedMeanwhileIsNotHeld) {
  World world;
  world.tenant().AddGroup(1, "Sales");
  User manual;
  manual.id = "manual";
  manual.username = "cyd@a.test";
  world.PutUser(manual);
  world.tenant().limits.mutable_merged()->set_percent(0);
  world.tenant().limits.mutable_merged()->set_count(0);
  world.tenant().AddUser(10, "cyd@a.test", {1});
  const v1::Run run = RunWithALookBehindIt(world, [](FakeTenant&) {});
  EXPECT_EQ(world.user("cyd@a.test").id, "manual");
  EXPECT_EQ(run.counters().held().count("MERGED"), 0);
  EXPECT_EQ(run.counters().users_newer(), 1);
}

}  // namespace
}  // namespace rollcall::reconciliation
