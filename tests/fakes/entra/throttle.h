// Resource units, by which Graph limits directory requests (section 3.1 of
// the protocol specification).

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_THROTTLE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_THROTTLE_H_

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "tests/fakes/entra/odata.h"

namespace rollcall::entra {

// What a request costs; the segments are those below /v1.0, decoded.
int64_t ResourceUnits(absl::Span<const std::string> segments,
                      const QueryOptions& options);

// What one application may use of a tenant of this size in ten seconds.
int64_t UnitsOfTenant(int64_t users);

// A bucket of units for the one application in the one tenant. Without a limit
// until one is set. Thread-safe.
class ThrottleBudget {
 public:
  // Fills the bucket; 0: without limit.
  void SetLimit(int64_t units_per_ten_seconds);

  struct Verdict {
    bool refused = false;
    absl::Duration retry_after;  // when there will be enough again
    double used = 0;  // share of the limit, this request included: up to 1.8
  };
  // A refused request counts, too.
  Verdict Charge(int64_t units, absl::Time now);

  int64_t total() const;

 private:
  mutable absl::Mutex mutex_;
  double limit_ ABSL_GUARDED_BY(mutex_) = 0;
  // Negative after refused requests.
  double left_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t total_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time filled_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_THROTTLE_H_
