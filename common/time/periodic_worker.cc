#include "common/time/periodic_worker.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/random/random.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/time/backoff.h"

namespace rollcall {

// Waits on std::condition_variable, which counts by the steady clock:
// absl::CondVar (20220623) waits for an instant of the wall clock, and a clock
// that is set back by two hours would hold the worker up for two hours.
class PeriodicWorker::Loop {
 public:
  Loop(PeriodicWorkerOptions options, Clock& clock, Unit unit)
      : options_(std::move(options)),
        clock_(clock),
        unit_(std::move(unit)),
        errors_(Counter("rollcall_worker_errors_total",
                        "Units of background work that failed.",
                        {{"worker", options_.name}})),
        thread_([this] { Run(); }) {}

  ~Loop() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void Nudge() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      nudged_ = true;
    }
    wake_.notify_one();
  }

 private:
  void Run() {
    do {
      const absl::StatusOr<Pace> pace = unit_(clock_.TimeNow());
      Rest(NextWait(pace));
    } while (!IsStopping());
  }

  // How long to wait after a unit that ended so.
  absl::Duration NextWait(const absl::StatusOr<Pace>& pace) {
    if (!pace.ok()) {
      ++failures_;
      errors_.Increment();
      const absl::Duration wait = BackoffDelay(
          {.initial = std::min(options_.period, options_.max_backoff),
           .maximum = options_.max_backoff},
          failures_, absl::Uniform(random_, 0.0, 1.0));
      LogWarning("worker_failed", {{"worker", options_.name},
                                   {"error", pace.status()},
                                   {"failures", failures_},
                                   {"retry_seconds", wait}});
      return wait;
    }
    failures_ = 0;
    return *pace == Pace::kAgain ? absl::ZeroDuration() : options_.period;
  }

  // Returns after `wait`, or earlier when nudged or stopped. A nudge that came
  // during the unit counts: the unit may have looked too early.
  void Rest(absl::Duration wait) {
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait_for(lock, absl::ToChronoNanoseconds(wait),
                   [this] { return nudged_ || stopping_; });
    nudged_ = false;
  }

  bool IsStopping() {
    std::lock_guard<std::mutex> lock(mutex_);
    return stopping_;
  }

  const PeriodicWorkerOptions options_;
  Clock& clock_;
  const Unit unit_;
  prometheus::Counter& errors_;

  // Of the thread alone.
  absl::BitGen random_;
  int failures_ = 0;  // In a row.

  std::mutex mutex_;
  std::condition_variable wake_;
  bool nudged_ = false;    // Guarded by mutex_.
  bool stopping_ = false;  // Guarded by mutex_.

  std::thread thread_;  // Last: it uses all of the above.
};

PeriodicWorker::PeriodicWorker(PeriodicWorkerOptions options, Clock& clock,
                               Unit unit)
    : loop_(
          std::make_unique<Loop>(std::move(options), clock, std::move(unit))) {}

PeriodicWorker::~PeriodicWorker() = default;

void PeriodicWorker::Nudge() { loop_->Nudge(); }

}  // namespace rollcall
