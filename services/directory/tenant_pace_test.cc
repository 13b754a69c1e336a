#include "services/directory/tenant_pace.h"

#include <random>

#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

constexpr absl::Time kNoon = absl::FromUnixSeconds(1'760'000'000);

struct CostRow {
  const char* name;
  const char* target;
  double units;
};
class Cost : public ::testing::TestWithParam<CostRow> {};

TEST_P(Cost, Section3_1_IsThatOfTheTable) {
  EXPECT_EQ(ResourceUnits(GetParam().target), GetParam().units);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Cost,
    ::testing::Values(
        CostRow{"Users", "/v1.0/users", 2},
        CostRow{"UsersSelected", "/v1.0/users?$select=id&$top=999", 1},
        CostRow{"OneUser", "/v1.0/users/x", 1},
        CostRow{"UserDelta", "/v1.0/users/delta?$deltatoken=x", 1},
        CostRow{"Groups", "/v1.0/groups", 1},
        CostRow{"Members", "/v1.0/groups/x/members", 3},
        CostRow{"MembersSelected", "/v1.0/groups/x/members?$select=id", 2},
        CostRow{"MembersExpanded", "/v1.0/groups/x/members?$expand=y", 4},
        CostRow{"SmallPage", "/v1.0/groups/x/members?$top=19", 2},
        CostRow{"LargePage", "/v1.0/groups/x/members?$top=20", 3},
        CostRow{"NeverBelowOne", "/v1.0/users?$select=id&$top=1", 1},
        CostRow{"TransitiveMembers", "/v1.0/groups/x/transitiveMembers", 5},
        CostRow{"CheckMemberGroups", "/v1.0/users/x/checkMemberGroups", 4},
        CostRow{"GetMemberGroups", "/v1.0/users/x/getMemberGroups", 2},
        CostRow{"MemberOf", "/v1.0/users/x/memberOf?$select=id", 1},
        CostRow{"GetByIds", "/v1.0/directoryObjects/getByIds", 5},
        CostRow{"GetByIdsSelected",
                "/v1.0/directoryObjects/getByIds?$select=id", 2},
        CostRow{"Organization", "/v1.0/organization", 1},
        CostRow{"ALink",
                "https://graph.test/v1.0/groups/x/members?%24SELECT=id&"
                "$skiptoken=y",
                2},
        CostRow{"NotAnOption", "/v1.0/groups/x/members?select=id", 3}),
    [](const auto& row) { return row.param.name; });

TEST(TenantPace, ABucketFullGoesAtOnceAndTheRestAtItsRate) {
  TenantPace pace({.budget = 100});
  EXPECT_EQ(pace.Take(60, kNoon), absl::ZeroDuration());
  EXPECT_EQ(pace.Take(40, kNoon), absl::ZeroDuration());
  EXPECT_EQ(pace.Take(10, kNoon), absl::Seconds(1));
  EXPECT_EQ(pace.Take(10, kNoon), absl::Seconds(2));  // In order.
  EXPECT_EQ(pace.Take(10, kNoon + absl::Seconds(5)), absl::ZeroDuration());
}

// Whatever is asked when: what went within any ten seconds fits into the
// bucket and what ran into it.
TEST(TenantPace, Section3_1_NeverGoesFasterThanTheQuota) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    constexpr double kBudget = 100;
    TenantPace pace({.budget = kBudget});
    absl::Time now = kNoon;
    double bucket = kBudget;  // Graph's.
    absl::Time filled = kNoon;
    for (int i = 0; i < 200; ++i) {
      now += absl::Milliseconds(random() % 1000);
      const double units = 1 + random() % 5;
      const absl::Time sent = now + pace.Take(units, now);
      now = sent;  // One request after the other.
      bucket = std::min(
          kBudget,
          bucket + kBudget * absl::ToDoubleSeconds(sent - filled) / 10);
      filled = sent;
      bucket -= units;
      ASSERT_GE(bucket, -1e-6) << "round " << round << ", request " << i;
    }
  }
}

TEST(TenantPace, WhatGraphChargedCounts) {
  TenantPace pace({.budget = 100});
  pace.Take(1, kNoon);
  pace.Learn({.estimated_units = 1, .units = 90}, kNoon);
  EXPECT_EQ(pace.recent_units(kNoon), 90);
  EXPECT_EQ(pace.Take(20, kNoon), absl::Seconds(1));
}

TEST(TenantPace, NonsenseAboutTheQuotaIsIgnored) {
  TenantPace pace;
  pace.Learn({.units = 1e12, .used = 1e12}, kNoon);
  pace.Learn({.units = -1, .used = -1}, kNoon);
  EXPECT_EQ(pace.recent_units(kNoon), 0);
  EXPECT_EQ(pace.used(kNoon), 0);
  EXPECT_EQ(pace.Take(1, kNoon), absl::ZeroDuration());
}

TEST(TenantPace, Section3_1_ARetryAfterHoldsEverybody) {
  TenantPace pace;
  pace.Learn({.refused = true, .hold_for = absl::Seconds(30)}, kNoon);
  // A shorter one that comes later shortens nothing.
  pace.Learn({.refused = true, .hold_for = absl::Seconds(1)},
             kNoon + absl::Seconds(2));
  EXPECT_EQ(pace.HeldUntil(kNoon + absl::Seconds(3)),
            kNoon + absl::Seconds(30));
}

TEST(TenantPace, Section3_1_SlowsDownAboveFourFifths) {
  TenantPace pace({.budget = 100});
  pace.Learn({.used = 0.8}, kNoon);
  EXPECT_EQ(pace.budget(kNoon), 100);
  pace.Learn({.used = 0.9}, kNoon);
  EXPECT_EQ(pace.used(kNoon), 0.9);
  EXPECT_EQ(pace.budget(kNoon), 50);
  EXPECT_GT(pace.Take(20, kNoon), absl::ZeroDuration());  // No burst any more.
  pace.Learn({.used = 1.2}, kNoon);
  EXPECT_EQ(pace.budget(kNoon), 25);
  const absl::Time later = kNoon + absl::Seconds(11);
  EXPECT_EQ(pace.used(later), 0);
  EXPECT_EQ(pace.budget(later), 100);
}

TEST(TenantPace, LearnsTheSizeOfTheTenantByBeingRefused) {
  TenantPace pace({.budget = 8'000});
  // Requests that were under way together are one refusal.
  for (int i = 0; i < 8; ++i) pace.Learn({.refused = true}, kNoon);
  EXPECT_EQ(pace.budget(kNoon), 4'000);
  pace.Learn({.refused = true}, kNoon + absl::Seconds(1));
  EXPECT_NEAR(pace.budget(kNoon + absl::Seconds(1)), 2'040, 1);
  for (int i = 2; i < 100; ++i) {
    pace.Learn({.refused = true}, kNoon + absl::Seconds(i));
  }
  EXPECT_GE(pace.budget(kNoon + absl::Seconds(99)), 160);  // Never to a halt.
  const absl::Time later = kNoon + absl::Minutes(5);
  pace.Take(1, later);
  EXPECT_EQ(pace.budget(later), 8'000);
}

TEST(TenantPace, CountsTheLastTenSeconds) {
  TenantPace pace;
  for (int i = 0; i < 25; ++i) pace.Take(2, kNoon + absl::Seconds(i));
  EXPECT_EQ(pace.recent_units(kNoon + absl::Seconds(24)), 20);
  EXPECT_EQ(pace.recent_units(kNoon + absl::Seconds(29)), 10);
  EXPECT_EQ(pace.recent_units(kNoon + absl::Minutes(5)), 0);
}

TEST(TenantPace, AClockThatIsSetBackProlongsNoHold) {
  TenantPace pace;
  pace.Learn({.used = 0.9, .hold_for = absl::Seconds(30)}, kNoon);
  const absl::Time then = kNoon - absl::Hours(24);
  EXPECT_EQ(pace.HeldUntil(then), then + absl::Seconds(30));
  EXPECT_EQ(pace.used(then + absl::Seconds(11)), 0);
}

TEST(TenantPace, AClockThatIsSetBackStopsNobody) {
  TenantPace pace({.budget = 100});
  pace.Take(10, kNoon);
  EXPECT_EQ(pace.Take(10, kNoon - absl::Hours(1)), absl::ZeroDuration());
  EXPECT_EQ(pace.Take(10, kNoon - absl::Minutes(59)), absl::ZeroDuration());
}

}  // namespace
}  // namespace rollcall::directory
