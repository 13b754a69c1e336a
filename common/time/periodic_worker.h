// Runs one unit of work again and again on a thread of its own, until it is
// told to stop.
#ifndef ROLLCALL_COMMON_TIME_PERIODIC_WORKER_H_
#define ROLLCALL_COMMON_TIME_PERIODIC_WORKER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/time/clock.h"

namespace rollcall {

// What a unit of work says at its end.
enum class Pace {
  kRest,   // Nothing is left to do now: wait for the period.
  kAgain,  // There is more: go on at once.
};

struct PeriodicWorkerOptions {
  std::string name;  // For logs and metrics: `trash-purge`.
  absl::Duration period = absl::Seconds(
      1);  // Time between the end of one unit and the beginning of the next.
  absl::Duration max_backoff = absl::Minutes(
      1);  // After errors the wait doubles with jitter, up to this.
};

// Thread-safe. The destructor stops it and waits for the unit under way. An
// error of a unit is logged, counted (metric `rollcall_worker_errors_total`)
// and retried with backoff; it never ends the worker.
class PeriodicWorker {
 public:
  using Unit = std::function<absl::StatusOr<Pace>(absl::Time now)>;

  // `clock` must outlive the worker.
  PeriodicWorker(PeriodicWorkerOptions options, Clock& clock, Unit unit);
  ~PeriodicWorker();
  PeriodicWorker(const PeriodicWorker&) = delete;
  PeriodicWorker& operator=(const PeriodicWorker&) = delete;

  // Wakes the worker up: there may be work now.
  void Nudge();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_TIME_PERIODIC_WORKER_H_
