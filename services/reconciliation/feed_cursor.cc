#include "services/reconciliation/feed_cursor.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::reconciliation {
namespace {

constexpr char kPartSeparator = '~';

absl::Status NoCursor() {
  return InvalidArgument("CURSOR_INVALID",
                         "The cursor is not one that this feed has given.",
                         {{"field", "cursor"}});
}

}  // namespace

std::string FeedCursor(absl::string_view incarnation, int64_t sequence) {
  return absl::StrCat(incarnation, "-", sequence);
}

absl::Status CheckKept(int64_t sequence, const FeedBounds& bounds) {
  if (sequence >= bounds.dropped_sequence) return absl::OkStatus();
  return FailedPrecondition(
      "FEED_CURSOR_EXPIRED",
      absl::StrCat("The events after ", sequence, " are kept from ",
                   bounds.dropped_sequence + 1, " on only; take a snapshot."),
      {{"sequence", absl::StrCat(sequence)},
       {"first_sequence", absl::StrCat(bounds.dropped_sequence + 1)}});
}

std::string FeedCursors::Write(const FeedPlace& place) const {
  std::string cursor = FeedCursor(incarnation_, place.sequence);
  if (place.check != 0) {
    absl::StrAppend(&cursor, "~c", absl::Hex(place.check, absl::kZeroPad8));
  }
  if (!filter_digest_.empty()) {
    absl::StrAppend(&cursor, "~f", filter_digest_);
  }
  switch (place.phase) {
    case FeedPlace::Phase::kGroups:
      absl::StrAppend(&cursor, "~g", place.after);
      break;
    case FeedPlace::Phase::kUsers:
      absl::StrAppend(&cursor, "~u", place.after);
      break;
    case FeedPlace::Phase::kEvents:
      break;
  }
  return cursor;
}

absl::Status FeedCursors::HistoryLost(const FeedBounds& bounds) const {
  return FailedPrecondition(
      "FEED_HISTORY_LOST",
      "The cursor belongs to a history that this feed no longer has; begin "
      "again with a snapshot.",
      {{"incarnation", incarnation_},
       {"head_sequence", absl::StrCat(bounds.head_sequence)}});
}

absl::Status FeedCursors::CheckSame(const FeedPlace& place, uint32_t kept,
                                    const FeedBounds& bounds) const {
  const bool is_same = place.check == 0 || kept == 0 || place.check == kept;
  return is_same ? absl::OkStatus() : HistoryLost(bounds);
}

absl::StatusOr<FeedPlace> FeedCursors::Read(absl::string_view cursor,
                                            const FeedBounds& bounds) const {
  FeedPlace place;
  if (cursor.empty()) {
    RETURN_IF_ERROR(CheckKept(0, bounds));
    return place;
  }
  const std::vector<absl::string_view> parts =
      absl::StrSplit(cursor, kPartSeparator);
  const size_t dash = parts[0].rfind('-');
  if (dash == absl::string_view::npos || dash == 0 ||
      !absl::SimpleAtoi(parts[0].substr(dash + 1), &place.sequence) ||
      place.sequence < 0) {
    return NoCursor();
  }
  size_t part = 1;
  if (part < parts.size() && absl::StartsWith(parts[part], "c") &&
      !absl::SimpleHexAtoi(parts[part++].substr(1), &place.check)) {
    return NoCursor();
  }
  absl::string_view digest;
  if (part < parts.size() && absl::StartsWith(parts[part], "f")) {
    digest = parts[part++].substr(1);
  }
  if (part < parts.size()) {
    if (absl::StartsWith(parts[part], "g")) {
      place.phase = FeedPlace::Phase::kGroups;
    } else if (absl::StartsWith(parts[part], "u")) {
      place.phase = FeedPlace::Phase::kUsers;
    } else {
      return NoCursor();
    }
    place.after = std::string(parts[part++].substr(1));
  }
  if (part != parts.size()) return NoCursor();
  if (parts[0].substr(0, dash) != incarnation_ ||
      place.sequence > bounds.head_sequence) {
    return HistoryLost(bounds);
  }
  if (digest != filter_digest_) {
    return InvalidArgument(
        "CURSOR_FILTER_MISMATCH",
        "The cursor was made under another filter; take a snapshot under this "
        "one.",
        {{"field", "cursor"}});
  }
  RETURN_IF_ERROR(CheckKept(place.sequence, bounds));
  return place;
}

}  // namespace rollcall::reconciliation
