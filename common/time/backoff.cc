#include "common/time/backoff.h"

#include <algorithm>
#include <cmath>

namespace rollcall {

absl::Duration BackoffDelay(const BackoffPolicy& policy, int attempt,
                            double random) {
  // Overflows to infinity, never to less: the minimum puts it right.
  const double factor = std::pow(policy.multiplier, std::max(attempt, 1) - 1);
  const absl::Duration step = std::min(policy.initial * factor, policy.maximum);
  return step * (0.5 + random / 2);
}

}  // namespace rollcall
