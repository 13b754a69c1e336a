// Which methods of a service a client may repeat by itself: only those whose
// proto declares that a repeat is safe (AIP-194).
#ifndef ROLLCALL_COMMON_RPC_RETRY_POLICY_H_
#define ROLLCALL_COMMON_RPC_RETRY_POLICY_H_

#include <string>

#include "absl/status/statusor.h"

namespace rollcall::rpc {

// A gRPC service config (JSON) that retries the methods of `service` (its full
// name) whose idempotency_level is NO_SIDE_EFFECTS or IDEMPOTENT: on
// UNAVAILABLE, up to four tries, with jitter. FAILED_PRECONDITION, reason
// SERVICE_UNKNOWN, if the service is not linked into this process.
absl::StatusOr<std::string> RetryServiceConfig(const std::string& service);

}  // namespace rollcall::rpc

#endif  // ROLLCALL_COMMON_RPC_RETRY_POLICY_H_
