#include "services/authorization/client.h"

#include "gtest/gtest.h"

namespace rollcall::authorization {
namespace {

const absl::Time kNoon = absl::FromUnixSeconds(1772366400);

TEST(RetryAfter, IsSecondsOrADate) {
  EXPECT_EQ(ParseRetryAfter("0", kNoon), absl::ZeroDuration());
  EXPECT_EQ(ParseRetryAfter("120", kNoon), absl::Seconds(120));
  EXPECT_EQ(ParseRetryAfter("1.5", kNoon), absl::Milliseconds(1500));
  EXPECT_EQ(ParseRetryAfter("Sun, 01 Mar 2026 12:00:30 GMT", kNoon),
            absl::Seconds(30));
}

TEST(RetryAfter, IsNeverNegativeAndNeverForEver) {
  EXPECT_EQ(ParseRetryAfter("-5", kNoon), absl::ZeroDuration());
  EXPECT_EQ(ParseRetryAfter("1e300", kNoon), absl::Hours(1));
  EXPECT_EQ(ParseRetryAfter("Sun, 01 Mar 2020 12:00:30 GMT", kNoon),
            absl::ZeroDuration());
  EXPECT_EQ(ParseRetryAfter("Sun, 01 Mar 2099 12:00:30 GMT", kNoon),
            absl::Hours(1));
}

TEST(RetryAfter, NonsenseIsNone) {
  for (const char* text : {"", "soon", "nan", "inf", "12:00"}) {
    EXPECT_EQ(ParseRetryAfter(text, kNoon), absl::nullopt) << text;
  }
}

}  // namespace
}  // namespace rollcall::authorization
