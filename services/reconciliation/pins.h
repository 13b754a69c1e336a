// Users whom no sync changes, for a run was undone for them (B5).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PINS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PINS_H_

#include "absl/status/status.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"

namespace rollcall::reconciliation {

// Lets the directory's syncs change its users again, in batches. What is found
// is what is left to do.
absl::Status DropPins(const RunEngineOptions& options, const RunWork& work);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PINS_H_
