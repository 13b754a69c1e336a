// Runs that are killed at each of their commits end like runs that are not
// (B12, invariants 1 to 6).
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

struct Interruption {
  const char* name;
  FaultyStore::Outcome outcome;
  bool reading_is_lost;
};

class KilledAtEachCommit : public ::testing::TestWithParam<Interruption> {};

TEST_P(KilledAtEachCommit, B12_EndsLikeTheUndisturbedRun) {
  auto undisturbed = ChangedWorld();
  const v1::Run expected_run = undisturbed->Sync();
  const std::vector<std::string> expected = undisturbed->Dump();
  ASSERT_EQ(expected_run.state(), v1::Run::SUCCEEDED);
  // The run is worth the test only if it does all that there is to do.
  const v1::RunCounters& counters = expected_run.counters();
  EXPECT_GT(counters.users_created(), 0);
  EXPECT_GT(counters.users_merged(), 0);
  EXPECT_GT(counters.users_restored(), 0);
  EXPECT_GT(counters.users_removed(), 0);
  EXPECT_GT(counters.users_skipped(), 0);
  EXPECT_GT(counters.users_disabled(), 0);
  EXPECT_GT(counters.users_enabled(), 0);
  EXPECT_GT(counters.users_renamed(), 0);
  EXPECT_GT(counters.groups_merged(), 0);
  EXPECT_GT(counters.groups_released(), 0);

  bool was_killed = true;
  int kills = 0;
  for (int n = 1; was_killed; ++n) {
    SCOPED_TRACE(n);
    auto world = ChangedWorld();
    const RunName run = world->Start();
    world->faulty->FailCommit(n, GetParam().outcome);
    was_killed = !world->Carry(run).ok();
    world->Restart();
    ASSERT_OK(CheckInvariants(*world->store, "acme"));
    if (GetParam().reading_is_lost) world->directory_service.ForgetReadings();
    ASSERT_OK(world->Carry(run));
    ASSERT_OK(CheckInvariants(*world->store, "acme"));
    ASSERT_EQ(world->Dump(), expected);
    kills += was_killed;
  }
  EXPECT_GT(kills, 10);
}

INSTANTIATE_TEST_SUITE_P(
    Each, KilledAtEachCommit,
    ::testing::Values(
        Interruption{"not_written", FaultyStore::Outcome::kNotWritten, false},
        Interruption{"written", FaultyStore::Outcome::kWritten, false},
        Interruption{"not_written_reading_lost",
                     FaultyStore::Outcome::kNotWritten, true},
        Interruption{"written_reading_lost", FaultyStore::Outcome::kWritten,
                     true}),
    [](const auto& row) { return std::string(row.param.name); });

// The stream breaks off after each of its messages in turn.
TEST(BrokenStream, B12_GoesOnWithTheSameReading) {
  auto undisturbed = ChangedWorld();
  undisturbed->Sync();
  const std::vector<std::string> expected = undisturbed->Dump();
  for (bool reading_is_lost : {false, true}) {
    for (int n = 0; n < 18; ++n) {
      SCOPED_TRACE(n);
      auto world = ChangedWorld();
      world->directory_service.break_error = absl::UnavailableError("gone");
      world->directory_service.break_after = n;
      world->directory_service.breaks_left = 1;
      const RunName run = world->Start();
      ASSERT_OK(world->Carry(run));
      ASSERT_EQ(world->Find(run).state(), v1::Run::RUNNING);
      if (reading_is_lost) world->directory_service.ForgetReadings();
      ASSERT_OK(world->Carry(run));
      ASSERT_EQ(world->Dump(), expected);
    }
  }
}

}  // namespace
}  // namespace rollcall::reconciliation
