#include "services/reconciliation/guard.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace rollcall::reconciliation {
namespace {

TEST(Guard, B2_HoldsOnlyWhatIsOverBothFigures) {
  struct Case {
    const char* what;
    int64_t rows, live;
    Limit limit;
    bool held;
  };
  const Case cases[] = {
      {"nothing", 0, 100, {}, false},
      {"five of five are still few", 5, 5, {}, false},
      {"six of fifty-nine are over ten percent", 6, 59, {}, true},
      {"six of sixty are ten percent, not more", 6, 60, {}, false},
      {"a tenth of a million", 100'000, 1'000'000, {}, false},
      {"one more", 100'001, 1'000'000, {}, true},
      {"all of them", 1'000'000, 1'000'000, {}, true},
      {"rows of a directory that had none", 6, 0, {}, true},
      {"no percent is allowed, but two rows are", 2, 100, {0, 2}, false},
      {"three are not", 3, 100, {0, 2}, true},
      {"half is not more than half", 50, 100, {50, 0}, false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(IsOver(c.rows, c.live, c.limit), c.held) << c.what;
  }
}

// No limit is a switch to turn the guard off.
TEST(Guard, B2_MostOfWhatThereIsIsHeldWhateverTheLimits) {
  const Limit loosest = {.percent = 100, .count = 1'000'000};
  for (const Limit& limit :
       {loosest, Limit{100, 0}, Limit{0, 1'000'000}, Limit{51, 7}}) {
    const auto held = [&](int64_t rows, int64_t live) {
      const auto facts = Judge({{Danger::kRemoved, rows, 0, live, limit}});
      if (facts.empty()) return false;
      EXPECT_EQ(facts[0].limit, kHighestLimit);
      return true;
    };
    EXPECT_TRUE(held(6, 6));
    EXPECT_TRUE(held(6, 11));
    EXPECT_FALSE(held(5, 5));
  }
  EXPECT_TRUE(
      Judge({{Danger::kRemoved, 500'000, 0, 1'000'000, loosest}}).empty());
  EXPECT_FALSE(
      Judge({{Danger::kRemoved, 500'001, 0, 1'000'000, loosest}}).empty());
}

TEST(Guard, B2_WhatWasTakenWithinADayCountsToo) {
  EXPECT_TRUE(Judge({{Danger::kRemoved, 1, 9, 100, {}}}).empty());
  EXPECT_FALSE(Judge({{Danger::kRemoved, 1, 10, 100, {}}}).empty());
  // What is done is done: there is nothing to hold.
  EXPECT_TRUE(Judge({{Danger::kRemoved, 0, 90, 100, {}}}).empty());
}

TEST(Guard, B2_JudgesEachDangerByItself) {
  const auto held = Judge({{Danger::kRemoved, 50, 0, 100, {}},
                           {Danger::kDisabled, 3, 0, 100, {}},
                           {Danger::kMerged, 11, 0, 100, {}}});
  ASSERT_EQ(held.size(), 2u);
  EXPECT_EQ(held[0].danger, Danger::kRemoved);
  EXPECT_EQ(held[1].danger, Danger::kMerged);
}

}  // namespace
}  // namespace rollcall::reconciliation
