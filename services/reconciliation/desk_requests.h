// Takes decisions at the collision desk (B10): checked, then all of them or
// none.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_DESK_REQUESTS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_DESK_REQUESTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "rollcall/reconciliation/v1/collision.pb.h"
#include "services/reconciliation/collision_desk.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// A decision as the contract shows it.
v1::CollisionDecision ToMessage(const ListedDecision& decision);

// Stores the decisions; `actor` is who has taken them. INVALID_ARGUMENT for one
// that makes no sense, ALREADY_EXISTS, reason USERNAME_TAKEN or
// GROUP_NAME_TAKEN, for a name that somebody else has, or that another decision
// gives.
absl::StatusOr<v1::DecideCollisionsResponse> DecideCollisions(
    const v1::DecideCollisionsRequest& request, const DirectoryName& directory,
    const std::string& actor, absl::Time now, IdentityStore& store);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_DESK_REQUESTS_H_
