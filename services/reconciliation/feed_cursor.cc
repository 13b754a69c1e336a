#include "services/reconciliation/feed_cursor.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"

namespace rollcall::reconciliation {

std::string FeedCursor(absl::string_view incarnation, int64_t sequence) {
  return absl::StrCat(incarnation, "-", sequence);
}

absl::StatusOr<int64_t> ReadFeedCursor(absl::string_view cursor,
                                       absl::string_view incarnation,
                                       int64_t head_sequence) {
  if (cursor.empty()) return 0;
  const size_t dash = cursor.rfind('-');
  int64_t sequence = 0;
  if (dash == absl::string_view::npos || dash == 0 ||
      !absl::SimpleAtoi(cursor.substr(dash + 1), &sequence) || sequence < 0) {
    return InvalidArgument("CURSOR_INVALID",
                           "The cursor is not one that this feed has given.",
                           {{"field", "cursor"}});
  }
  if (cursor.substr(0, dash) != incarnation || sequence > head_sequence) {
    return FailedPrecondition(
        "FEED_HISTORY_LOST",
        "The cursor belongs to a history that this feed no longer has; begin "
        "again from an empty cursor.",
        {{"incarnation", std::string(incarnation)},
         {"head_sequence", absl::StrCat(head_sequence)}});
  }
  return sequence;
}

}  // namespace rollcall::reconciliation
