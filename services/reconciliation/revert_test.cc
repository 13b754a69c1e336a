// A run undone: what it has done to users is no more, and no sync does it again
// before the next plan (B5).
#include <memory>
#include <string>
#include <vector>

#include "common/status/errors.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/changed_world.h"
#include "services/reconciliation/feed_expiry.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/run_reverting.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::FaultyStore;
using ::rollcall::testing::StatusIs;
using ::testing::IsEmpty;

constexpr absl::Duration kHour = absl::Hours(1);

// Two groups; ada and ben are in both, cyd in one.
void Populate(World& world) {
  FakeTenant& tenant = world.tenant();
  tenant.AddGroup(1, "Sales");
  tenant.AddGroup(2, "Staff");
  tenant.AddUser(10, "ada@a.test", {1, 2});
  tenant.AddUser(11, "ben@a.test", {1, 2});
  tenant.AddUser(12, "cyd@a.test", {1});
  world.Sync();
  world.clock.AdvanceTime(kHour);
}

// The source has gone mad: ada is another one, ben is gone, dan is new.
v1::Run SyncMad(World& world) {
  FakeTenant& tenant = world.tenant();
  tenant.RemoveUser(10);
  auto& ada = tenant.AddUser(10, "ada@a.test", {1});
  ada.set_email("oops@a.test");
  ada.set_display_name("Oops");
  ada.set_enabled(false);
  tenant.RemoveUser(11);
  tenant.AddUser(13, "dan@a.test", {1});
  const v1::Run run = world.Sync();
  world.clock.AdvanceTime(kHour);
  return run;
}

TEST(Revert, B5_PutsBackStatusMembershipsAndAttributes) {
  World world;
  Populate(world);
  const User ada = world.user("ada@a.test");
  const User ben = world.user("ben@a.test");
  const v1::Run mad = SyncMad(world);
  ASSERT_EQ(world.user("ada@a.test").status, UserStatus::kDisabled);
  ASSERT_TRUE(world.user("ben@a.test").pending_deletion());

  const v1::Run revert = world.Revert(mad);
  EXPECT_EQ(revert.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(revert.kind(), v1::Run::REVERT);
  EXPECT_EQ(revert.reverted_run(), mad.name());
  EXPECT_EQ(revert.counters().users_reverted(), 3);
  const User ada_now = world.user("ada@a.test");
  EXPECT_EQ(ada_now.status, UserStatus::kActive);
  EXPECT_EQ(ada_now.disabled_by, DisabledBy::kNobody);
  EXPECT_EQ(ada_now.email, ada.email);
  EXPECT_EQ(ada_now.display_name, ada.display_name);
  EXPECT_EQ(ada_now.groups, ada.groups);
  const User ben_now = world.user("ben@a.test");
  EXPECT_FALSE(ben_now.pending_deletion());
  EXPECT_EQ(ben_now.groups, ben.groups);
  EXPECT_EQ(world.group("Staff").member_count, 2);
}

TEST(Revert, B5_A3_ARenameIsUndoneWithWhatTheNameWasMadeOf) {
  World world;
  world.tenant().follow_renames = true;
  Populate(world);
  const User ada = world.user("ada@a.test");
  world.tenant().UserAt(10).set_user_principal_name("eve@a.test");
  const v1::Run renaming = world.Sync();
  ASSERT_EQ(renaming.counters().users_renamed(), 1);
  const absl::Time read_time =
      world.user("eve@a.test").ClaimOf("d1")->read_time;
  world.clock.AdvanceTime(kHour);

  world.Revert(renaming);
  EXPECT_FALSE(world.FindUser("eve@a.test").has_value());
  Claim claim = *ada.ClaimOf("d1");
  claim.read_time = read_time;  // An older reading is still an older one.
  EXPECT_EQ(*world.user("ada@a.test").ClaimOf("d1"), claim);
  // The next plan knows it for the old name, and follows the source again.
  world.clock.AdvanceTime(kHour);
  EXPECT_EQ(world.Apply(world.Plan()).counters().users_renamed(), 1);
  EXPECT_TRUE(world.FindUser("eve@a.test").has_value());
}

TEST(Revert, B5_A3_NamesThatWereSwappedOrPassedOnAreUndoneInOnePass) {
  World world;
  world.tenant().follow_renames = true;
  Populate(world);
  const auto id_of = [&](const char* name) { return world.user(name).id; };
  const std::string ada = id_of("ada@a.test"), ben = id_of("ben@a.test"),
                    cyd = id_of("cyd@a.test");
  FakeTenant& tenant = world.tenant();
  // Ada and Ben swap, and then Ada takes the name that Cyd gives up.
  for (const bool swap : {true, false}) {
    tenant.UserAt(10).set_user_principal_name(swap ? "ben@a.test"
                                                   : "cyd@a.test");
    tenant.UserAt(11).set_user_principal_name("ada@a.test");
    tenant.UserAt(12).set_user_principal_name(swap ? "cyd@a.test"
                                                   : "eve@a.test");
    const v1::Run renaming = world.Sync();
    ASSERT_EQ(renaming.counters().users_renamed(), swap ? 2 : 3);
    world.clock.AdvanceTime(kHour);
    const v1::Run revert = world.Revert(renaming);
    EXPECT_EQ(revert.state(), v1::Run::SUCCEEDED);
    EXPECT_EQ(revert.counters().users_reverted(), swap ? 2 : 3);
    EXPECT_EQ(id_of("ada@a.test"), ada);
    EXPECT_EQ(id_of("ben@a.test"), ben);
    EXPECT_EQ(id_of("cyd@a.test"), cyd);
    // The next plan would swap them again: back to what it was first.
    tenant.UserAt(10).set_user_principal_name("ada@a.test");
    tenant.UserAt(11).set_user_principal_name("ben@a.test");
    tenant.UserAt(12).set_user_principal_name("cyd@a.test");
    world.clock.AdvanceTime(kHour);
    world.Apply(world.Plan());
    world.clock.AdvanceTime(kHour);
  }
}

TEST(Revert, B5_UndoingAPlanPinsAgainWhomItHasOnlyUnpinned) {
  World world;
  Populate(world);
  world.tenant().UserAt(10).set_email("oops@a.test");
  const v1::Run mad = world.Sync();
  world.clock.AdvanceTime(kHour);
  world.Revert(mad);
  world.tenant().UserAt(10).set_email("ada@a.test");
  const v1::Run applied = world.Apply(world.Plan());
  ASSERT_EQ(world.user("ada@a.test").pinned_by, "");
  world.clock.AdvanceTime(kHour);
  const v1::Run revert = world.Revert(applied);
  EXPECT_EQ(revert.counters().users_reverted(), 1);
  EXPECT_EQ(revert.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(world.user("ada@a.test").pinned_by, "d1");
}

TEST(Revert, B5_WhomTheRunHasCreatedGoesToTheTrash) {
  World world;
  Populate(world);
  world.Revert(SyncMad(world));
  const User dan = world.user("dan@a.test");
  EXPECT_EQ(dan.delete_time, world.clock.TimeNow());
  EXPECT_EQ(dan.deletion_epoch, 1);
  EXPECT_THAT(dan.groups, IsEmpty());
}

TEST(Revert, B5_ARestoredUserGoesBackWithSevenFullDays) {
  World world;
  Populate(world);
  world.tenant().RemoveUser(11);
  world.Sync();
  world.clock.AdvanceTime(absl::Hours(24 * 6));
  world.tenant().AddUser(11, "ben@a.test", {1});
  const v1::Run restoring = world.Sync();
  world.clock.AdvanceTime(absl::Hours(24 * 6));
  world.Revert(restoring);
  EXPECT_EQ(world.user("ben@a.test").delete_time, world.clock.TimeNow());
  EXPECT_EQ(world.user("ben@a.test").deletion_epoch, 2);
}

TEST(Revert, B5_AMergedUserIsManualAgain) {
  World world;
  Populate(world);
  // By the service there would be an event; here it is written by hand.
  {
    auto transaction = *world.store->Begin("acme");
    User eve = Manual("eve", "eve@a.test");
    eve.email = "eve@home.test";
    ASSERT_OK(transaction->PutUser(nullptr, eve, {}));
    v1::ChangeEvent event;
    event.mutable_user_change()->set_kind(v1::UserChange::CREATED);
    v1::User& message = *event.mutable_user_change()->mutable_user();
    message.set_name("accounts/acme/users/eve");
    message.set_username("eve@a.test");
    message.set_email("eve@home.test");
    message.set_state(v1::User::ACTIVE);
    transaction->AppendEvent(event);
    ASSERT_OK(transaction->Commit());
  }
  world.tenant().AddUser(14, "eve@a.test", {1}).set_email("eve@work.test");
  const v1::Run merging = world.Sync();
  ASSERT_EQ(merging.counters().users_merged(), 1);
  world.Revert(merging);
  const User eve = world.user("eve@a.test");
  EXPECT_THAT(eve.claims, IsEmpty());
  EXPECT_EQ(eve.email, "eve@home.test");
  EXPECT_FALSE(eve.pending_deletion());
}

TEST(Revert, B5_B7_NeedsNoEventsFromBeforeTheRun) {
  World world;
  Populate(world);
  const User ben = world.user("ben@a.test");
  const User ada = world.user("ada@a.test");
  world.clock.AdvanceTime(absl::Hours(24 * 40));
  const v1::Run mad = SyncMad(world);
  FeedExpiry expiry(*world.store, absl::Hours(24 * 30));
  ASSERT_OK(expiry.RunOnce(world.clock.TimeNow()).status());
  EXPECT_GT(world.store->Feed("acme").Bounds()->dropped_sequence, 0);

  const v1::Run revert = world.Revert(mad);
  EXPECT_EQ(revert.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(revert.counters().users_reverted(), 3);
  EXPECT_EQ(world.user("ben@a.test").groups, ben.groups);
  EXPECT_EQ(world.user("ada@a.test").email, ada.email);
}

TEST(Revert, B5_LeavesAloneWhomSomebodyHasChangedSince) {
  World world;
  Populate(world);
  const v1::Run mad = SyncMad(world);
  world.tenant().UserAt(10).set_display_name("Ada");
  world.Sync();
  const std::string email = world.user("ada@a.test").email;
  const v1::Run revert = world.Revert(mad);
  EXPECT_EQ(revert.state(), v1::Run::PARTIAL);
  EXPECT_EQ(revert.counters().not_reverted().at("CHANGED_SINCE"), 1);
  EXPECT_EQ(revert.counters().users_reverted(), 2);
  EXPECT_EQ(world.user("ada@a.test").email, email);
  EXPECT_EQ(world.user("ada@a.test").pinned_by, "");
}

TEST(Revert, B5_NoSyncTouchesThePinnedUntilAPlanIsApplied) {
  World world;
  Populate(world);
  world.Revert(SyncMad(world));
  const std::vector<std::string> pinned = world.DumpObjects();

  const v1::Run full = world.Sync();
  EXPECT_EQ(full.counters().users_pinned(), 3);
  EXPECT_EQ(world.DumpObjects(), pinned);
  world.tenant().UserAt(10).set_email("again@a.test");
  world.SyncChanges();
  ASSERT_OK_AND_ASSIGN(const v1::SyncUserResponse single,
                       world.SyncUser("ada@a.test"));
  EXPECT_EQ(single.outcome(), v1::SyncUserResponse::UNCHANGED);
  EXPECT_EQ(single.reason(), "USER_PINNED");
  EXPECT_EQ(world.DumpObjects(), pinned);

  // The plan shows what is going to happen to them, and does it.
  const v1::Run plan = world.Plan();
  EXPECT_EQ(plan.counters().users_removed(), 1);
  EXPECT_EQ(world.DumpObjects(), pinned);
  world.Apply(plan);
  EXPECT_EQ(world.user("ada@a.test").email, "again@a.test");
  EXPECT_EQ(world.user("ada@a.test").pinned_by, "");
  EXPECT_TRUE(world.user("ben@a.test").pending_deletion());
  EXPECT_FALSE(world.user("dan@a.test").pending_deletion());
  EXPECT_EQ(world.Sync().counters().users_pinned(), 0);
}

TEST(Revert, B5_AnAppliedPlanUnpinsAlsoWhomItDoesNotChange) {
  World world;
  Populate(world);
  const v1::Run mad = SyncMad(world);
  world.Revert(mad);
  // The source comes to its senses.
  FakeTenant& tenant = world.tenant();
  tenant.RemoveUser(10);
  tenant.AddUser(10, "ada@a.test", {1, 2});
  tenant.AddUser(11, "ben@a.test", {1, 2});
  tenant.RemoveUser(13);
  world.Apply(world.Plan());
  for (const char* name : {"ada@a.test", "ben@a.test", "dan@a.test"}) {
    EXPECT_EQ(world.user(name).pinned_by, "") << name;
  }
}

TEST(Revert, B5_ReleasesNoMailsAndIsDoneOnce) {
  World world;
  Populate(world);
  const v1::Run mad = SyncMad(world);
  world.Revert(mad);
  // By this enrollment knows that it has nothing to release.
  const v1::ChangeEvent last = world.Events().back();
  EXPECT_EQ(last.run_finished().run().kind(), v1::Run::REVERT);
  const RunName name = *RunName::Parse(mad.name());
  EXPECT_THAT(
      StartRevert(name, "again", {}, world.clock.TimeNow(), *world.store),
      StatusIs(absl::StatusCode::kFailedPrecondition, "RUN_REVERTED"));
  const RunName plan = *RunName::Parse(world.Plan().name());
  EXPECT_THAT(
      StartRevert(plan, "x", {}, world.clock.TimeNow(), *world.store),
      StatusIs(absl::StatusCode::kFailedPrecondition, "RUN_NOT_REVERTIBLE"));
}

TEST(Revert, B5_UndoesASyncOfOneUser) {
  World world;
  Populate(world);
  const std::string email = world.user("ada@a.test").email;
  world.tenant().UserAt(10).set_email("oops@a.test");
  world.directory_service.read_seconds += 10;
  ASSERT_OK_AND_ASSIGN(const v1::SyncUserResponse single,
                       world.SyncUser("ada@a.test"));
  ASSERT_EQ(world.user("ada@a.test").email, "oops@a.test");
  world.Revert(world.Find(*RunName::Parse(single.run())));
  EXPECT_EQ(world.user("ada@a.test").email, email);
}

TEST(Revert, B5_B12_KilledAtEachCommitItEndsTheSame) {
  const auto mad_world = [] {
    auto world = ChangedWorld();
    world->Sync();
    world->clock.AdvanceTime(kHour);
    return world;
  };
  const auto last_full = [](const World& world) {
    v1::Run last;
    for (const v1::ChangeEvent& event : world.Events()) {
      if (event.has_run_finished()) last = event.run_finished().run();
    }
    return last;
  };
  auto undisturbed = mad_world();
  const v1::Run done = undisturbed->Revert(last_full(*undisturbed));
  EXPECT_GT(done.counters().users_reverted(), 5);
  const std::vector<std::string> expected = undisturbed->Dump();
  for (const auto outcome :
       {FaultyStore::Outcome::kNotWritten, FaultyStore::Outcome::kWritten}) {
    bool was_killed = true;
    for (int n = 1; was_killed; ++n) {
      SCOPED_TRACE(n);
      auto world = mad_world();
      const RunName run = world->StartReverting(last_full(*world));
      world->faulty->FailCommit(n, outcome);
      was_killed = !world->Carry(run).ok();
      world->Restart();
      ASSERT_OK(CheckInvariants(*world->store, "acme"));
      ASSERT_OK(world->Carry(run));
      ASSERT_OK(CheckInvariants(*world->store, "acme"));
      ASSERT_EQ(world->Dump(), expected);
    }
  }
}

// Undoes a run until one user or so is as before, and cancels that.
v1::Run UndoInPart(World& world, const v1::Run& mad) {
  const RunName name = world.StartReverting(mad);
  world.faulty->FailCommit(2, FaultyStore::Outcome::kNotWritten);
  EXPECT_FALSE(world.Carry(name).ok());
  world.Restart();
  EXPECT_OK(RequestCancel(name, *world.store).status());
  EXPECT_OK(world.Carry(name));
  const v1::Run cancelled = world.Find(name);
  EXPECT_EQ(cancelled.state(), v1::Run::CANCELLED);
  EXPECT_GT(cancelled.counters().users_reverted(), 0);
  EXPECT_LT(cancelled.counters().users_reverted(), 3);
  return cancelled;
}

TEST(Revert, B5_GoesOnWhereACancelledUndoingHasStopped) {
  World world(/*max_batch_rows=*/4);
  Populate(world);
  const v1::Run mad = SyncMad(world);
  const v1::Run cancelled = UndoInPart(world, mad);
  const v1::Run revert = world.Revert(mad);
  EXPECT_EQ(revert.state(), v1::Run::SUCCEEDED);
  EXPECT_THAT(revert.problems(), IsEmpty());
  EXPECT_THAT(revert.counters().not_reverted(), IsEmpty());
  EXPECT_EQ(cancelled.counters().users_reverted() +
                revert.counters().users_reverted(),
            3);
}

TEST(Revert, B5_WhomAPlanHasChangedAfterACancelledUndoingIsLeftAlone) {
  World world(/*max_batch_rows=*/4);
  Populate(world);
  const v1::Run mad = SyncMad(world);
  const v1::Run cancelled = UndoInPart(world, mad);
  world.clock.AdvanceTime(kHour);
  world.Apply(world.Plan());
  const v1::Run revert = world.Revert(mad);
  EXPECT_EQ(revert.state(), v1::Run::PARTIAL);
  EXPECT_EQ(revert.counters().not_reverted().at("CHANGED_SINCE"),
            cancelled.counters().users_reverted());
}

TEST(Revert, B5_B1_APlanThatWasCancelledHasDoneNothingToUndo) {
  World world;
  Populate(world);
  const RunName plan = world.StartPlan();
  ASSERT_OK(RequestCancel(plan, *world.store).status());
  ASSERT_OK(world.Carry(plan));
  ASSERT_EQ(world.Find(plan).state(), v1::Run::CANCELLED);
  EXPECT_THAT(
      StartRevert(plan, "x", {}, world.clock.TimeNow(), *world.store),
      StatusIs(absl::StatusCode::kFailedPrecondition, "RUN_NOT_REVERTIBLE"));
}

// What the run has done is not known any more.
TEST(Revert, B5_ARunWhoseEventsWereDroppedIsRefused) {
  World world;
  Populate(world);
  const v1::Run mad = SyncMad(world);
  world.clock.AdvanceTime(2 * kDefaultFeedRetention);
  FeedExpiry expiry(*world.store, kDefaultFeedRetention);
  ASSERT_OK(expiry.RunOnce(world.clock.TimeNow()));
  const auto refused =
      StartRevert(*RunName::Parse(mad.name()), "late", store::ScopeRow(),
                  world.clock.TimeNow(), *world.store);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(ReasonOf(refused.status()), "RUN_HISTORY_LOST");
  EXPECT_EQ(world.Find(*RunName::Parse(mad.name())).reverted_by(), "");
}

TEST(Revert, B5_EventsThatAreDroppedMeanwhileAreAProblem) {
  World world;
  Populate(world);
  const v1::Run mad = SyncMad(world);
  const RunName revert = world.StartReverting(mad);
  world.clock.AdvanceTime(2 * kDefaultFeedRetention);
  FeedExpiry expiry(*world.store, kDefaultFeedRetention);
  ASSERT_OK(expiry.RunOnce(world.clock.TimeNow()));
  ASSERT_OK(world.Carry(revert));
  const v1::Run ended = world.Find(revert);
  EXPECT_EQ(ended.state(), v1::Run::PARTIAL);
  ASSERT_EQ(ended.problems_size(), 1);
  EXPECT_EQ(ended.problems(0).reason(), "RUN_HISTORY_LOST");
}

}  // namespace
}  // namespace rollcall::reconciliation
