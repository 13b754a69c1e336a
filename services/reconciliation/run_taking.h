// The phases REMOVING and RELEASING of a run: what was withheld is carried out,
// handed to the guard's batches or dropped, and groups that are no longer
// selected are released.
//
// Nobody is taken away without a second look: the source is asked for each of
// them once more, and shows that they are gone (B3).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_TAKING_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_TAKING_H_

#include "absl/status/status.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"

namespace rollcall::reconciliation {

// Both stop early where RunReading does. What is there is what is left to do:
// each row goes in the batch that carries it out.
absl::Status TakeWithheld(const RunEngineOptions& options, RunWork& work);
absl::Status ReleaseGroups(const RunEngineOptions& options, RunWork& work);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_TAKING_H_
