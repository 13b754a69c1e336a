#include "deploy/first_sync/stack.h"

#include "absl/time/clock.h"
#include "common/rpc/channel.h"
#include "common/status/status_macros.h"
#include "grpcpp/channel.h"

namespace rollcall::deploy {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(2);
constexpr absl::Duration kPause = absl::Seconds(1);

}  // namespace

absl::StatusOr<Stack> Stack::Open(const StackOptions& options) {
  const auto open = [&](const std::string& target, const std::string& service,
                        const std::string& service_name,
                        const rpc::TlsFiles& tls) {
    rpc::ChannelOptions channel;
    channel.target = target;
    channel.tls = tls;
    channel.trust_domain = options.trust_domain;
    channel.expected_service = service;
    channel.service_name = service_name;
    return rpc::OpenChannel(channel);
  };
  using authorization::v1::AuthorizationService;
  using directory::v1::DirectoryService;
  using enrollment::v1::EnrollmentService;
  using reconciliation::v1::ReconciliationService;

  Stack stack;
  ASSIGN_OR_RETURN(
      auto as_operator,
      open(options.authorization, "authorization",
           AuthorizationService::service_full_name(), options.operator_tls));
  stack.operator_ = AuthorizationService::NewStub(as_operator);
  ASSIGN_OR_RETURN(
      auto to_authorization,
      open(options.authorization, "authorization",
           AuthorizationService::service_full_name(), options.owner_tls));
  stack.authorization = AuthorizationService::NewStub(to_authorization);
  ASSIGN_OR_RETURN(
      auto to_directory,
      open(options.directory, "directory",
           DirectoryService::service_full_name(), options.owner_tls));
  stack.directory = DirectoryService::NewStub(to_directory);
  ASSIGN_OR_RETURN(
      auto to_reconciliation,
      open(options.reconciliation, "reconciliation",
           ReconciliationService::service_full_name(), options.owner_tls));
  stack.reconciliation = ReconciliationService::NewStub(to_reconciliation);
  ASSIGN_OR_RETURN(
      auto to_enrollment,
      open(options.enrollment, "enrollment",
           EnrollmentService::service_full_name(), options.owner_tls));
  stack.enrollment = EnrollmentService::NewStub(to_enrollment);
  return stack;
}

absl::Status WhileUnavailable(const std::function<absl::Status()>& attempt) {
  const absl::Time deadline = absl::Now() + kPatience;
  for (;;) {
    absl::Status status = attempt();
    if (!absl::IsUnavailable(status) || absl::Now() > deadline) return status;
    absl::SleepFor(kPause);
  }
}

}  // namespace rollcall::deploy
