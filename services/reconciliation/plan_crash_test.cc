// Plans that are killed at each of their commits, in the making and in the
// applying, end like those that are not (B1, B12).
#include <memory>
#include <string>
#include <vector>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/changed_world.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::FaultyStore;

class KilledPlan : public ::testing::TestWithParam<FaultyStore::Outcome> {};

// Carries a run that is killed at its n-th commit; whether it was.
bool CarryKilled(World& world, const RunName& run, int n,
                 FaultyStore::Outcome outcome) {
  world.faulty->FailCommit(n, outcome);
  const bool was_killed = !world.Carry(run).ok();
  world.Restart();
  EXPECT_OK(CheckInvariants(*world.store, "acme"));
  EXPECT_OK(world.Carry(run));
  EXPECT_OK(CheckInvariants(*world.store, "acme"));
  return was_killed;
}

TEST_P(KilledPlan, B1_B12_IsMadeAllTheSame) {
  auto undisturbed = ChangedWorld();
  const v1::Run expected = undisturbed->Plan();
  int kills = 0;
  bool was_killed = true;
  for (int n = 1; was_killed; ++n) {
    SCOPED_TRACE(n);
    auto world = ChangedWorld();
    const std::vector<std::string> before = world->DumpObjects();
    const RunName run = world->StartPlan();
    was_killed = CarryKilled(*world, run, n, GetParam());
    kills += was_killed;
    const v1::Run plan = world->Find(run);
    ASSERT_EQ(plan.state(), v1::Run::PLANNED);
    ASSERT_EQ(plan.counters().DebugString(), expected.counters().DebugString());
    ASSERT_EQ(world->DumpObjects(), before);
  }
  EXPECT_GT(kills, 20);
}

TEST_P(KilledPlan, B1_B12_IsAppliedAllTheSame) {
  auto undisturbed = ChangedWorld();
  undisturbed->Apply(undisturbed->Plan());
  const std::vector<std::string> expected = undisturbed->Dump();
  int kills = 0;
  bool was_killed = true;
  for (int n = 1; was_killed; ++n) {
    SCOPED_TRACE(n);
    auto world = ChangedWorld();
    const RunName run = world->StartApplying(world->Plan());
    was_killed = CarryKilled(*world, run, n, GetParam());
    kills += was_killed;
    ASSERT_EQ(world->Find(run).state(), v1::Run::SUCCEEDED);
    ASSERT_EQ(world->Dump(), expected);
  }
  EXPECT_GT(kills, 5);
}

INSTANTIATE_TEST_SUITE_P(Each, KilledPlan,
                         ::testing::Values(FaultyStore::Outcome::kNotWritten,
                                           FaultyStore::Outcome::kWritten),
                         [](const auto& row) {
                           return row.param == FaultyStore::Outcome::kWritten
                                      ? "written"
                                      : "not_written";
                         });

}  // namespace
}  // namespace rollcall::reconciliation
