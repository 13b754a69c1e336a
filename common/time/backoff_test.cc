// Proves that waits grow, stay below their cap, and are spread.
#include "common/time/backoff.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rollcall {
namespace {

constexpr double kLeast = 0;
const double kMost = std::nextafter(1.0, 0.0);

TEST(Backoff, DoublesFromTheFirstWait) {
  const BackoffPolicy policy;
  EXPECT_EQ(BackoffDelay(policy, 1, kLeast), absl::Milliseconds(500));
  EXPECT_EQ(BackoffDelay(policy, 2, kLeast), absl::Seconds(1));
  EXPECT_EQ(BackoffDelay(policy, 3, kLeast), absl::Seconds(2));
  EXPECT_EQ(BackoffDelay(policy, 6, kLeast), absl::Seconds(16));
}

TEST(Backoff, IsSpreadOverTheUpperHalfOfItsStep) {
  const BackoffPolicy policy{.initial = absl::Seconds(10)};
  EXPECT_EQ(BackoffDelay(policy, 1, kLeast), absl::Seconds(5));
  EXPECT_EQ(BackoffDelay(policy, 1, 0.5), absl::Milliseconds(7500));
  EXPECT_GT(BackoffDelay(policy, 1, kMost), absl::Milliseconds(9999));
  EXPECT_LE(BackoffDelay(policy, 1, kMost), absl::Seconds(10));
}

TEST(Backoff, NeverPassesItsCapNorReturnsAtOnce) {
  const BackoffPolicy policy;
  for (const int attempt :
       {7, 64, 1024, 100000, std::numeric_limits<int>::max()}) {
    EXPECT_EQ(BackoffDelay(policy, attempt, kLeast), absl::Seconds(30));
    EXPECT_LE(BackoffDelay(policy, attempt, kMost), absl::Seconds(60));
  }
}

TEST(Backoff, TakesNoTryForTheFirst) {
  const BackoffPolicy policy;
  for (const int attempt : {0, -1, std::numeric_limits<int>::min()}) {
    EXPECT_EQ(BackoffDelay(policy, attempt, kLeast),
              BackoffDelay(policy, 1, kLeast));
  }
}

TEST(Backoff, CanBeConstant) {
  const BackoffPolicy policy{.multiplier = 1.0};
  EXPECT_EQ(BackoffDelay(policy, 100, kLeast), absl::Milliseconds(500));
}

}  // namespace
}  // namespace rollcall
