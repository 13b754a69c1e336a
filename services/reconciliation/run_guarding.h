// The step of a run between reading and taking: counts what is withheld, and
// has the guard decide what of it is held (B2), cleared emails included (A5).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_GUARDING_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_GUARDING_H_

#include "absl/status/status.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"

namespace rollcall::reconciliation {

// Commits the verdict together with the end of reading, so that a run that goes
// on after a crash holds the same.
absl::Status GuardWithheld(const RunEngineOptions& options, RunWork& work);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_GUARDING_H_
