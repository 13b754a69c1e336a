// Carries on the runs that have not ended, of all accounts, one after another.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_WORKER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_WORKER_H_

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/time/periodic_worker.h"
#include "services/reconciliation/run_engine.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// One thread. Finds its work in the store, so that it needs nobody to tell it
// after a restart; a nudge only makes it look at once.
class RunWorker {
 public:
  explicit RunWorker(RunEngineOptions options)
      : store_(options.store), engine_(std::move(options)) {}

  // Carries each run that is due to its end or to its next try; kAgain if there
  // was one. A run that waits or fails does not stand in the way of others; the
  // first error is the answer.
  absl::StatusOr<Pace> RunOnce(absl::Time now);

 private:
  // The runs that are due, in the order of accounts; one a directory at most.
  absl::StatusOr<std::vector<RunName>> ListDue(absl::Time now) const;

  IdentityStore& store_;
  RunEngine engine_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_WORKER_H_
