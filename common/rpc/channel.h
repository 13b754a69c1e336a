// A channel to another service: mutual TLS, the other side's SPIFFE id
// verified, retries only where a repeat is safe (AIP-194).
#ifndef ROLLCALL_COMMON_RPC_CHANNEL_H_
#define ROLLCALL_COMMON_RPC_CHANNEL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/tls.h"
#include "grpcpp/channel.h"

namespace grpc {
class ClientContext;
}

namespace rollcall::rpc {

struct ChannelOptions {
  std::string target;  // host:port or a gRPC name.
  TlsFiles tls;
  std::string trust_domain;
  std::string
      expected_service;  // The other side must be
                         // `spiffe://{trust_domain}/service/{expected_service}`.
  // Methods of this service whose idempotency_level is declared in the proto
  // are retried on UNAVAILABLE, with jitter, up to four tries.
  std::string service_name;  // `rollcall.directory.v1.DirectoryService`; empty:
                             // no retries.
};

// FAILED_PRECONDITION, reason TLS_FILES_INVALID. Does not connect yet: a peer
// that is down now may come back.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(
    const ChannelOptions& options);

// Sets the deadline of one call from now; every call has one.
void SetDeadline(grpc::ClientContext* context, absl::Duration timeout);

}  // namespace rollcall::rpc

#endif  // ROLLCALL_COMMON_RPC_CHANNEL_H_
