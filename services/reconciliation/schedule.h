// Decides when a directory is read without anybody asking for it: everything
// once a day (R68, R69, A25), changes every few minutes (B6). Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_SCHEDULE_H_
#define ROLLCALL_SERVICES_RECONCILIATION_SCHEDULE_H_

#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace rollcall::reconciliation {

// What is remembered of a directory.
struct ScheduleFacts {
  int slot_second = 0;  // The second of the day, in UTC, drawn once.
  // The last daily instant that was served.
  absl::Time last_slot;
  // When changes were last asked for, and how often they are to be.
  absl::Time last_poll;
  absl::Duration polling_interval = absl::Minutes(5);
  bool has_cursor = false;  // Everything was read at least once.
  // Set: everything has to be read anew, but not before.
  absl::optional<absl::Time> full_retry;
};

enum class Due { kNothing, kChanges, kFull };

struct ScheduleVerdict {
  Due due = Due::kNothing;
  // The daily instant that a full run serves.
  absl::Time slot;
};

// The last daily instant that is not after `now`.
absl::Time LatestSlot(int slot_second, absl::Time now);

// However many slots were missed, one run serves them all. A time of the past
// that lies in the future was written before the clock was set back, and counts
// as long ago for changes, and as today's for the daily run: neither a storm
// nor a standstill comes of a clock that jumps.
ScheduleVerdict JudgeSchedule(const ScheduleFacts& facts, absl::Time now);

// When everything is read next, and when changes are asked for next; none: not
// before everything was read once. Never before `now`.
absl::Time NextFull(const ScheduleFacts& facts, absl::Time now);
absl::optional<absl::Time> NextPoll(const ScheduleFacts& facts, absl::Time now);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_SCHEDULE_H_
