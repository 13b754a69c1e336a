// Starts the run that applies a plan, once a plan is approved (B1).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PLAN_REQUESTS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PLAN_REQUESTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// A plan that can be looked at. NOT_FOUND, reason RUN_NOT_FOUND;
// FAILED_PRECONDITION, reason PLAN_NOT_READY, PLAN_EXPIRED or PLAN_DROPPED.
absl::StatusOr<v1::Run> FindReadyPlan(const RunName& plan, absl::Time now,
                                      const RunReader& runs,
                                      const rollcall::store::Reader& rows);

// Also FAILED_PRECONDITION, reason PLAN_APPLIED, PLAN_ASSUMES (B10) or
// RUN_UNDER_WAY. A plan whose
// application has failed may be applied again: nothing of it was done.
absl::StatusOr<v1::Run> StartApplication(const RunName& plan,
                                         const std::string& run_id,
                                         absl::Time now, IdentityStore& store);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PLAN_REQUESTS_H_
