// A gRPC server as all five services run it: mutual TLS 1.3, roles before the
// request is read, health, reflection, limits, graceful drain.
#ifndef ROLLCALL_COMMON_RPC_SERVER_H_
#define ROLLCALL_COMMON_RPC_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/tls.h"

namespace grpc {
class Service;
}

namespace rollcall::rpc {

struct ServerOptions {
  std::string address;  // host:port; port 0 takes any free one.
  TlsFiles tls;
  std::string trust_domain;  // Callers of another one are refused.
  int max_request_bytes = 4 << 20;
  int max_response_bytes = 16 << 20;
  absl::Duration max_connection_age = absl::Minutes(
      10);  // So that expired and revoked certificates stop working.
};

// Serves until it is destroyed. Thread-safe.
class Server {
 public:
  // `services` must outlive the server; `policy` must cover them. UNAVAILABLE,
  // reason ADDRESS_IN_USE; FAILED_PRECONDITION, reason TLS_FILES_INVALID.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      ServerOptions options, AccessPolicy policy,
      const std::vector<grpc::Service*>& services);

  // Stops at once what is still under way.
  ~Server();

  int port() const;

  // Health answers NOT_SERVING from now on, new calls are refused, calls under
  // way may go on until `grace` is over.
  void Drain(absl::Duration grace);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Blocks until the process gets SIGTERM or SIGINT. Call BlockSignals() first
// thing in main, before any thread is made.
void BlockSignals();
void WaitForSignal();

}  // namespace rollcall::rpc

#endif  // ROLLCALL_COMMON_RPC_SERVER_H_
