#include "services/reconciliation/feed_cursor.h"

#include <cstdint>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::reconciliation {
namespace {

using ::rollcall::testing::StatusIs;

// An incarnation with hyphens of its own, as a UUID has.
constexpr char kHistory[] = "6b1f8a52-0c1d-4e53";

TEST(FeedCursor, B7_LeadsBackToItsSequence) {
  for (int64_t sequence : {int64_t{0}, int64_t{1}, int64_t{1} << 40}) {
    ASSERT_OK_AND_ASSIGN(const int64_t read,
                         ReadFeedCursor(FeedCursor(kHistory, sequence),
                                        kHistory, int64_t{1} << 40));
    EXPECT_EQ(read, sequence);
  }
  ASSERT_OK_AND_ASSIGN(const int64_t begin, ReadFeedCursor("", kHistory, 7));
  EXPECT_EQ(begin, 0);
}

TEST(FeedCursor, B7_AHistoryThatWentBackIsNoticed) {
  EXPECT_THAT(
      ReadFeedCursor(FeedCursor(kHistory, 8), kHistory, 7),
      StatusIs(absl::StatusCode::kFailedPrecondition, "FEED_HISTORY_LOST"));
  EXPECT_THAT(
      ReadFeedCursor(FeedCursor("other", 1), kHistory, 7),
      StatusIs(absl::StatusCode::kFailedPrecondition, "FEED_HISTORY_LOST"));
}

TEST(FeedCursor, B7_WhatIsNoCursorIsInvalid) {
  for (const char* text :
       {"x", "-1", "a-", "a-b", "a-1 x", "a-99999999999999999999"}) {
    EXPECT_THAT(ReadFeedCursor(text, kHistory, 7),
                StatusIs(absl::StatusCode::kInvalidArgument, "CURSOR_INVALID"))
        << text;
  }
}

}  // namespace
}  // namespace rollcall::reconciliation
