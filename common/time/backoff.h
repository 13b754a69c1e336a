// Says how long to wait before try n: exponential, with full jitter, capped.
// Pure.
#ifndef ROLLCALL_COMMON_TIME_BACKOFF_H_
#define ROLLCALL_COMMON_TIME_BACKOFF_H_

#include "absl/time/time.h"

namespace rollcall {

struct BackoffPolicy {
  absl::Duration initial = absl::Seconds(1);
  absl::Duration maximum = absl::Seconds(60);
  double multiplier = 2.0;
};

// The wait before try `attempt` + 1, after `attempt` (>= 1) tries have failed.
// `random` in [0, 1) spreads it over the upper half of the exponential step, so
// that callers do not come back together and none comes back at once.
absl::Duration BackoffDelay(const BackoffPolicy& policy, int attempt,
                            double random);

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_TIME_BACKOFF_H_
