#include "services/directory/audit_plan.h"

#include <algorithm>
#include <string>

#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

const absl::Time kNoon = absl::FromUnixSeconds(1'760'000'000);

// When the cycle that begins at noon has ended, if somebody looks once a
// period, and each slice takes its time.
absl::Time EndOfCycle(const AuditSize& size, absl::Duration a_slice) {
  AuditProgress progress{.cycle_start = kNoon};
  for (absl::Time now = kNoon; now < kNoon + absl::Hours(48);
       now += kAuditPeriod) {
    for (int i = 0; i < kMaxSlicesPerTurn; ++i) {
      if (!IsSliceDue(size, progress, now)) break;
      if (progress.slices == SliceCount(size)) return now;
      progress.last_slice = now;
      ++progress.slices;
      now += a_slice;
    }
  }
  return absl::InfiniteFuture();
}

TEST(AuditPlan, B6_AWholeRoundTakesLessThanADay) {
  struct Case {
    std::string name;
    AuditSize size;
    absl::Duration a_slice;
  };
  const Case cases[] = {
      {"one of each", {1, 1}, absl::Seconds(1)},
      {"a thousand users and fifty groups", {50, 1'000}, absl::Seconds(1)},
      {"a million users and 400 groups", {400, 1'000'000}, absl::Seconds(2)},
      {"the same, far away", {400, 1'000'000}, absl::Seconds(20)},
      {"very many groups", {100'000, 5}, absl::Minutes(10)},
      {"very many of both", {100'000, 1'000'000}, absl::Minutes(10)},
      {"as many users as are read at all", {400, 16'000'000}, absl::Seconds(2)},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    const absl::Duration took = EndOfCycle(each.size, each.a_slice) - kNoon;
    EXPECT_LE(took, absl::Hours(22));
    EXPECT_GE(took, kAuditCycle);
  }
}

TEST(AuditPlan, B6_TheFirstSliceIsDueAtOnceAndTheNextOneInTurn) {
  const AuditSize size{.groups = 19, .users = 1000};  // One an hour.
  EXPECT_TRUE(IsSliceDue(size, {}, kNoon));
  const AuditProgress first{
      .cycle_start = kNoon, .last_slice = kNoon, .slices = 1};
  EXPECT_FALSE(
      IsSliceDue(size, first, kNoon + absl::Hours(1) - absl::Seconds(1)));
  EXPECT_TRUE(IsSliceDue(size, first, kNoon + absl::Hours(1)));
}

TEST(AuditPlan, B6_ASliceThatCameLateDoesNotDelayTheNextOne) {
  const AuditSize size{.groups = 19, .users = 1000};
  const absl::Time late = kNoon + absl::Hours(5) + absl::Minutes(30);
  AuditProgress progress{.cycle_start = kNoon, .last_slice = late};
  for (progress.slices = 0; progress.slices < 6; ++progress.slices) {
    EXPECT_TRUE(IsSliceDue(size, progress, late)) << progress.slices;
  }
  EXPECT_FALSE(IsSliceDue(size, progress, late));
}

TEST(AuditPlan, B6_SlicesThatHadToBeRepeatedDoNotDelayTheNextCycle) {
  EXPECT_EQ(NextSliceDue({1, 1}, {.cycle_start = kNoon, .slices = 17}),
            kNoon + kAuditCycle);
}

TEST(AuditPlan, B6_VeryManyGroupsShareSlices) {
  EXPECT_EQ(GroupsPerSlice(0), 1);
  EXPECT_EQ(GroupsPerSlice(400), 1);
  EXPECT_EQ(GroupsPerSlice(401), 2);
  EXPECT_EQ(GroupsPerSlice(100'000), 2'000);
  EXPECT_EQ(UsersPerSlice({400, 1'000'000}), 1'000);
  EXPECT_EQ(UsersPerSlice({100'000, 1'001}), 1'000);
  EXPECT_EQ(SliceCount({100'000, 1'001}), 52);
}

// Each slice costs a round, and a round a request for each fifty groups.
TEST(AuditPlan, B6_TheRoundsOfACycleCostNoMoreThanWhatItVerifies) {
  for (const int64_t users : {1'000, 1'000'000}) {
    for (const int64_t groups :
         {1, 50, 400, 1'000, 2'500, 10'000, 50'000, 100'000}) {
      const AuditSize size{groups, users};
      const int64_t round = 1 + (groups + 49) / 50;
      EXPECT_LE(SliceCount(size) * round,
                2 * std::max<int64_t>(20'000, groups + 50))
          << groups << " groups, " << users << " users";
      EXPECT_LE(UsersPerSlice(size), 20'000);
    }
  }
}

TEST(AuditPlan, AClockPutBackDoesNotStopIt) {
  EXPECT_TRUE(IsSliceDue({1, 1}, {.cycle_start = kNoon, .last_slice = kNoon},
                         kNoon - absl::Hours(48)));
}

TEST(AuditPlan, AnEmptyMirrorIsNoDivisionByZero) {
  EXPECT_EQ(SliceCount({}), 1);
}

}  // namespace
}  // namespace rollcall::directory
