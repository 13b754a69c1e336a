#include "common/crypto/time_ordered_ids.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/testing/simulated_clock.h"

namespace rollcall {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);

TEST(TimeOrderedIds, AreIdsAndGrowWhileTheClockStandsStill) {
  SimulatedClock clock(kNow);
  TimeOrderedIds ids(clock);
  std::string last;
  for (int i = 0; i < 100'000; ++i) {
    const std::string id = ids.Next();
    ASSERT_TRUE(IsValidId(id)) << id;
    ASSERT_EQ(id.size(), 20u);
    ASSERT_LT(last, id);
    last = id;
  }
}

TEST(TimeOrderedIds, GrowWithTheClockAndWhenItJumpsBack) {
  SimulatedClock clock(kNow);
  TimeOrderedIds ids(clock);
  const std::string first = ids.Next();
  clock.AdvanceTime(absl::Milliseconds(1));
  const std::string second = ids.Next();
  clock.AdvanceTime(-absl::Hours(10));
  const std::string third = ids.Next();
  clock.AdvanceTime(absl::Hours(24 * 365 * 100));
  const std::string fourth = ids.Next();
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_LT(third, fourth);
}

// Another process knows nothing of the ids of this one.
TEST(TimeOrderedIds, OfTwoSourcesGrowWithTheirClocks) {
  SimulatedClock clock(kNow);
  TimeOrderedIds one(clock), other(clock);
  const std::string first = one.Next();
  EXPECT_NE(first, other.Next());
  clock.AdvanceTime(absl::Milliseconds(1));
  EXPECT_LT(first, other.Next());
}

TEST(TimeOrderedIds, HaveALetterInFrontWhateverTheTime) {
  for (const absl::Time time :
       {absl::InfinitePast(), absl::UnixEpoch(), kNow,
        kNow + absl::Hours(24 * 365 * 500), absl::InfiniteFuture()}) {
    SimulatedClock clock(time);
    TimeOrderedIds ids(clock);
    const std::string id = ids.Next();
    EXPECT_TRUE(IsValidId(id)) << id;
    EXPECT_LT(id, ids.Next());
  }
}

TEST(TimeOrderedIds, DifferOnEveryThread) {
  SimulatedClock clock(kNow);
  TimeOrderedIds ids(clock);
  constexpr int kEach = 5'000;
  std::vector<std::vector<std::string>> drawn(4);
  std::vector<std::thread> threads;
  for (auto& mine : drawn) {
    threads.emplace_back([&ids, &mine] {
      for (int i = 0; i < kEach; ++i) mine.push_back(ids.Next());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : drawn) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 4u * kEach);
}

}  // namespace
}  // namespace rollcall
