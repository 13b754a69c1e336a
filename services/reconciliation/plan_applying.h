// Applies a plan (B1): that, and nothing else, or nothing at all.
//
//   READING    the source is asked whether it has moved since
//   APPLYING   the account is closed to everybody else; what the plan would
//              write is compared with what it was
//   REMOVING   object by object, in the order of the plan
//   RELEASING  pins of undone runs go
//
// Until APPLYING is over nothing was written but the run itself; from REMOVING
// on the run goes to its end, whoever cancels it: half a plan is not what was
// approved.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PLAN_APPLYING_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PLAN_APPLYING_H_

#include "absl/status/status.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"

namespace rollcall::reconciliation {

// For runs of kind PLAN. An error is the store's; the directory's is in
// `work.source_error`.
absl::Status ApplyPlan(const RunEngineOptions& options, RunWork& work);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PLAN_APPLYING_H_
