#include "services/reconciliation/feed_cursor.h"

#include <cstdint>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::reconciliation {
namespace {

using ::rollcall::testing::StatusIs;
using Phase = FeedPlace::Phase;

// An incarnation with hyphens of its own, as a UUID has.
constexpr char kHistory[] = "6b1f8a52-0c1d-4e53";

FeedCursors Cursors(const std::string& filter = "") {
  return FeedCursors(kHistory, filter);
}

TEST(FeedCursor, B7_LeadsBackToItsPlace) {
  constexpr int64_t kFar = int64_t{1} << 40;
  for (const char* filter : {"", "0a1b"}) {
    for (const FeedPlace& place :
         {FeedPlace{0}, FeedPlace{1}, FeedPlace{kFar},
          FeedPlace{7, Phase::kGroups, ""}, FeedPlace{7, Phase::kGroups, "g-1"},
          FeedPlace{7, Phase::kUsers, ""}, FeedPlace{7, Phase::kUsers, "f9"},
          FeedPlace{1, Phase::kEvents, "", 0xab},
          FeedPlace{7, Phase::kUsers, "cafe", 0xffffffff}}) {
      const std::string cursor = Cursors(filter).Write(place);
      ASSERT_OK_AND_ASSIGN(const FeedPlace read,
                           Cursors(filter).Read(cursor, {0, kFar}));
      EXPECT_EQ(read, place) << cursor;
    }
  }
  ASSERT_OK_AND_ASSIGN(const FeedPlace begin, Cursors().Read("", {0, 7}));
  EXPECT_EQ(begin, FeedPlace());
}

TEST(FeedCursor, B7_AHistoryThatWentBackIsNoticed) {
  EXPECT_THAT(
      Cursors().Read(Cursors().Write({8}), {0, 7}),
      StatusIs(absl::StatusCode::kFailedPrecondition, "FEED_HISTORY_LOST"));
  EXPECT_THAT(
      Cursors().Read(FeedCursors("other", "").Write({1}), {0, 7}),
      StatusIs(absl::StatusCode::kFailedPrecondition, "FEED_HISTORY_LOST"));
  EXPECT_THAT(
      Cursors().Read(Cursors().Write({8, Phase::kUsers, "u1"}), {0, 7}),
      StatusIs(absl::StatusCode::kFailedPrecondition, "FEED_HISTORY_LOST"));
}

// It has gone back, and on again, further than the cursor: only the event
// tells.
TEST(FeedCursor, Invariant22_AnotherEventInItsPlaceIsAnotherHistory) {
  const FeedPlace place{.sequence = 5, .check = 0xab};
  const FeedBounds bounds{0, 7};
  EXPECT_OK(Cursors().CheckSame(place, 0xab, bounds));
  EXPECT_THAT(
      Cursors().CheckSame(place, 0xac, bounds),
      StatusIs(absl::StatusCode::kFailedPrecondition, "FEED_HISTORY_LOST"));
  // An event that is not kept, and a cursor of an earlier version.
  EXPECT_OK(Cursors().CheckSame(place, 0, bounds));
  EXPECT_OK(Cursors().CheckSame(FeedPlace{5}, 0xac, bounds));
}

TEST(FeedCursor, B7_ACursorExpiresWithTheEventAfterIt) {
  EXPECT_OK(Cursors().Read(Cursors().Write({5}), {5, 7}).status());
  const auto expired =
      StatusIs(absl::StatusCode::kFailedPrecondition, "FEED_CURSOR_EXPIRED");
  EXPECT_THAT(Cursors().Read(Cursors().Write({4}), {5, 7}), expired);
  EXPECT_THAT(Cursors().Read(Cursors().Write({4, Phase::kGroups, ""}), {5, 7}),
              expired);
  EXPECT_THAT(Cursors().Read("", {5, 7}), expired);
}

TEST(FeedCursor, B7_ACursorBelongsToItsFilter) {
  const auto mismatch =
      StatusIs(absl::StatusCode::kInvalidArgument, "CURSOR_FILTER_MISMATCH");
  EXPECT_THAT(Cursors("aa").Read(Cursors().Write({1}), {0, 7}), mismatch);
  EXPECT_THAT(Cursors().Read(Cursors("aa").Write({1}), {0, 7}), mismatch);
  EXPECT_THAT(Cursors("ab").Read(Cursors("aa").Write({1}), {0, 7}), mismatch);
}

TEST(FeedCursor, B7_WhatIsNoCursorIsInvalid) {
  for (const char* text :
       {"x", "-1", "a-", "a-b", "a-1 x", "a-99999999999999999999", "a-1~",
        "a-1~x", "a-1~c", "a-1~cx", "a-1~c1ffffffff", "~g1", "a-1~g1~u2",
        "a-1~g1~fa", "a-1~fa~ga~"}) {
    EXPECT_THAT(Cursors().Read(text, {0, 7}),
                StatusIs(absl::StatusCode::kInvalidArgument, "CURSOR_INVALID"))
        << text;
  }
}

}  // namespace
}  // namespace rollcall::reconciliation
