// Starts runs, at most one per directory at a time (R69), and remembers for a
// day which request has got which run (AIP-155).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_REQUESTS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_REQUESTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// How long a request id is remembered.
inline constexpr absl::Duration kRequestRetention = absl::Hours(24);

// The run that a request is answered with without starting one: the one that
// the same request has got before, or the one that is running. None: a run may
// start. In the second case the request id is remembered too.
absl::StatusOr<absl::optional<v1::Run>> FindAnswer(
    const DirectoryName& directory, const std::string& request_id,
    absl::Time now, IdentityStore& store);

// Starts a run, unless FindAnswer has an answer by now. ALREADY_EXISTS, reason
// RUN_EXISTS, if the id is taken.
absl::StatusOr<v1::Run> StartRun(const RunName& name,
                                 const std::string& request_id, absl::Time now,
                                 IdentityStore& store);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_REQUESTS_H_
