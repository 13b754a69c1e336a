// Looks which directories are to be read now without anybody asking for it, and
// has it done: starts the daily runs, and hands the rest to those who poll.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_SCHEDULER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_SCHEDULER_H_

#include <functional>
#include <utility>

#include "absl/random/random.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/time/periodic_worker.h"
#include "services/reconciliation/run_desk.h"
#include "services/reconciliation/run_options.h"

namespace rollcall::reconciliation {

// One thread. Remembers in the store what it has done; a directory that needs
// its authorization renewed is left alone until then (R9).
class Scheduler {
 public:
  // `on_work` is called when there is something to carry out.
  Scheduler(RunEngineOptions options, RunDesk& desk,
            std::function<void()> on_work)
      : options_(std::move(options)),
        desk_(desk),
        on_work_(std::move(on_work)) {}

  absl::StatusOr<Pace> RunOnce(absl::Time now);

 private:
  absl::Status Schedule(const directory::v1::Directory& directory,
                        absl::Time now);
  // The row of a directory, with its time of day drawn if it had none.
  absl::StatusOr<store::DirectoryRow> Meet(const DirectoryName& name,
                                           absl::Time now);

  RunEngineOptions options_;
  RunDesk& desk_;
  std::function<void()> on_work_;
  absl::BitGen random_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_SCHEDULER_H_
