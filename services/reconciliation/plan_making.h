// Makes a plan (B1): a full run on an overlay of the account, and what it would
// have done, object by object. The account itself gets the run and nothing
// else.
//
// Killed, a plan begins anew: it has no effect that would have to be kept, and
// what it rests on is one instant of the account.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PLAN_MAKING_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PLAN_MAKING_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"

namespace rollcall::reconciliation {

// How long a plan can be applied.
inline constexpr absl::Duration kPlanRetention = absl::Hours(24 * 7);

// Carries a run through its phases.
using CarryPhases =
    std::function<absl::Status(const RunEngineOptions&, RunWork&)>;

// An error is the store's; the directory's is in `work.source_error`.
absl::Status MakePlan(const RunEngineOptions& options, const CarryPhases& carry,
                      RunWork& work);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PLAN_MAKING_H_
