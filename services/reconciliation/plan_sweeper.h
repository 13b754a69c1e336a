// Deletes what plans have stored once they cannot be applied any more, and what
// plans that never became whole have left behind.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PLAN_SWEEPER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PLAN_SWEEPER_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/reconciliation/run_options.h"

namespace rollcall::reconciliation {

// Never what somebody may still apply, or is applying. In bounded batches.
absl::Status SweepPlans(const RunEngineOptions& options, absl::Time now);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PLAN_SWEEPER_H_
