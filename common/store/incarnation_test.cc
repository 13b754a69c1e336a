#include "common/store/incarnation.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace rollcall::store {
namespace {

constexpr std::array<uint32_t, 3> kOnes = {0xffffffff, 0xffffffff, 0xffffffff};
constexpr std::array<uint32_t, 3> kZeros = {0, 0, 0};
const absl::Time kNow = absl::FromUnixMillis(0x0191'2345'6789);

TEST(Incarnation, IsAUuidOfVersion7) {
  EXPECT_EQ(NextIncarnation("", kNow, kZeros),
            "01912345-6789-7000-8000-000000000000");
  EXPECT_EQ(NextIncarnation("", kNow, kOnes),
            "01912345-6789-7fff-bfff-ffffffffffff");
}

TEST(Incarnation, GrowsWithTheClock) {
  const std::string before = NextIncarnation("", kNow, kOnes);
  EXPECT_GT(NextIncarnation(before, kNow + absl::Hours(1), kZeros), before);
}

TEST(Incarnation, GrowsAgainstTheClock) {
  std::string before = NextIncarnation("", kNow, kOnes);
  for (const absl::Time now :
       {kNow, kNow - absl::Hours(24 * 365 * 10), absl::InfinitePast()}) {
    const std::string next = NextIncarnation(before, now, kZeros);
    EXPECT_GT(next, before);
    before = next;
  }
}

TEST(Incarnation, FollowsOneThatIsOfNoOrder) {
  for (const char* previous :
       {"", "first", "f7c81d4e-6a3b-4f7a-9d52-0c1a2b3c4d5e",
        "xxxxxxxx-xxxx-7xxx-8xxx-xxxxxxxxxxxx"}) {
    EXPECT_EQ(NextIncarnation(previous, kNow, kZeros),
              "01912345-6789-7000-8000-000000000000")
        << previous;
  }
}

TEST(Incarnation, StaysAUuidWhenTheClockIsOutOfItsMind) {
  EXPECT_EQ(NextIncarnation("", absl::InfiniteFuture(), kZeros),
            "ffffffff-ffff-7000-8000-000000000000");
}

TEST(Incarnation, IsAnotherOneEachTime) {
  std::mt19937 random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(seen.insert(NextIncarnation("", kNow,
                                            {static_cast<uint32_t>(random()),
                                             static_cast<uint32_t>(random()),
                                             static_cast<uint32_t>(random())}))
                    .second);
  }
}

}  // namespace
}  // namespace rollcall::store
