// Ends a run: its last state, what it hands on to the next one, and the event
// that releases the enrollment mails (R70), in one batch.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_ENDING_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_ENDING_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"

namespace rollcall::reconciliation {

// After something was left undone that changes do not tell again, everything is
// read anew, but not before this has passed: what is broken in the source stays
// so for a while.
inline constexpr absl::Duration kFullRetryDelay = absl::Hours(1);

absl::Status FinishRun(v1::Run::State state, const RunEngineOptions& options,
                       RunWork& work);

// The event of a run that has ended.
v1::ChangeEvent RunFinishedEvent(const RunWork& work, absl::Time now);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_ENDING_H_
