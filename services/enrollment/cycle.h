// Decides where a user's cycle of enrollment stands, and when the next begins
// (R83, R86 to R88). Pure.
//
// Reminders (R84, R85) will be computed from `issue_time` here too: they belong
// to a cycle and never move its end.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_CYCLE_H_
#define ROLLCALL_SERVICES_ENROLLMENT_CYCLE_H_

#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace rollcall::enrollment {

// How long a link is valid from its issue (R83).
inline constexpr absl::Duration kLinkLifetime = absl::Hours(30 * 24);

struct Cycle {
  int number = 1;  // 1, 2, 3 ...
  absl::Time issue_time;
  absl::Time expire_time;
  // How it ended before its time.
  enum class End { kNone, kRevoked, kCompleted } end = End::kNone;
};

enum class CycleState { kPending, kExpired, kRevoked, kCompleted };

// At `expire_time` itself a link is expired already.
CycleState StateAt(const Cycle& cycle, absl::Time now);

// The cycle that an eligible user gets when a run ends at `now`; none while the
// present one is good. `latest` is the user's latest cycle, if there was any.
absl::optional<Cycle> NextCycle(const absl::optional<Cycle>& latest,
                                absl::Time now);

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_CYCLE_H_
