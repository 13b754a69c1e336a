// Proves when a unit runs. Nothing here waits for time to pass: periods are
// hours where the worker must not come back by itself, and nudges wake it up.
#include "common/time/periodic_worker.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/metrics/metrics.h"
#include "common/status/errors.h"
#include "common/testing/simulated_clock.h"

namespace rollcall {
namespace {

const absl::Time kNoon = absl::FromUnixSeconds(1772452800);

// Counts runs, and lets a test wait until there were so many.
class Runs {
 public:
  int Add() {
    absl::MutexLock lock(&mutex_);
    return ++count_;
  }
  void Await(int count) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return count_ >= count;
    };
    mutex_.Await(absl::Condition(&reached));
  }
  int count() {
    absl::MutexLock lock(&mutex_);
    return count_;
  }

 private:
  absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

PeriodicWorkerOptions Slow(std::string name) {
  return {.name = std::move(name),
          .period = absl::Hours(100),
          .max_backoff = absl::Hours(100)};
}

TEST(PeriodicWorker, RunsAtOnceWithTheTimeOfItsClock) {
  SimulatedClock clock(kNoon);
  absl::Time seen;
  absl::Notification ran;
  PeriodicWorker worker(Slow("once"), clock, [&](absl::Time now) {
    seen = now;
    ran.Notify();
    return Pace::kRest;
  });
  ran.WaitForNotification();
  EXPECT_EQ(seen, kNoon);
}

TEST(PeriodicWorker, ComesBackAfterItsPeriod) {
  SimulatedClock clock(kNoon);
  Runs runs;
  PeriodicWorker worker({.name = "period", .period = absl::Milliseconds(1)},
                        clock, [&](absl::Time) {
                          runs.Add();
                          return Pace::kRest;
                        });
  runs.Await(3);
}

TEST(PeriodicWorker, RestsUntilNudged) {
  SimulatedClock clock(kNoon);
  Runs runs;
  PeriodicWorker worker(Slow("nudged"), clock, [&](absl::Time) {
    runs.Add();
    return Pace::kRest;
  });
  for (int i = 1; i <= 5; ++i) {
    runs.Await(i);
    worker.Nudge();
  }
  runs.Await(6);
}

TEST(PeriodicWorker, GoesOnAtOnceWhileThereIsMore) {
  SimulatedClock clock(kNoon);
  Runs runs;
  PeriodicWorker worker(Slow("again"), clock, [&](absl::Time) {
    return runs.Add() < 10 ? Pace::kAgain : Pace::kRest;
  });
  runs.Await(10);
}

TEST(PeriodicWorker, ANudgeDuringAUnitIsNotLost) {
  SimulatedClock clock(kNoon);
  Runs runs;
  absl::Notification under_way, nudged;
  PeriodicWorker worker(Slow("during"), clock, [&](absl::Time) {
    if (runs.Add() == 1) {
      under_way.Notify();
      nudged.WaitForNotification();
    }
    return Pace::kRest;
  });
  under_way.WaitForNotification();
  worker.Nudge();
  nudged.Notify();
  runs.Await(2);
}

TEST(PeriodicWorker, AnErrorIsCountedAndRetried) {
  SimulatedClock clock(kNoon);
  auto& errors =
      Counter("rollcall_worker_errors_total", "", {{"worker", "failing"}});
  Runs runs;
  {
    PeriodicWorker worker({.name = "failing", .period = absl::Milliseconds(1)},
                          clock, [&](absl::Time) -> absl::StatusOr<Pace> {
                            if (runs.Add() <= 3)
                              return Unavailable("DOWN", "Down.");
                            return Pace::kRest;
                          });
    runs.Await(5);
  }
  EXPECT_EQ(errors.Value(), 3);
}

TEST(PeriodicWorker, StopsWhileItRests) {
  SimulatedClock clock(kNoon);
  Runs runs;
  {
    PeriodicWorker worker(Slow("resting"), clock, [&](absl::Time) {
      runs.Add();
      return Pace::kRest;
    });
    runs.Await(1);
  }
  EXPECT_EQ(runs.count(), 1);
}

TEST(PeriodicWorker, StopsEvenIfThereIsAlwaysMore) {
  SimulatedClock clock(kNoon);
  Runs runs;
  PeriodicWorker worker(Slow("endless"), clock, [&](absl::Time) {
    runs.Add();
    return Pace::kAgain;
  });
  runs.Await(3);
  // The end of the test destroys the worker, which must return.
}

TEST(PeriodicWorker, WaitsForTheUnitUnderWayWhenItStops) {
  SimulatedClock clock(kNoon);
  std::atomic<bool> finished = false;
  absl::Notification begun;
  {
    PeriodicWorker worker(Slow("finishing"), clock, [&](absl::Time) {
      begun.Notify();
      finished = true;
      return Pace::kRest;
    });
    begun.WaitForNotification();
  }
  EXPECT_TRUE(finished);
}

}  // namespace
}  // namespace rollcall
