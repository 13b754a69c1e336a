// The stubs of the services that a first sync talks to, as the account's owner.
#ifndef ROLLCALL_DEPLOY_FIRST_SYNC_STACK_H_
#define ROLLCALL_DEPLOY_FIRST_SYNC_STACK_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/tls.h"
#include "common/status/grpc_status.h"
#include "grpcpp/client_context.h"
#include "rollcall/authorization/v1/authorization.grpc.pb.h"
#include "rollcall/directory/v1/directory.grpc.pb.h"
#include "rollcall/enrollment/v1/enrollment.grpc.pb.h"
#include "rollcall/reconciliation/v1/reconciliation.grpc.pb.h"
#include "rollcall/reconciliation/v1/user.grpc.pb.h"

namespace rollcall::deploy {

struct StackOptions {
  std::string authorization;  // host:port of each service.
  std::string directory;
  std::string reconciliation;
  std::string enrollment;
  rpc::TlsFiles operator_tls;  // Creates the account.
  rpc::TlsFiles owner_tls;     // Does everything else.
  std::string trust_domain;
};

struct Stack {
  std::unique_ptr<authorization::v1::AuthorizationService::Stub> operator_;
  std::unique_ptr<authorization::v1::AuthorizationService::Stub> authorization;
  std::unique_ptr<directory::v1::DirectoryService::Stub> directory;
  std::unique_ptr<reconciliation::v1::ReconciliationService::Stub>
      reconciliation;
  std::unique_ptr<enrollment::v1::EnrollmentService::Stub> enrollment;

  // Opens the channels; does not wait for the services.
  static absl::StatusOr<Stack> Open(const StackOptions& options);
};

// Calls one unary method with a deadline:
//   Call(stub, &Stub::GetRun, request).
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Call(Stub& stub,
                              grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                           const Request&,
                                                           Response*),
                              const Request& request) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Minutes(2)));
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return FromGrpcStatus(status);
  return response;
}

// Repeats `attempt` while it is UNAVAILABLE, a second apart, for two minutes:
// a service may be restarting. For calls that may be repeated.
absl::Status WhileUnavailable(const std::function<absl::Status()>& attempt);

}  // namespace rollcall::deploy

#endif  // ROLLCALL_DEPLOY_FIRST_SYNC_STACK_H_
