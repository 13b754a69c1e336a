// Proves that the real clock is that of the machine and the simulated one that
// of the test.
#include "common/time/clock.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "common/testing/simulated_clock.h"

namespace rollcall {
namespace {

TEST(RealClock, TellsTheTimeOfThisMachine) {
  const absl::Time before = absl::Now();
  const absl::Time now = Clock::GetRealClock().TimeNow();
  EXPECT_GE(now, before);
  EXPECT_LE(now, absl::Now());
}

TEST(SimulatedClock, MovesByHandOnly) {
  const absl::Time noon = absl::FromUnixSeconds(1772452800);
  SimulatedClock clock(noon);
  EXPECT_EQ(clock.TimeNow(), noon);
  clock.AdvanceTime(absl::Hours(24 * 30));
  EXPECT_EQ(clock.TimeNow(), noon + absl::Hours(24 * 30));
  clock.SetTime(noon - absl::Hours(2));
  EXPECT_EQ(clock.TimeNow(), noon - absl::Hours(2));
}

}  // namespace
}  // namespace rollcall
