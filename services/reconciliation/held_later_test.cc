// What the guard holds (B2), and what happens to it before it is approved.
#include <string>
#include <vector>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/held_batches.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/run_scope.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

const DirectoryName kD1(AccountName("acme"), "d1");

v1::HeldBatch OnlyBatch(const World& world) {
  const std::vector<v1::HeldBatch> batches =
      *ListBatches(*world.store, kD1, "", 100);
  EXPECT_THAT(batches, SizeIs(1));
  return batches.empty() ? v1::HeldBatch() : batches[0];
}

// Ada, whom nobody manages, would be merged into; that is held.
void HoldAMerge(World& world) {
  User ada;
  ada.id = "ada";
  ada.username = "ada@a.test";
  world.PutUser(ada);
  FakeTenant& tenant = world.tenant();
  tenant.limits.mutable_merged()->set_count(0);
  tenant.AddGroup(1, "Sales");
  tenant.AddUser(10, "ada@a.test", {1});
  tenant.AddUser(11, "ben@a.test", {1});
  world.Sync();
  EXPECT_EQ(OnlyBatch(world).change_count(), 1);
  world.directory_service.read_seconds += 100;
}

TEST(HeldLater, B2_ARunOfChangesMakesAMergeVoidWhoseObjectIsGone) {
  World world;
  HoldAMerge(world);
  world.tenant().RemoveUser(10);
  EXPECT_EQ(world.SyncChanges().state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::DISSOLVED);
}

TEST(HeldLater, B2_ASyncOfOneUserMakesAMergeVoidWhoseObjectIsGone) {
  World world;
  HoldAMerge(world);
  world.tenant().MoveOutside(10);
  ASSERT_OK_AND_ASSIGN(const v1::SyncUserResponse response,
                       world.SyncUser("ada@a.test"));
  EXPECT_EQ(response.outcome(), v1::SyncUserResponse::NOT_IN_SCOPE);
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::DISSOLVED);
}

// One of her groups has vanished, which keeps her; the other one would be
// emptied.
TEST(HeldLater, B2_A7_WhoIsKeptDoesNotLeaveAGroupThatMustNotBeEmptied) {
  World world;
  FakeTenant& tenant = world.tenant();
  tenant.limits.mutable_groups_emptied()->set_count(0);
  tenant.AddGroup(1, "Sales");
  tenant.AddGroup(2, "Crew");
  tenant.AddUser(10, "ada@a.test", {1, 2});
  tenant.AddUser(11, "ben@a.test", {1});
  world.Sync();
  tenant.RemoveUser(10);
  tenant.groups.at(SourceId(1)).set_missing(true);
  EXPECT_EQ(world.Sync().counters().memberships_removed(), 0);
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Crew", "Sales"));
  EXPECT_EQ(OnlyBatch(world).danger(), v1::HeldBatch::GROUPS_EMPTIED);
}

TEST(HeldLater, B2_R46_ApprovedItIsNotAboutAGroupOfAnotherDirectory) {
  World world;
  FakeTenant& tenant = world.tenant("d1");
  tenant.limits.mutable_groups_emptied()->set_count(0);
  tenant.AddGroup(1, "Sales");
  tenant.AddGroup(2, "Crew");
  tenant.AddUser(10, "ada@a.test", {1, 2});
  world.Sync("d1");
  tenant.users.clear();
  tenant.AddUser(10, "ada@a.test", {1});
  world.Sync("d1");
  const v1::HeldBatch batch = OnlyBatch(world);
  EXPECT_EQ(batch.danger(), v1::HeldBatch::GROUPS_EMPTIED);

  world.directory_service.read_seconds += 100;
  world.tenant("d2").AddGroup(3, "Crew");
  world.tenant("d2").AddUser(20, "ada@a.test", {3});
  world.Sync("d2");
  ASSERT_OK_AND_ASSIGN(
      const v1::Run run,
      StartApproved(
          {.batch = *HeldBatchName::Parse(batch.name()),
           .approver = "spiffe://test/account/acme/role/owner/o",
           .scope = ScopeOf(*world.directory_service.GetDirectory(kD1))},
          "approved", world.clock.TimeNow(), *world.store));
  ASSERT_OK(world.Carry(*RunName::Parse(run.name())));
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Crew", "Sales"));
}

// The guard has opened a batch, whose rows are about to be written, when
// somebody is synced by himself.
TEST(HeldLater, B2_ASyncOfOneUserDoesNotDissolveWhatARunIsHolding) {
  World world;
  FakeTenant& tenant = world.tenant();
  tenant.AddGroup(1, "Sales");
  for (int n = 10; n < 30; ++n) {
    tenant.AddUser(n, "u" + std::to_string(n) + "@a.test", {1});
  }
  world.Sync();
  world.directory_service.read_seconds += 100;
  for (int n = 10; n < 20; ++n) tenant.RemoveUser(n);
  const RunName run = world.Start();
  const int messages = 2 + 1 + 10 + 1;
  world.directory_service.on_message = [&](int n) {
    world.is_stopping = n == messages;  // After the trailer.
  };
  ASSERT_OK(world.Carry(run));
  world.is_stopping = false;
  ASSERT_EQ(world.Find(run).phase(), v1::Run::REMOVING);
  ASSERT_EQ(OnlyBatch(world).state(), v1::HeldBatch::HELD);

  world.directory_service.read_seconds += 100;
  ASSERT_OK(world.SyncUser("u25@a.test"));
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::HELD);
  ASSERT_OK(world.Carry(run));
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::HELD);
  EXPECT_EQ(OnlyBatch(world).change_count(), 10);
  ASSERT_OK(CheckInvariants(*world.store, "acme"));
}

// Nobody settles after a run that ends in between.
TEST(HeldLater, B2_ARunThatIsCancelledSaysWhatItHasHeld) {
  World world;
  FakeTenant& tenant = world.tenant();
  tenant.AddGroup(1, "Sales");
  for (int n = 10; n < 30; ++n) {
    tenant.AddUser(n, "u" + std::to_string(n) + "@a.test", {1});
  }
  world.Sync();
  for (int n = 10; n < 20; ++n) tenant.RemoveUser(n);
  const RunName run = world.Start();
  const int messages = 2 + 1 + 10 + 1;
  world.directory_service.on_message = [&](int n) {
    if (n != messages) return;
    ASSERT_OK(RequestCancel(run, *world.store));
  };
  ASSERT_OK(world.Carry(run));
  EXPECT_EQ(world.Find(run).state(), v1::Run::CANCELLED);
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::DISSOLVED);
}

// Whoever is gone, disabled or out of a group as far as a reading says that is
// not complete, is not known to be back (R30).
TEST(HeldLater, R30_B2_AnIncompleteRunOfChangesMakesNothingVoid) {
  World world;
  FakeTenant& tenant = world.tenant();
  tenant.limits.mutable_disabled()->set_count(0);
  tenant.limits.mutable_removed()->set_count(0);
  tenant.AddGroup(1, "Sales");
  for (int n = 10; n < 14; ++n) {
    tenant.AddUser(n, "u" + std::to_string(n) + "@a.test", {1});
  }
  world.Sync();
  tenant.UserAt(10).set_enabled(false);
  tenant.RemoveUser(11);
  world.Sync();
  const auto held = [&] {
    int64_t changes = 0;
    const auto batches = ListBatches(*world.store, kD1, "", 100);
    EXPECT_OK(batches);
    if (!batches.ok()) return changes;
    for (const auto& batch : *batches) {
      changes += batch.change_count();
    }
    return changes;
  };
  ASSERT_EQ(held(), 2);
  tenant.complete = false;
  tenant.UserAt(10).set_email("new@a.test");
  EXPECT_EQ(world.SyncChanges().state(), v1::Run::PARTIAL);
  EXPECT_EQ(world.user("u10@a.test").email, "new@a.test");
  EXPECT_EQ(held(), 2);
  tenant.AddUser(11, "u11@a.test", {1});
  world.SyncChanges();
  EXPECT_EQ(held(), 2);
  // A complete one knows better.
  tenant.complete = true;
  tenant.UserAt(10).set_enabled(true);
  tenant.UserAt(11).set_email("new11@a.test");
  world.SyncChanges();
  EXPECT_EQ(held(), 0);
}

// Who is not removed leaves no group: there is nothing else to approve.
TEST(HeldLater, B2_WhoIsHeldAsRemovedEmptiesNoGroup) {
  World world;
  FakeTenant& tenant = world.tenant();
  tenant.limits.mutable_groups_emptied()->set_count(0);
  tenant.limits.mutable_removed()->set_count(0);
  tenant.AddGroup(1, "Sales");
  tenant.AddGroup(2, "Crew");
  tenant.AddUser(10, "ada@a.test", {1});
  tenant.AddUser(11, "ben@a.test", {2});
  world.Sync();
  tenant.RemoveUser(10);
  const v1::Run run = world.Sync();
  EXPECT_EQ(OnlyBatch(world).danger(), v1::HeldBatch::REMOVED);
  EXPECT_EQ(run.problems_size(), 1);
  EXPECT_EQ(run.held_batches_size(), 1);
}

// Nobody claims her any more, and she is in the trash: what is written over her
// counts like what is written over anybody whom nobody manages.
TEST(HeldLater, B2_R43_MergingIntoTheTrashIsMerging) {
  World world;
  User ada;
  ada.id = "ada";
  ada.username = "ada@a.test";
  ada.delete_time = world.clock.TimeNow();
  ada.deletion_epoch = 1;
  world.PutUser(ada);
  FakeTenant& tenant = world.tenant();
  tenant.limits.mutable_merged()->set_count(0);
  tenant.AddGroup(1, "Sales");
  tenant.AddUser(10, "ada@a.test", {1});
  world.Sync();
  EXPECT_TRUE(world.user("ada@a.test").pending_deletion());
  EXPECT_EQ(OnlyBatch(world).danger(), v1::HeldBatch::MERGED);
}

// A run every five minutes, each of which takes a little.
TEST(HeldLater, B2_ManySmallStepsWithinADayAreOneLargeOne) {
  World world;
  FakeTenant& tenant = world.tenant();
  tenant.AddGroup(1, "Sales");
  for (int n = 10; n < 40; ++n) {
    tenant.AddUser(n, "u" + std::to_string(n) + "@a.test", {1});
  }
  world.Sync();
  for (int n = 10; n < 15; ++n) {
    tenant.RemoveUser(n);
    EXPECT_EQ(world.SyncChanges().counters().users_removed(), 1);
    world.clock.AdvanceTime(absl::Minutes(5));
  }
  tenant.RemoveUser(15);
  EXPECT_EQ(world.SyncChanges().counters().users_removed(), 0);
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::HELD);
  EXPECT_EQ(OnlyBatch(world).change_count(), 1);
  EXPECT_EQ(OnlyBatch(world).count(), 6);
  EXPECT_EQ(OnlyBatch(world).live_count(), 30);
  // One a day is what people do.
  world.clock.AdvanceTime(absl::Hours(25));
  EXPECT_EQ(world.Sync().counters().users_removed(), 1);
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::DISSOLVED);
}

TEST(HeldLater, B2_WhatWasApprovedIsNoStep) {
  World world;
  FakeTenant& tenant = world.tenant();
  tenant.AddGroup(1, "Sales");
  for (int n = 10; n < 40; ++n) {
    tenant.AddUser(n, "u" + std::to_string(n) + "@a.test", {1});
  }
  world.Sync();
  for (int n = 10; n < 20; ++n) tenant.RemoveUser(n);
  world.Sync();
  ASSERT_OK_AND_ASSIGN(
      const v1::Run approved,
      StartApproved(
          {.batch = *HeldBatchName::Parse(OnlyBatch(world).name()),
           .approver = "spiffe://test/account/acme/role/owner/o",
           .scope = ScopeOf(*world.directory_service.GetDirectory(kD1))},
          "approved", world.clock.TimeNow(), *world.store));
  ASSERT_OK(world.Carry(*RunName::Parse(approved.name())));
  EXPECT_TRUE(world.user("u10@a.test").pending_deletion());
  tenant.RemoveUser(20);
  EXPECT_EQ(world.SyncChanges().counters().users_removed(), 1);
}

// What a look keeps from happening has not happened, and what a run that is
// stopped has done has.
TEST(HeldLater, B2_GroupsAreCountedWhenTheyAreEmptied) {
  enum class End { kWell, kContradicted, kCancelled, kCancelledTooEarly };
  for (const End end : {End::kWell, End::kContradicted, End::kCancelled,
                        End::kCancelledTooEarly}) {
    SCOPED_TRACE(static_cast<int>(end));
    World world;
    FakeTenant& tenant = world.tenant();
    tenant.limits.mutable_groups_emptied()->set_count(1);
    tenant.AddGroup(1, "Sales");
    tenant.AddGroup(2, "Crew");
    tenant.AddUser(10, "ada@a.test", {1});
    tenant.AddUser(11, "ben@a.test", {2});
    world.Sync();
    FakeDirectory& source = world.directory_service;
    if (end == End::kContradicted) {
      source.hidden_from_streams = {SourceId(10)};
    } else {
      tenant.RemoveUser(10);
    }
    const RunName run = world.Start();
    source.on_look = [&] {
      if (end != End::kCancelled) return;
      ASSERT_OK(RequestCancel(run, *world.store));
    };
    source.on_message = [&](int n) {
      if (end != End::kCancelledTooEarly || n != 6) return;  // The trailer.
      ASSERT_OK(RequestCancel(run, *world.store));
    };
    ASSERT_OK(world.Carry(run));
    source.on_look = nullptr;
    source.on_message = nullptr;
    source.hidden_from_streams.clear();
    const bool is_emptied = end == End::kWell || end == End::kCancelled;
    ASSERT_EQ(world.group("Sales").member_count, is_emptied ? 0 : 1);

    tenant.AddUser(10, "ada@a.test", {1});
    tenant.RemoveUser(11);
    const v1::Run next = world.Sync();
    EXPECT_EQ(next.held_batches_size(), is_emptied ? 1 : 0);
    EXPECT_EQ(world.group("Crew").member_count, is_emptied ? 1 : 0);
  }
}

// Each danger is counted by itself, disabling by many hands too.
TEST(HeldLater, B2_R50_DisablingOneAfterTheOtherIsHeldToo) {
  World world;
  FakeTenant& tenant = world.tenant();
  tenant.AddGroup(1, "Sales");
  for (int n = 10; n < 40; ++n) {
    tenant.AddUser(n, "u" + std::to_string(n) + "@a.test", {1});
  }
  world.Sync();
  for (int n = 10; n < 15; ++n) tenant.UserAt(n).set_enabled(false);
  EXPECT_EQ(world.SyncChanges().counters().users_disabled(), 5);
  tenant.UserAt(15).set_enabled(false);
  tenant.RemoveUser(16);
  const v1::Run run = world.SyncChanges();
  EXPECT_EQ(run.counters().users_disabled(), 0);
  EXPECT_EQ(run.counters().users_removed(), 1);
  EXPECT_EQ(OnlyBatch(world).danger(), v1::HeldBatch::DISABLED);
}

// Ben would be removed, which is held; then he is pinned, and comes again.
TEST(HeldLater, B2_B5_WhoIsHeldAndPinnedIsCountedOnce) {
  World world;
  FakeTenant& tenant = world.tenant();
  tenant.limits.mutable_removed()->set_count(0);
  tenant.AddGroup(1, "Sales");
  tenant.AddUser(10, "ada@a.test", {1});
  tenant.AddUser(11, "ben@a.test", {1});
  world.Sync();
  tenant.UserAt(11).set_email("new@a.test");
  const v1::Run emailing = world.Sync();
  tenant.RemoveUser(11);
  world.Sync();
  ASSERT_EQ(OnlyBatch(world).change_count(), 1);
  world.clock.AdvanceTime(absl::Hours(1));
  world.Revert(emailing);
  ASSERT_EQ(world.user("ben@a.test").pinned_by, "d1");
  tenant.AddUser(11, "ben@a.test", {1});
  const v1::Run run = world.SyncChanges();
  EXPECT_EQ(run.counters().users_pinned(), 1);
  EXPECT_EQ(run.counters().users_unchanged(), 1);
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::DISSOLVED);
}

}  // namespace
}  // namespace rollcall::reconciliation
