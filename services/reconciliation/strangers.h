// Members whom a directory does not know, or not any more, in groups that it
// has taken over (R45, R46): they leave, unless that is too much at once (B2).
//
// Not in a group that has vanished from the source (A7): who belongs to it is
// not known. Nor in one that is about to be released (A8): it keeps whom no
// sync has put there.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_STRANGERS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_STRANGERS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/reconciliation/identity_reader.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"
#include "services/reconciliation/user_sync.h"

namespace rollcall::reconciliation {

struct StrangerCount {
  int64_t strangers = 0;  // Whoever is one in two groups counts twice.
  int64_t members = 0;    // Of all groups of the directory, likewise.
};
absl::StatusOr<StrangerCount> CountStrangers(const IdentityReader& identities,
                                             const RunWork& work);

// Takes them out, or hands them to the guard's batch: a row for each user,
// under his id, for the source may not know him. A group whose strangers are
// held is looked at again by the next run.
absl::Status RemoveStrangers(const RunEngineOptions& options, RunWork& work);

// What was approved of a user, as far as it is still so.
absl::Status CarryOutStranger(const store::WithheldRow& row, UserSync& sync,
                              const RunWork& work,
                              const Transaction& transaction);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_STRANGERS_H_
