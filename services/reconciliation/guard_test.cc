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
      {"all percent are allowed", 100, 100, {100, 0}, false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(IsOver(c.rows, c.live, c.limit), c.held) << c.what;
  }
}

TEST(Guard, B2_JudgesEachDangerByItself) {
  const auto held = Judge({{Danger::kRemoved, 50, 100, {}},
                           {Danger::kDisabled, 3, 100, {}},
                           {Danger::kMerged, 11, 100, {}}});
  ASSERT_EQ(held.size(), 2u);
  EXPECT_EQ(held[0].danger, Danger::kRemoved);
  EXPECT_EQ(held[1].danger, Danger::kMerged);
}

}  // namespace
}  // namespace rollcall::reconciliation
