// Carries a run out (R66), from wherever it is to its end.
//
// Whatever gives (creating, updating, restoring, enabling, joining a group) is
// applied as the stream of desired state comes. Whatever takes (going to the
// trash, being disabled, leaving a group), and what the guard counts, is
// withheld, as a row in the same batch as the run's place, because the proof of
// completeness comes last (R30): then the withheld rows are carried out, held,
// or dropped. Each phase has its file: run_reading, run_guarding, run_taking.
//
// Killed at any moment, it goes on from its place: README.md says why the end
// is the same.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_ENGINE_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_ENGINE_H_

#include <utility>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/identity/resource_name.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"

namespace rollcall::reconciliation {

// One thread. Several engines may work on one store, but not on one run.
class RunEngine {
 public:
  explicit RunEngine(RunEngineOptions options) : options_(std::move(options)) {}

  // OK when the run has ended, whichever way, or waits: for its next try, for
  // something failed that might not, or for the next process. An error is the
  // store's; the run is then where its last commit has left it.
  absl::Status Execute(const RunName& name);

 private:
  // From the run's place to its end or wait.
  absl::Status Carry(RunWork& work);
  absl::Status CarryPhases(RunWork& work);
  // Plans, what becomes of them, and undoing.
  absl::Status CarryApart(RunWork& work);
  // Somebody else is at work on the account: the run waits.
  absl::Status Postpone(const RunName& name);
  // The changes cannot be told any more: the run goes on as a full one.
  absl::Status BecomeFull(RunWork& work);
  absl::Status OnSourceError(const RunWork& work);
  // Tries again later, or, if it has been tried often enough, ends the run
  // (invariant 28).
  absl::Status TryLater(const absl::Status& status, bool is_worth_it,
                        const RunName& name);
  absl::Status Fail(const absl::Status& status, RunWork& work);

  RunEngineOptions options_;
  absl::BitGen random_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_ENGINE_H_
