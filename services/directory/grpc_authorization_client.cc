#include "services/directory/grpc_authorization_client.h"

#include <utility>

#include "common/crypto/digest.h"
#include "common/rpc/channel.h"
#include "common/status/grpc_status.h"
#include "common/time/proto_time.h"
#include "google/protobuf/empty.pb.h"
#include "grpcpp/client_context.h"
#include "rollcall/authorization/v1/authorization.grpc.pb.h"

namespace rollcall::directory {
namespace {

namespace v1 = ::rollcall::authorization::v1;

// Minting may ask the tenant's login page.
constexpr absl::Duration kMintTimeout = absl::Seconds(60);
constexpr absl::Duration kLookUpTimeout = absl::Seconds(10);

}  // namespace

struct GrpcAuthorizationClient::Stub {
  std::unique_ptr<v1::AuthorizationService::Stub> service;
};

GrpcAuthorizationClient::GrpcAuthorizationClient(
    std::shared_ptr<grpc::Channel> channel)
    : stub_(std::make_unique<Stub>(
          Stub{v1::AuthorizationService::NewStub(std::move(channel))})) {}

GrpcAuthorizationClient::~GrpcAuthorizationClient() = default;

absl::StatusOr<AccessToken> GrpcAuthorizationClient::MintAccessToken(
    const ConnectionName& connection) {
  grpc::ClientContext context;
  rpc::SetDeadline(&context, kMintTimeout);
  v1::MintAccessTokenRequest request;
  request.set_name(connection.ToString());
  v1::MintAccessTokenResponse response;
  const grpc::Status status =
      stub_->service->MintAccessToken(&context, request, &response);
  if (!status.ok()) return FromGrpcStatus(status);
  return AccessToken{
      .token = Secret(std::move(*response.mutable_access_token())),
      .expire_time = FromTimestamp(response.expire_time()),
      .graph_origin = response.cloud().graph_origin(),
      .tenant_id = response.tenant_id()};
}

absl::Status GrpcAuthorizationClient::ReportRejectedToken(
    const ConnectionName& connection, const Secret& token) {
  grpc::ClientContext context;
  rpc::SetDeadline(&context, kLookUpTimeout);
  v1::ReportRejectedTokenRequest request;
  request.set_name(connection.ToString());
  request.set_access_token_sha256(Sha256(token.Reveal()));
  google::protobuf::Empty response;
  return FromGrpcStatus(
      stub_->service->ReportRejectedToken(&context, request, &response));
}

absl::StatusOr<ConnectionFacts> GrpcAuthorizationClient::GetConnection(
    const ConnectionName& connection) {
  grpc::ClientContext context;
  rpc::SetDeadline(&context, kLookUpTimeout);
  v1::GetConnectionRequest request;
  request.set_name(connection.ToString());
  v1::Connection response;
  const grpc::Status status =
      stub_->service->GetConnection(&context, request, &response);
  if (!status.ok()) return FromGrpcStatus(status);
  return ConnectionFacts{
      .reauthorization_required =
          response.state() == v1::Connection::REAUTHORIZATION_REQUIRED,
      .tenant_id = response.tenant_id()};
}

}  // namespace rollcall::directory
