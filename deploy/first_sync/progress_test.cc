#include "deploy/first_sync/progress.h"

#include "gtest/gtest.h"

namespace rollcall::deploy {
namespace {

const absl::Time kNoon = absl::FromUnixSeconds(1772366400);

TEST(ProgressLine, ShowsRateAndTimeLeftOnceItKnowsThem) {
  ProgressLine line;
  EXPECT_EQ(line.Render({"applying", 0, 10000, kNoon}),
            "applying   [........................]   0 %  0 of 10,000");
  EXPECT_EQ(line.Render({"applying", 2500, 10000, kNoon + absl::Seconds(5)}),
            "applying   [######..................]  25 %  2,500 of 10,000"
            "  500/s  15 s left");
}

TEST(ProgressLine, CountsTheRateFromWhereThePhaseWasFirstSeen) {
  ProgressLine line;
  line.Render({"applying", 5000, 10000, kNoon});
  EXPECT_EQ(line.Render({"applying", 10000, 10000, kNoon + absl::Seconds(10)}),
            "applying   [########################] 100 %  10,000 of 10,000"
            "  500/s");
}

TEST(ProgressLine, CountsUpWhileTheTotalIsUnknown) {
  ProgressLine line;
  EXPECT_EQ(line.Render({"reading", 42, 0, kNoon}), "reading    42");
}

TEST(ProgressLine, NeverDrawsBeyondTheBar) {
  ProgressLine line;
  EXPECT_EQ(line.Render({"reading", 30, 20, kNoon}),
            "reading    [########################] 100 %  30 of 20");
}

TEST(WithThousands, GroupsDigits) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999), "999");
  EXPECT_EQ(WithThousands(1000), "1,000");
  EXPECT_EQ(WithThousands(-1234567), "-1,234,567");
}

}  // namespace
}  // namespace rollcall::deploy
