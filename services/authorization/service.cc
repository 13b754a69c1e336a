#include "services/authorization/service.h"

namespace rollcall::authorization {

grpc::Status AuthorizationServiceImpl::CreateAccount(
    grpc::ServerContext* context, const v1::CreateAccountRequest* request,
    v1::Account* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return authorizer_.CreateAccount(*request);
  });
}

grpc::Status AuthorizationServiceImpl::GetAccount(
    grpc::ServerContext* context, const v1::GetAccountRequest* request,
    v1::Account* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return authorizer_.GetAccount(*request);
  });
}

grpc::Status AuthorizationServiceImpl::ListAccounts(
    grpc::ServerContext* context, const v1::ListAccountsRequest* request,
    v1::ListAccountsResponse* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return authorizer_.ListAccounts(*request);
  });
}

grpc::Status AuthorizationServiceImpl::BeginAuthorization(
    grpc::ServerContext* context, const v1::BeginAuthorizationRequest* request,
    v1::PendingAuthorization* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return authorizer_.BeginAuthorization(*request);
  });
}

grpc::Status AuthorizationServiceImpl::GetPendingAuthorization(
    grpc::ServerContext* context,
    const v1::GetPendingAuthorizationRequest* request,
    v1::PendingAuthorization* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return authorizer_.GetPendingAuthorization(*request);
  });
}

grpc::Status AuthorizationServiceImpl::CompleteAuthorization(
    grpc::ServerContext* context,
    const v1::CompleteAuthorizationRequest* request,
    v1::PendingAuthorization* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return authorizer_.CompleteAuthorization(*request);
  });
}

grpc::Status AuthorizationServiceImpl::ConfirmAuthorization(
    grpc::ServerContext* context,
    const v1::ConfirmAuthorizationRequest* request, v1::Connection* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return authorizer_.ConfirmAuthorization(*request);
  });
}

grpc::Status AuthorizationServiceImpl::CancelAuthorization(
    grpc::ServerContext* context, const v1::CancelAuthorizationRequest* request,
    google::protobuf::Empty* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return authorizer_.CancelAuthorization(*request);
  });
}

grpc::Status AuthorizationServiceImpl::GetConnection(
    grpc::ServerContext* context, const v1::GetConnectionRequest* request,
    v1::Connection* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return authorizer_.GetConnection(*request);
  });
}

grpc::Status AuthorizationServiceImpl::ListConnections(
    grpc::ServerContext* context, const v1::ListConnectionsRequest* request,
    v1::ListConnectionsResponse* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return authorizer_.ListConnections(*request);
  });
}

grpc::Status AuthorizationServiceImpl::MintAccessToken(
    grpc::ServerContext* context, const v1::MintAccessTokenRequest* request,
    v1::MintAccessTokenResponse* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return authorizer_.MintAccessToken(*request);
  });
}

grpc::Status AuthorizationServiceImpl::ReportRejectedToken(
    grpc::ServerContext* context, const v1::ReportRejectedTokenRequest* request,
    google::protobuf::Empty* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return authorizer_.ReportRejectedToken(*request);
  });
}

}  // namespace rollcall::authorization
