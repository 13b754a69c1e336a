#include "services/enrollment/cycle.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace rollcall::enrollment {
namespace {

const absl::Time kNoon =
    absl::FromCivil(absl::CivilHour(2026, 3, 1, 12), absl::UTCTimeZone());

Cycle Issued(absl::Time at) { return *NextCycle(absl::nullopt, at); }

TEST(Cycle, R83_ALinkIsValidThirtyDaysFromIssue) {
  const Cycle cycle = Issued(kNoon);
  const absl::Time end = kNoon + absl::Hours(30 * 24);
  EXPECT_EQ(cycle.number, 1);
  EXPECT_EQ(cycle.expire_time, end);
  EXPECT_EQ(StateAt(cycle, kNoon), CycleState::kPending);
  EXPECT_EQ(StateAt(cycle, end - absl::Nanoseconds(1)), CycleState::kPending);
  EXPECT_EQ(StateAt(cycle, end), CycleState::kExpired);
}

TEST(Cycle, R86_ARunIssuesNothingWhileTheLinkIsGood) {
  EXPECT_FALSE(
      NextCycle(Issued(kNoon), kNoon + absl::Hours(29 * 24)).has_value());
}

TEST(Cycle, R86_ARunAfterExpiryIssuesTheNextCycle) {
  // Three days without a run: nothing was issued meanwhile.
  const absl::Time run = kNoon + absl::Hours(33 * 24);
  const absl::optional<Cycle> next = NextCycle(Issued(kNoon), run);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->number, 2);
  EXPECT_EQ(next->issue_time, run);
  EXPECT_EQ(next->expire_time, run + kLinkLifetime);
}

TEST(Cycle, R87_CyclesGoOnUntilTheUserEnrolls) {
  Cycle cycle = Issued(kNoon);
  for (int number = 2; number <= 12; ++number) {
    cycle = *NextCycle(cycle, cycle.expire_time);
    EXPECT_EQ(cycle.number, number);
  }
}

TEST(Cycle, R93_ARevokedLinkStaysDeadAndTheNextRunIssuesAnother) {
  Cycle cycle = Issued(kNoon);
  cycle.end = Cycle::End::kRevoked;
  EXPECT_EQ(StateAt(cycle, kNoon), CycleState::kRevoked);
  EXPECT_EQ(StateAt(cycle, kNoon + 2 * kLinkLifetime), CycleState::kRevoked);
  EXPECT_EQ(NextCycle(cycle, kNoon)->number, 2);
}

TEST(Cycle, R88_EnrollingEndsTheCycleForGood) {
  Cycle cycle = Issued(kNoon);
  cycle.end = Cycle::End::kCompleted;
  EXPECT_EQ(StateAt(cycle, kNoon), CycleState::kCompleted);
  EXPECT_EQ(StateAt(cycle, kNoon + 2 * kLinkLifetime), CycleState::kCompleted);
}

}  // namespace
}  // namespace rollcall::enrollment
