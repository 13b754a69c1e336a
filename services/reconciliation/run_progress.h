// Shows how far the runs of this process are, to those who watch them (R67).
// Holds nothing that matters: after a crash it is empty, and the store knows
// better.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_PROGRESS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_PROGRESS_H_

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "services/reconciliation/run_state.h"

namespace rollcall::reconciliation {

struct LiveProgress {
  RunPhase phase = RunPhase::kReading;
  int64_t done = 0;
  int64_t total = 0;  // 0: not known.
};

// Thread-safe.
class RunProgressBoard {
 public:
  // How far `run` is. Wakes its watchers if the phase has changed.
  void Show(const std::string& run, const LiveProgress& progress);

  // Takes the run down, for it has ended or waits; wakes its watchers.
  void Remove(const std::string& run);

  absl::optional<LiveProgress> Find(const std::string& run) const;

  // Counts the changes of phase of all runs, beginnings and ends included. Take
  // it before you look at a run, and hand it to Await.
  int64_t turn() const;

  // Waits until the turn is no longer `turn`, or for `timeout`.
  void Await(int64_t turn, absl::Duration timeout) const;

 private:
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, LiveProgress> runs_ ABSL_GUARDED_BY(mutex_);
  int64_t turn_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_PROGRESS_H_
