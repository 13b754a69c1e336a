// Carries on the runs that have not ended, of all accounts, and asks for
// changes where that is due. Several workers share a desk, so that accounts do
// not wait for each other.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_WORKER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_WORKER_H_

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/time/periodic_worker.h"
#include "services/reconciliation/run_desk.h"
#include "services/reconciliation/run_engine.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// One thread each. Finds its runs in the store, so that it needs nobody to tell
// it after a restart; a nudge only makes it look at once.
class RunWorker {
 public:
  // `desk` must outlive this.
  RunWorker(RunEngineOptions options, RunDesk& desk)
      : options_(options), desk_(desk), engine_(std::move(options)) {}

  // Carries each run that is due, and that no other worker carries, to its end
  // or to its next try, and polls; kAgain if there was anything. What waits or
  // fails does not stand in the way of others; the first error is the answer.
  absl::StatusOr<Pace> RunOnce(absl::Time now);

 private:
  // The runs that are due, in the order of accounts; one a directory at most.
  absl::StatusOr<std::vector<RunName>> ListDue(absl::Time now) const;

  RunEngineOptions options_;
  RunDesk& desk_;
  RunEngine engine_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_WORKER_H_
