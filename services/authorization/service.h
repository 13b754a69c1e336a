// The gRPC edge of the authorization service: every RPC is one line.
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_SERVICE_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_SERVICE_H_

#include <utility>

#include "common/rpc/edge.h"
#include "rollcall/authorization/v1/authorization.grpc.pb.h"
#include "services/authorization/authorizer.h"

namespace rollcall::authorization {

inline constexpr char kServiceName[] =
    "rollcall.authorization.v1.AuthorizationService";
inline constexpr char kErrorDomain[] = "authorization.rollcall";

// Thread-safe.
class AuthorizationServiceImpl final
    : public v1::AuthorizationService::Service {
 public:
  // `authorizer` must outlive this.
  AuthorizationServiceImpl(rpc::Edge edge, Authorizer& authorizer)
      : edge_(std::move(edge)), authorizer_(authorizer) {}

  grpc::Status CreateAccount(grpc::ServerContext* context,
                             const v1::CreateAccountRequest* request,
                             v1::Account* response) override;
  grpc::Status GetAccount(grpc::ServerContext* context,
                          const v1::GetAccountRequest* request,
                          v1::Account* response) override;
  grpc::Status ListAccounts(grpc::ServerContext* context,
                            const v1::ListAccountsRequest* request,
                            v1::ListAccountsResponse* response) override;
  grpc::Status BeginAuthorization(grpc::ServerContext* context,
                                  const v1::BeginAuthorizationRequest* request,
                                  v1::PendingAuthorization* response) override;
  grpc::Status GetPendingAuthorization(
      grpc::ServerContext* context,
      const v1::GetPendingAuthorizationRequest* request,
      v1::PendingAuthorization* response) override;
  grpc::Status CompleteAuthorization(
      grpc::ServerContext* context,
      const v1::CompleteAuthorizationRequest* request,
      v1::PendingAuthorization* response) override;
  grpc::Status ConfirmAuthorization(
      grpc::ServerContext* context,
      const v1::ConfirmAuthorizationRequest* request,
      v1::Connection* response) override;
  grpc::Status CancelAuthorization(
      grpc::ServerContext* context,
      const v1::CancelAuthorizationRequest* request,
      google::protobuf::Empty* response) override;
  grpc::Status GetConnection(grpc::ServerContext* context,
                             const v1::GetConnectionRequest* request,
                             v1::Connection* response) override;
  grpc::Status ListConnections(grpc::ServerContext* context,
                               const v1::ListConnectionsRequest* request,
                               v1::ListConnectionsResponse* response) override;
  grpc::Status MintAccessToken(grpc::ServerContext* context,
                               const v1::MintAccessTokenRequest* request,
                               v1::MintAccessTokenResponse* response) override;
  grpc::Status ReportRejectedToken(
      grpc::ServerContext* context,
      const v1::ReportRejectedTokenRequest* request,
      google::protobuf::Empty* response) override;

 private:
  const rpc::Edge edge_;
  Authorizer& authorizer_;
};

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_SERVICE_H_
