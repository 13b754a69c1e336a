// What the five `main.cc` have in common: the flags of every service, read into
// one struct, and the steps around serving.
#ifndef ROLLCALL_COMMON_RPC_PROCESS_H_
#define ROLLCALL_COMMON_RPC_PROCESS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/server.h"
#include "common/rpc/tls.h"
#include "common/time/clock.h"

namespace rollcall::rpc {

// The flags that every service has: --listen, --data_directory, --tls_ca,
// --tls_certificate, --tls_key, --trust_domain, --metrics_listen, --log_level,
// --min_free_percent, --checkpoint_interval.
struct ProcessOptions {
  std::string listen;
  std::string data_directory;
  TlsFiles tls;
  std::string trust_domain;
  std::string metrics_listen;
  // Of the store; process_store.h opens it.
  int min_free_percent = 10;
  absl::Duration checkpoint_interval = absl::Hours(1);  // Zero: never.
};

// First thing in main: blocks signals, forbids core dumps and ptrace, keeps
// files from other users, parses the flags (unknown ones end the process with
// code 64), sets up the log as `service`.
ProcessOptions InitializeProcess(int argc, char** argv,
                                 const std::string& service);

// What a store calls on its first error: logs it and ends the process with code
// 74; the supervisor starts it again.
void ExitOnStoreFailure(const absl::Status& status);

// Serves `services` and the metrics until SIGTERM, drains, calls `stop`
// (workers, clients), returns the process's exit code. Logs `serving` with the
// address once calls are accepted. `end_streams`, if any, is called before
// draining: streams that would last for ever should end now.
int Serve(const ProcessOptions& options, Clock& clock, AccessPolicy policy,
          const std::vector<grpc::Service*>& services,
          const std::function<void()>& stop,
          const std::function<void()>& end_streams = nullptr);

// Logs why the process cannot start and returns the exit code for it (78); for
// `main`: if (!store.ok()) return rpc::FailToStart(store.status());
int FailToStart(const absl::Status& status);

}  // namespace rollcall::rpc

#endif  // ROLLCALL_COMMON_RPC_PROCESS_H_
