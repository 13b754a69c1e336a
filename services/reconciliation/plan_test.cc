// Plans: made without effect, applied exactly or not at all (B1).
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/changed_world.h"
#include "services/reconciliation/plan_requests.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Rows of the account, the run itself aside.
std::vector<std::string> AllButRuns(const World& world) {
  std::vector<std::string> rows;
  for (std::string& row : world.Dump()) {
    if (row.rfind("run", 0) != 0) rows.push_back(std::move(row));
  }
  return rows;
}

std::string Problem(const v1::Run& run) {
  if (run.problems_size() != 1) return "";
  return absl::StrCat(run.problems(0).reason(), ": ",
                      run.problems(0).message());
}

// Two users of one group, one of them new, one to be renamed by nobody.
World& Populate(World& world) {
  FakeTenant& tenant = world.tenant();
  tenant.AddGroup(1, "Sales");
  tenant.AddUser(10, "ada@a.test", {1});
  tenant.AddUser(11, "ben@a.test", {1});
  world.Sync();
  tenant.UserAt(10).set_email("ada@new.test");
  tenant.AddUser(12, "cyd@a.test", {1});
  return world;
}

TEST(Plan, B1_AloneChangesNothingButTheRun) {
  auto world = ChangedWorld();
  const std::vector<std::string> before = AllButRuns(*world);
  const size_t events = world->Events().size();
  const v1::Run plan = world->Plan();
  EXPECT_EQ(plan.state(), v1::Run::PLANNED);
  EXPECT_EQ(plan.phase(), v1::Run::ENDED);
  EXPECT_TRUE(plan.has_expire_time());
  EXPECT_EQ(AllButRuns(*world), before);
  EXPECT_EQ(world->Events().size(), events);
  EXPECT_THAT(*world->store->ListAccounts("", 10), ElementsAre("acme"));
}

TEST(Plan, B1_CountsWhatTheRunWouldDo) {
  auto world = ChangedWorld();
  const v1::Run plan = world->Plan();
  auto other = ChangedWorld();
  const v1::Run run = other->Sync();
  EXPECT_EQ(plan.counters().DebugString(), run.counters().DebugString());
}

TEST(Plan, B1_AppliedDoesExactlyWhatTheRunWouldHaveDone) {
  auto world = ChangedWorld();
  const v1::Run plan = world->Plan();
  world->clock.AdvanceTime(absl::Hours(3));
  const v1::Run applied = world->Apply(plan);
  EXPECT_EQ(applied.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(applied.kind(), v1::Run::PLAN);
  EXPECT_EQ(applied.plan(), plan.name());

  auto other = ChangedWorld();
  const v1::Run run = other->Sync();
  EXPECT_EQ(world->DumpObjects(), other->DumpObjects());
  EXPECT_EQ(applied.counters().DebugString(), run.counters().DebugString());
  // The feed tells the same of each object, and ends with the run.
  std::vector<std::string> told = world->EventTexts();
  std::vector<std::string> expected = other->EventTexts();
  EXPECT_EQ(told.back(), expected.back());
  std::sort(told.begin(), told.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(told, expected);
}

TEST(Plan, B1_IsAppliedWithTheTimeOfTheApplication) {
  World world;
  const v1::Run plan = Populate(world).Plan();
  world.clock.AdvanceTime(absl::Hours(3));
  world.Apply(plan);
  EXPECT_EQ(world.user("cyd@a.test").create_time, world.clock.TimeNow());
  EXPECT_EQ(world.user("ada@a.test").update_time, world.clock.TimeNow());
}

TEST(Plan, B1_OfWhatTheSourceHasSaidIsNothingLeftForTheNextRun) {
  World world;
  world.Apply(Populate(world).Plan());
  const v1::Run next = world.SyncChanges();
  EXPECT_EQ(next.kind(), v1::Run::CHANGES);
  EXPECT_EQ(next.counters().users_seen(), 0);
}

TEST(Plan, B1_FailsIfTheSourceHasMovedNamingWhatMoved) {
  World world;
  const v1::Run plan = Populate(world).Plan();
  world.tenant().UserAt(11).set_email("ben@new.test");
  const std::vector<std::string> before = AllButRuns(world);
  const v1::Run applied = world.Apply(plan);
  EXPECT_EQ(applied.state(), v1::Run::FAILED);
  EXPECT_THAT(Problem(applied),
              AllOf(HasSubstr("PLAN_SOURCE_MOVED"), HasSubstr("ben@a.test")));
  EXPECT_FALSE(world.FindUser("cyd@a.test").has_value());
  // Nothing but that the run has ended.
  const std::vector<std::string> after = AllButRuns(world);
  EXPECT_EQ(after.size(), before.size() + 1);
  EXPECT_EQ(world.EventTexts().back(), "finished FAILED");
}

struct SourceMove {
  const char* name;
  void (*move)(World& world);
  const char* named;
};

class MovedSource : public ::testing::TestWithParam<SourceMove> {};

TEST_P(MovedSource, B1_IsNamedAndNothingIsWritten) {
  World world;
  const v1::Run plan = Populate(world).Plan();
  const std::vector<std::string> before = world.DumpObjects();
  GetParam().move(world);
  const v1::Run applied = world.Apply(plan);
  EXPECT_EQ(applied.state(), v1::Run::FAILED);
  EXPECT_THAT(Problem(applied), AllOf(HasSubstr("PLAN_SOURCE_MOVED"),
                                      HasSubstr(GetParam().named)));
  EXPECT_EQ(world.DumpObjects(), before);
}

INSTANTIATE_TEST_SUITE_P(
    Each, MovedSource,
    ::testing::Values(
        SourceMove{"user_gone",
                   [](World& world) { world.tenant().RemoveUser(11); },
                   "object "},
        SourceMove{
            "user_new",
            [](World& world) { world.tenant().AddUser(13, "dan@a.test", {1}); },
            "dan@a.test"},
        SourceMove{"group_renamed",
                   [](World& world) {
                     world.tenant().GroupAt(1).set_display_name("Selling");
                   },
                   "group Selling"},
        SourceMove{"group_selected",
                   [](World& world) { world.tenant().AddGroup(2, "Staff"); },
                   "selected groups"},
        SourceMove{"option",
                   [](World& world) { world.tenant().phone_import = true; },
                   "phone import"},
        SourceMove{"rename_policy",
                   [](World& world) { world.tenant().follow_renames = true; },
                   "rename policy"},
        SourceMove{"limits",
                   [](World& world) {
                     world.tenant().limits.mutable_removed()->set_count(1);
                   },
                   "limits"},
        SourceMove{"cursor",
                   [](World& world) {
                     world.directory_service.cursors_expired = true;
                   },
                   "more than the source can tell"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Plan, B1_WaitsForASourceThatDoesNotAnswerAndRefusesAHalfAnswer) {
  World world;
  const v1::Run plan = Populate(world).Plan();
  world.directory_service.break_error = absl::UnavailableError("gone");
  world.directory_service.breaks_left = 1;
  const RunName run = world.StartApplying(plan);
  ASSERT_OK(world.Carry(run));
  EXPECT_EQ(world.Find(run).state(), v1::Run::RUNNING);
  world.tenant().complete = false;
  ASSERT_OK(world.Carry(run));
  EXPECT_THAT(Problem(world.Find(run)), HasSubstr("PLAN_SOURCE_UNPROVEN"));
  // Nothing was done: the plan may be applied again.
  world.tenant().complete = true;
  EXPECT_EQ(world.Apply(plan).state(), v1::Run::SUCCEEDED);
}

struct TargetMove {
  const char* name;
  void (*move)(World& world);
  const char* named;
};

class MovedTarget : public ::testing::TestWithParam<TargetMove> {};

TEST_P(MovedTarget, B1_IsNamedAndNothingIsWritten) {
  World world;
  const v1::Run plan = Populate(world).Plan();
  GetParam().move(world);
  const std::vector<std::string> before = world.DumpObjects();
  const v1::Run applied = world.Apply(plan);
  EXPECT_EQ(applied.state(), v1::Run::FAILED);
  EXPECT_THAT(Problem(applied), AllOf(HasSubstr("PLAN_TARGET_MOVED"),
                                      HasSubstr(GetParam().named)));
  EXPECT_EQ(world.DumpObjects(), before);
  // The account is open again.
  world.PutUser(Manual("later", "later"));
}

INSTANTIATE_TEST_SUITE_P(
    Each, MovedTarget,
    ::testing::Values(TargetMove{"user_edited",
                                 [](World& world) {
                                   User ada = world.user("ada@a.test");
                                   ada.status = UserStatus::kBypass;
                                   world.PutUser(ada);
                                 },
                                 "users/id"},
                      TargetMove{"username_taken",
                                 [](World& world) {
                                   world.PutUser(Manual("cyd", "cyd@a.test"));
                                 },
                                 "username cyd@a.test"},
                      TargetMove{"group_status",
                                 [](World& world) {
                                   Group sales = world.group("Sales");
                                   sales.status = GroupStatus::kDisabled;
                                   world.PutGroup(sales);
                                 },
                                 "groups/id"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Plan, B1_WhatItDoesNotTouchMayMove) {
  World world;
  const v1::Run plan = Populate(world).Plan();
  world.PutUser(Manual("other", "other"));
  User ben = world.user("ben@a.test");
  ben.note = "Tall.";
  world.PutUser(ben);
  EXPECT_EQ(world.Apply(plan).state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(world.user("ben@a.test").note, "Tall.");
}

TEST(Plan, B1_IsAppliedOnceAndForAWeek) {
  World world;
  const v1::Run plan = Populate(world).Plan();
  const RunName name = *RunName::Parse(plan.name());
  world.clock.AdvanceTime(absl::Hours(24 * 7) - absl::Seconds(1));
  EXPECT_EQ(world.Apply(plan).state(), v1::Run::SUCCEEDED);
  EXPECT_THAT(
      StartApplication(name, "again", world.clock.TimeNow(), *world.store),
      StatusIs(absl::StatusCode::kFailedPrecondition, "PLAN_APPLIED"));

  World late;
  const v1::Run old = Populate(late).Plan();
  late.clock.AdvanceTime(absl::Hours(24 * 7));
  EXPECT_THAT(StartApplication(*RunName::Parse(old.name()), "late",
                               late.clock.TimeNow(), *late.store),
              StatusIs(absl::StatusCode::kFailedPrecondition, "PLAN_EXPIRED"));
}

TEST(Plan, B1_OnlyAPlanIsApplied) {
  World world;
  const v1::Run run = Populate(world).Sync();
  EXPECT_THAT(
      StartApplication(*RunName::Parse(run.name()), "x", world.clock.TimeNow(),
                       *world.store),
      StatusIs(absl::StatusCode::kFailedPrecondition, "PLAN_NOT_READY"));
}

TEST(Plan, B1_ShowsWhatTheGuardWouldHoldAndHoldsIt) {
  World world;
  FakeTenant& tenant = world.tenant();
  tenant.AddGroup(1, "Sales");
  for (int n = 10; n < 30; ++n) {
    tenant.AddUser(n, absl::StrCat("user", n, "@a.test"), {1});
  }
  world.Sync();
  for (int n = 10; n < 20; ++n) tenant.RemoveUser(n);
  const v1::Run plan = world.Plan();
  EXPECT_EQ(plan.counters().held().at("REMOVED"), 10);
  EXPECT_EQ(plan.counters().users_removed(), 0);
  EXPECT_THAT(Problem(plan), HasSubstr("CHANGES_HELD"));
  const v1::Run applied = world.Apply(plan);
  EXPECT_EQ(applied.state(), v1::Run::PARTIAL);
  EXPECT_FALSE(world.user("user10@a.test").pending_deletion());
  // As if the run had held it: the batch is there, with its users.
  int held = 0;
  for (const std::string& row : world.Dump())
    held += row.rfind("held_rows", 0) == 0;
  EXPECT_EQ(held, 10);
}

TEST(Plan, B1_NobodyElseWritesUsersWhileItIsApplied) {
  World world;
  const v1::Run plan = Populate(world).Plan();
  world.tenant("d2").AddGroup(500, "Others");
  world.tenant("d2").AddUser(510, "eve@b.test", {500});
  const RunName other = world.Start("d2");

  // The application dies in the middle.
  const RunName run = world.StartApplying(plan);
  world.faulty->FailCommit(3, rollcall::store::FaultyStore::Outcome::kWritten);
  ASSERT_FALSE(world.Carry(run).ok());
  world.Restart();

  auto transaction = *world.store->Begin("acme");
  EXPECT_THAT(transaction->PutUser(nullptr, Manual("x", "x"), {}),
              StatusIs(absl::StatusCode::kAborted, "PLAN_UNDER_WAY"));
  transaction.reset();
  EXPECT_THAT(world.SyncUser("cyd@a.test"),
              StatusIs(absl::StatusCode::kAborted, "PLAN_UNDER_WAY"));
  ASSERT_OK(world.Carry(other));  // Waits.
  EXPECT_EQ(world.Find(other).state(), v1::Run::RUNNING);

  ASSERT_OK(world.Carry(run));
  EXPECT_EQ(world.Find(run).state(), v1::Run::SUCCEEDED);
  ASSERT_OK(world.Carry(other));
  EXPECT_EQ(world.Find(other).state(), v1::Run::SUCCEEDED);
}

TEST(Plan, B1_CancelledItLeavesNothing) {
  World world;
  const RunName run = Populate(world).StartPlan();
  world.directory_service.on_message = [&](int n) {
    if (n != 3) return;
    ASSERT_OK(RequestCancel(run, *world.store).status());
  };
  ASSERT_OK(world.Carry(run));
  EXPECT_EQ(world.Find(run).state(), v1::Run::CANCELLED);
  EXPECT_THAT(*world.rows->ListPartitions("", 10), ElementsAre("acme"));
}

TEST(Plan, B1_MayNotBeMistakenForASync) {
  World world;
  const RunName plan = Populate(world).StartPlan();
  const RunName other(plan.directory(), "other");
  EXPECT_THAT(StartRun(other, {}, world.clock.TimeNow(), *world.store),
              StatusIs(absl::StatusCode::kFailedPrecondition, "RUN_UNDER_WAY"));
  EXPECT_THAT(
      StartRun(other, {.plan_only = true}, world.clock.TimeNow(), *world.store)
          ->name(),
      plan.ToString());
}

}  // namespace
}  // namespace rollcall::reconciliation
