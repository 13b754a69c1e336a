// Checks that the rows of an account agree with each other: indexes,
// memberships, counts, claims, runs and the feed (invariants 2, 3, 14 and 21).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_INVARIANTS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_INVARIANTS_H_

#include <string>

#include "absl/status/status.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// OK, or INTERNAL, reason INVARIANT_BROKEN, with every violation in a sentence
// of its own. Reads whole tables: for tests and for tools, not for requests.
absl::Status CheckInvariants(const IdentityStore& store,
                             const std::string& account);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_INVARIANTS_H_
