// A clock that a test moves by hand (B9).
#ifndef ROLLCALL_COMMON_TESTING_SIMULATED_CLOCK_H_
#define ROLLCALL_COMMON_TESTING_SIMULATED_CLOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/time/clock.h"

namespace rollcall {

// Thread-safe.
class SimulatedClock : public Clock {
 public:
  explicit SimulatedClock(absl::Time now) : now_(now) {}

  absl::Time TimeNow() override {
    absl::MutexLock lock(&mutex_);
    return now_;
  }

  void AdvanceTime(absl::Duration by) {
    absl::MutexLock lock(&mutex_);
    now_ += by;
  }

  void SetTime(absl::Time now) {
    absl::MutexLock lock(&mutex_);
    now_ = now;
  }

 private:
  absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_TESTING_SIMULATED_CLOCK_H_
