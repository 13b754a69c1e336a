// Writes one object of a plan into the account, as of now instead of when it
// was planned.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PLAN_OBJECTS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PLAN_OBJECTS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/reconciliation/plan_store.pb.h"
#include "services/reconciliation/run_work.h"
#include "services/reconciliation/transaction.h"

namespace rollcall::reconciliation {

// Row, indexes and the events that the run of the plan would have written.
absl::Status WritePlanned(const store::PlannedRow& planned, absl::Time now,
                          const RunWork& work, Transaction& transaction);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PLAN_OBJECTS_H_
