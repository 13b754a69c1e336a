// Turns what a run has written to an overlay into a plan: what happens to each
// object, and what every row was that the plan depends on.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PLAN_SEALING_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PLAN_SEALING_H_

#include <cstddef>

#include "absl/status/status.h"
#include "common/store/store.h"
#include "services/reconciliation/plan_overlay.h"
#include "services/reconciliation/run_work.h"

namespace rollcall::reconciliation {

// `work` is the run as it has ended on the overlay; `rows` is where the overlay
// keeps its rows. Memory grows with the number of groups only.
absl::Status SealPlan(const RunWork& work, const PlanOverlay& overlay,
                      size_t max_batch_rows, rollcall::store::Store& rows);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PLAN_SEALING_H_
