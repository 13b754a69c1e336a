#include "services/enrollment/mail_schedule.h"

#include "common/time/backoff.h"

namespace rollcall::enrollment {
namespace {

// Greylisting servers accept after some minutes; RFC 5321 asks for half an hour
// between tries after the first few.
constexpr BackoffPolicy kTries = {
    .initial = absl::Minutes(1), .maximum = absl::Hours(1), .multiplier = 2.0};

}  // namespace

absl::optional<absl::Time> NextAttempt(absl::Time create_time, int attempt,
                                       absl::Time now, double random) {
  const absl::Time next = now + BackoffDelay(kTries, attempt, random);
  if (next >= create_time + kGiveUpAfter) return absl::nullopt;
  return next;
}

}  // namespace rollcall::enrollment
