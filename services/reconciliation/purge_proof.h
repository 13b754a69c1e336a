// Asks the source for the last time whether somebody is gone, before he is
// deleted for good (R60, B3, invariant 9).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PURGE_PROOF_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PURGE_PROOF_H_

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/model.h"

namespace rollcall::reconciliation {

// What the source has said; none if no directory is left that could have the
// user. FAILED_PRECONDITION, reason PURGE_UNPROVEN, if the source shows the
// user in scope, cannot tell, or cannot be asked; reason PURGE_PINNED, if it
// shows the user in scope and an undone run keeps every sync from bringing the
// user back (B5): to delete it then would let the next sync create it anew.
// Waits for the source: not inside a transaction.
absl::StatusOr<absl::optional<v1::Evidence>> ProveAbsence(
    const UserName& name, const User& user, DirectoryClient& client);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PURGE_PROOF_H_
