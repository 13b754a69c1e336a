// A consumer's place in an account's feed: a history, a sequence in it, and
// how far a snapshot has come (B7, invariant 22). Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_FEED_CURSOR_H_
#define ROLLCALL_SERVICES_RECONCILIATION_FEED_CURSOR_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall::reconciliation {

// What a consumer has, and so what comes next.
struct FeedPlace {
  enum class Phase { kGroups, kUsers, kEvents };

  // Events up to this one are done; of a snapshot: are in what it shows.
  int64_t sequence = 0;
  Phase phase = Phase::kEvents;
  // The last group or user that a snapshot has shown; empty: none yet.
  std::string after;
  // Tells the event `sequence` from another one in its place; 0: not known.
  uint32_t check = 0;

  friend bool operator==(const FeedPlace&, const FeedPlace&) = default;
};

// What a feed has: the events after `dropped_sequence`, up to `head_sequence`.
struct FeedBounds {
  int64_t dropped_sequence = 0;
  int64_t head_sequence = 0;
};

// The id of an event, and the plainest cursor: `{incarnation}-{sequence}`.
std::string FeedCursor(absl::string_view incarnation, int64_t sequence);

// FAILED_PRECONDITION, reason FEED_CURSOR_EXPIRED, if an event after `sequence`
// is no longer kept.
absl::Status CheckKept(int64_t sequence, const FeedBounds& bounds);

// The cursors of one history under one filter; its digest is empty if there is
// none, and has letters and digits only. A value.
class FeedCursors {
 public:
  FeedCursors(std::string incarnation, std::string filter_digest)
      : incarnation_(std::move(incarnation)),
        filter_digest_(std::move(filter_digest)) {}

  // `{incarnation}-{sequence}`, then `~c{check}` in hexadecimal, then
  // `~f{digest}` of a filter, then `~g{id}` or `~u{id}` in a snapshot.
  std::string Write(const FeedPlace& place) const;

  // INVALID_ARGUMENT, reason CURSOR_INVALID, for a text that is no cursor;
  // reason CURSOR_FILTER_MISMATCH for one of another filter.
  // FAILED_PRECONDITION, reason FEED_HISTORY_LOST, for a cursor of another
  // history, or one that is ahead of the feed: the store has gone back; reason
  // FEED_CURSOR_EXPIRED as in CheckKept.
  absl::StatusOr<FeedPlace> Read(absl::string_view cursor,
                                 const FeedBounds& bounds) const;

  // FAILED_PRECONDITION, reason FEED_HISTORY_LOST, if the event at the place is
  // another one now, whose check is `kept` (0: it is not kept): the store has
  // gone back, and on again.
  absl::Status CheckSame(const FeedPlace& place, uint32_t kept,
                         const FeedBounds& bounds) const;

 private:
  absl::Status HistoryLost(const FeedBounds& bounds) const;

  std::string incarnation_;
  std::string filter_digest_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_FEED_CURSOR_H_
