#include "services/authorization/token_lease.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace rollcall::authorization {
namespace {

const absl::Time kNoon = absl::FromUnixSeconds(1772366400);

TokenLease OneHour() {
  return {.mint_time = kNoon, .expire_time = kNoon + absl::Hours(1)};
}

TEST(TokenLease, NoTokenIsRefreshedNow) {
  EXPECT_EQ(JudgeLease(absl::nullopt, kNoon), LeaseAction::kRefreshNow);
}

struct Row {
  absl::Duration age;
  LeaseAction action;
};

TEST(TokenLease, IsRefreshedAheadAndNeverUsedInItsLastFiveMinutes) {
  const absl::Duration second = absl::Seconds(1);
  const Row rows[] = {
      {-second, LeaseAction::kRefreshNow},  // The clock was set back.
      {absl::ZeroDuration(), LeaseAction::kUse},
      {absl::Minutes(50), LeaseAction::kUse},
      {absl::Minutes(50) + second, LeaseAction::kRefreshAhead},
      {absl::Minutes(55), LeaseAction::kRefreshAhead},
      {absl::Minutes(55) + second, LeaseAction::kRefreshNow},
      {absl::Hours(1), LeaseAction::kRefreshNow},
      {absl::Hours(1000), LeaseAction::kRefreshNow},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(JudgeLease(OneHour(), kNoon + row.age), row.action) << row.age;
  }
}

// Property: what may be used is good for five minutes more, at any time and for
// any lifetime.
TEST(TokenLease, WhatMayBeUsedLastsFiveMinutesMore) {
  for (int lifetime = 0; lifetime <= 120; ++lifetime) {
    const TokenLease lease = {.mint_time = kNoon,
                              .expire_time = kNoon + absl::Minutes(lifetime)};
    for (int age = -10; age <= 130; ++age) {
      const absl::Time now = kNoon + absl::Minutes(age);
      if (JudgeLease(lease, now) == LeaseAction::kRefreshNow) continue;
      ASSERT_GE(lease.expire_time - now, absl::Minutes(5))
          << lifetime << " " << age;
    }
  }
}

TEST(TokenLease, R12_TheFirst401OnlyForcesARefresh) {
  EXPECT_EQ(JudgeRejection(OneHour(), kNoon), RejectionVerdict::kForceRefresh);
  EXPECT_EQ(JudgeRejection(OneHour(), kNoon + absl::Minutes(30)),
            RejectionVerdict::kForceRefresh);
}

TEST(TokenLease, R12_A401AfterAForcedRefreshIsDefinitive) {
  TokenLease lease = OneHour();
  lease.forced = true;
  EXPECT_EQ(JudgeRejection(lease, kNoon), RejectionVerdict::kDefinitive);
  EXPECT_EQ(
      JudgeRejection(lease, kNoon + absl::Minutes(5) - absl::Nanoseconds(1)),
      RejectionVerdict::kDefinitive);
  // It served for a while: this is a new story.
  EXPECT_EQ(JudgeRejection(lease, kNoon + absl::Minutes(5)),
            RejectionVerdict::kForceRefresh);
}

}  // namespace
}  // namespace rollcall::authorization
