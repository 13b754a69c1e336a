// A consumer's place in an account's feed: a history and a sequence in it
// (B7, invariant 22). Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_FEED_CURSOR_H_
#define ROLLCALL_SERVICES_RECONCILIATION_FEED_CURSOR_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall::reconciliation {

// Both the id of event `sequence` and the cursor of a consumer who has it:
// `{incarnation}-{sequence}`.
std::string FeedCursor(absl::string_view incarnation, int64_t sequence);

// The sequence after which a consumer goes on; 0 for an empty cursor.
// INVALID_ARGUMENT, reason CURSOR_INVALID, for a text that is no cursor.
// FAILED_PRECONDITION, reason FEED_HISTORY_LOST, for a cursor of another
// history, or one that is ahead of the feed: the store has gone back.
absl::StatusOr<int64_t> ReadFeedCursor(absl::string_view cursor,
                                       absl::string_view incarnation,
                                       int64_t head_sequence);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_FEED_CURSOR_H_
