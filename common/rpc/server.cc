#include "common/rpc/server.h"

#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/rpc/caller.h"
#include "common/status/errors.h"
#include "common/status/grpc_status.h"
#include "common/status/status_macros.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/auth_metadata_processor.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace rollcall::rpc {
namespace {

// Calls under way at a time; more are refused with RESOURCE_EXHAUSTED instead
// of eating the memory of the others.
constexpr int kMaxThreads = 256;

// How long a stream may outlive the age of its connection: longer than it takes
// to read the largest tenant, short enough for a revoked certificate.
constexpr absl::Duration kConnectionAgeGrace = absl::Hours(1);

// Channels ping every 30 seconds during calls; more often than this is abuse.
constexpr absl::Duration kMinPingInterval = absl::Seconds(10);

// Asks the policy once per call, before the request is read. gRPC keeps only
// the code and the sentence of what this answers, no details.
class AccessChecker : public grpc::AuthMetadataProcessor {
 public:
  AccessChecker(AccessPolicy policy, std::string trust_domain)
      : policy_(std::move(policy)), trust_domain_(std::move(trust_domain)) {}

  // In memory only: runs where the headers arrive.
  bool IsBlocking() const override { return false; }

  grpc::Status Process(const InputMetadata& metadata,
                       grpc::AuthContext* identity, OutputMetadata*,
                       OutputMetadata*) override {
    return ToGrpcStatus(Check(metadata, *identity), "rollcall");
  }

 private:
  absl::Status Check(const InputMetadata& metadata,
                     const grpc::AuthContext& identity) const {
    // With two URIs in the certificate gRPC reports none, as SPIFFE demands.
    const auto ids = identity.FindPropertyValues("peer_spiffe_id");
    if (ids.size() != 1) {
      return Unauthenticated(
          "IDENTITY_MISSING",
          "The certificate must carry exactly one URI, a SPIFFE id.");
    }
    ASSIGN_OR_RETURN(
        const Caller caller,
        Caller::Parse(absl::string_view(ids[0].data(), ids[0].size()),
                      trust_domain_));
    const auto path = metadata.find(":path");
    if (path == metadata.end()) {
      return PermissionDenied("ROLE_NOT_ALLOWED", "The call has no path.");
    }
    return policy_.CheckMethod(
        absl::string_view(path->second.data(), path->second.size()), caller);
  }

  const AccessPolicy policy_;
  const std::string trust_domain_;
};

std::shared_ptr<grpc::ServerCredentials> MakeCredentials(
    const ServerOptions& options, AccessPolicy policy) {
  RequireTls13();
  grpc::experimental::TlsServerCredentialsOptions tls(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          options.tls.key_file, options.tls.certificate_file,
          options.tls.ca_file, kTlsRefreshSeconds));
  tls.watch_root_certs();
  tls.watch_identity_key_cert_pairs();
  tls.set_cert_request_type(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  // Callers are known by their SPIFFE id, not by the host they call from.
  tls.set_certificate_verifier(
      std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  tls.set_check_call_host(false);
  auto credentials = grpc::experimental::TlsServerCredentials(tls);
  credentials->SetAuthMetadataProcessor(
      std::make_shared<AccessChecker>(std::move(policy), options.trust_domain));
  return credentials;
}

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

void SetLimits(const ServerOptions& options, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(options.max_request_bytes);
  builder->SetMaxSendMessageSize(options.max_response_bytes);
  builder->SetResourceQuota(
      grpc::ResourceQuota("server").SetMaxThreads(kMaxThreads));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                              Milliseconds(options.max_connection_age));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                              Milliseconds(kConnectionAgeGrace));
  builder->AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      Milliseconds(kMinPingInterval));
  // Two processes must not share a port unnoticed.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

std::chrono::system_clock::time_point FromNow(absl::Duration duration) {
  return std::chrono::system_clock::now() +
         absl::ToChronoMilliseconds(duration);
}

sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

class Server::Impl {
 public:
  Impl(std::unique_ptr<grpc::Server> server, int port)
      : server_(std::move(server)), port_(port) {}
  ~Impl() { Drain(absl::ZeroDuration()); }

  int port() const { return port_; }

  void Drain(absl::Duration grace) {
    server_->GetHealthCheckService()->SetServingStatus(false);
    server_->Shutdown(FromNow(grace));
  }

 private:
  std::unique_ptr<grpc::Server> server_;
  int port_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    ServerOptions options, AccessPolicy policy,
    const std::vector<grpc::Service*>& services) {
  RETURN_IF_ERROR(CheckTlsFiles(options.tls).status());
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();

  grpc::ServerBuilder builder;
  SetLimits(options, &builder);
  int port = 0;
  builder.AddListeningPort(options.address,
                           MakeCredentials(options, std::move(policy)), &port);
  for (grpc::Service* service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    return Unavailable(
        "ADDRESS_IN_USE",
        absl::StrCat("Cannot listen on ", options.address,
                     ": it is in use, or not an address of this machine."),
        {{"address", options.address}});
  }
  server->GetHealthCheckService()->SetServingStatus(true);
  return std::unique_ptr<Server>(
      new Server(std::make_unique<Impl>(std::move(server), port)));
}

int Server::port() const { return impl_->port(); }

void Server::Drain(absl::Duration grace) { impl_->Drain(grace); }

void BlockSignals() {
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void WaitForSignal() {
  const sigset_t signals = EndSignals();
  int received = 0;
  sigwait(&signals, &received);
}

}  // namespace rollcall::rpc
