// Decides when a mail that was not accepted is tried again, and when no more.
// Pure.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_MAIL_SCHEDULE_H_
#define ROLLCALL_SERVICES_ENROLLMENT_MAIL_SCHEDULE_H_

#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace rollcall::enrollment {

// A mail is given up after this (RFC 5321 section 4.5.4.1: four to five days).
inline constexpr absl::Duration kGiveUpAfter = absl::Hours(4 * 24);

// When to try again after `attempt` (>= 1) tries; none: give up. `random` in
// [0, 1) spreads the tries of many mails.
absl::optional<absl::Time> NextAttempt(absl::Time create_time, int attempt,
                                       absl::Time now, double random);

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_MAIL_SCHEDULE_H_
