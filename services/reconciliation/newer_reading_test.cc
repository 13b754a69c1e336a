// A reading of everything takes its time: what a run does about users on whom a
// reading that began later has decided meanwhile (R80, B3).
#include <cstdint>
#include <string>

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
  EXPECT_EQ(looks, 3);
  EXPECT_EQ(world.user("ada@a.test").email, "newest@a.test");
  EXPECT_EQ(run.counters().users_newer(), 1);
  EXPECT_EQ(run.counters().users_seen(), 2);
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

}  // namespace
}  // namespace rollcall::reconciliation
