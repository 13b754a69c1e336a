#include "common/rpc/channel.h"

#include <chrono>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/rpc/retry_policy.h"
#include "common/status/status_macros.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/support/channel_arguments.h"

namespace rollcall::rpc {
namespace {

namespace tls = ::grpc::experimental;

// The limits of a server, seen from the other side.
constexpr int kMaxRequestBytes = 4 << 20;
constexpr int kMaxResponseBytes = 16 << 20;

// A peer that vanished without a word is noticed within these two.
constexpr absl::Duration kKeepaliveInterval = absl::Seconds(30);
constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(10);

// A peer that was restarted is found again soon.
constexpr absl::Duration kInitialReconnectBackoff = absl::Milliseconds(200);
constexpr absl::Duration kMaxReconnectBackoff = absl::Seconds(5);

// Accepts one SPIFFE id and no other. gRPC has verified the chain before.
class SpiffeVerifier : public tls::ExternalCertificateVerifier {
 public:
  explicit SpiffeVerifier(std::string expected)
      : expected_(std::move(expected)) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>,
              grpc::Status* status) override {
    const std::vector<grpc::string_ref> uris = request->uri_names();
    if (uris.size() != 1 || uris[0] != expected_) {
      *status =
          grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                       absl::StrCat("The server is not ", expected_, "."));
    }
    return true;  // Done; nothing runs on.
  }

  void Cancel(tls::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::string expected_;
};

std::shared_ptr<grpc::ChannelCredentials> MakeCredentials(
    const ChannelOptions& options) {
  RequireTls13();
  tls::TlsChannelCredentialsOptions credentials;
  credentials.set_certificate_provider(
      std::make_shared<tls::FileWatcherCertificateProvider>(
          options.tls.key_file, options.tls.certificate_file,
          options.tls.ca_file, kTlsRefreshSeconds));
  credentials.watch_root_certs();
  credentials.watch_identity_key_cert_pairs();
  credentials.set_verify_server_certs(true);
  credentials.set_check_call_host(false);
  credentials.set_certificate_verifier(
      tls::ExternalCertificateVerifier::Create<SpiffeVerifier>(
          absl::StrCat("spiffe://", options.trust_domain, "/service/",
                       options.expected_service)));
  return tls::TlsCredentials(credentials);
}

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(
    const ChannelOptions& options) {
  RETURN_IF_ERROR(CheckTlsFiles(options.tls).status());
  grpc::ChannelArguments arguments;
  if (!options.service_name.empty()) {
    ASSIGN_OR_RETURN(const std::string config,
                     RetryServiceConfig(options.service_name));
    arguments.SetServiceConfigJSON(config);
  }
  arguments.SetMaxSendMessageSize(kMaxRequestBytes);
  arguments.SetMaxReceiveMessageSize(kMaxResponseBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS,
                   Milliseconds(kKeepaliveInterval));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                   Milliseconds(kKeepaliveTimeout));
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS,
                   Milliseconds(kInitialReconnectBackoff));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS,
                   Milliseconds(kMaxReconnectBackoff));
  return grpc::CreateCustomChannel(options.target, MakeCredentials(options),
                                   arguments);
}

void SetDeadline(grpc::ClientContext* context, absl::Duration timeout) {
  context->set_deadline(std::chrono::system_clock::now() +
                        absl::ToChronoMilliseconds(timeout));
}

}  // namespace rollcall::rpc
