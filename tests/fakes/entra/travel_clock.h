// The clock of the emulator: that of its owner, plus what tests have travelled.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_TRAVEL_CLOCK_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_TRAVEL_CLOCK_H_

#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace rollcall::entra {

// Thread-safe.
class TravelClock {
 public:
  explicit TravelClock(std::function<absl::Time()> base)
      : base_(std::move(base)) {}

  absl::Time Now() const {
    const absl::Time base = base_();
    absl::MutexLock lock(&mutex_);
    return base + ahead_;
  }

  void Advance(absl::Duration by) {
    absl::MutexLock lock(&mutex_);
    ahead_ += by;
  }

 private:
  const std::function<absl::Time()> base_;
  mutable absl::Mutex mutex_;
  absl::Duration ahead_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_TRAVEL_CLOCK_H_
