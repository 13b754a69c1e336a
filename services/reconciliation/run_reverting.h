// Undoes what another run has done to users (B5): whoever was not changed since
// is again what the last event before that run says, and is pinned.
//
// Each user is undone in one batch with the run's place in the feed; killed, it
// goes on behind it. Groups keep their names and links: their members are what
// is put back.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_REVERTING_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_REVERTING_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// Starts a run of kind REVERT; `scope` is what the directory is configured to.
// NOT_FOUND, reason RUN_NOT_FOUND; FAILED_PRECONDITION, reason
// RUN_NOT_REVERTIBLE, RUN_REVERTED or RUN_UNDER_WAY.
absl::StatusOr<v1::Run> StartRevert(const RunName& reverted,
                                    const std::string& run_id,
                                    const store::ScopeRow& scope,
                                    absl::Time now, IdentityStore& store);

// For runs of kind REVERT. An error is the store's.
absl::Status RevertChanges(const RunEngineOptions& options, RunWork& work);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_REVERTING_H_
