// Resource units, by which Graph limits directory requests (section 3.1 of
// the protocol specification).

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_THROTTLE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_THROTTLE_H_

#include <cstdint>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/odata.h"

namespace rollcall::entra {

// What a request costs; `path` is below /v1.0.
int64_t ResourceUnits(absl::string_view path, const QueryOptions& options);

// Counts units in windows of ten seconds. Thread-safe.
class ThrottleBudget {
 public:
  // 0: without limit.
  void SetLimit(int64_t units_per_window);

  struct Verdict {
    bool refused = false;
    absl::Duration retry_after;
    double used = 0;  // share of the limit, this request included
  };
  // A refused request counts, too.
  Verdict Charge(int64_t units, absl::Time now);

  int64_t total() const;

 private:
  mutable absl::Mutex mutex_;
  int64_t limit_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t used_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t total_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time window_start_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_THROTTLE_H_
