// Asks a directory for changes. Where there is none, no run comes of it, and a
// single row is written; otherwise a run goes on with the same reading (B6).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_POLL_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_POLL_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/identity/resource_name.h"
#include "services/reconciliation/run_options.h"

namespace rollcall::reconciliation {

enum class PollOutcome {
  kNothingNew,
  kRunStarted,
  kNotNow,  // The directory has failed, or a run is under way.
};

// An error is the store's. What the directory answers is remembered: after an
// error it is asked again when its interval has passed.
absl::StatusOr<PollOutcome> PollChanges(const DirectoryName& directory,
                                        const RunEngineOptions& options);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_POLL_H_
