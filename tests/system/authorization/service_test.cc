// The service over mutual TLS: roles, errors on the wire, reflection's types.
#include "services/authorization/service.h"

#include <memory>
#include <string>

#include "common/crypto/digest.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "common/status/errors.h"
#include "common/status/grpc_status.h"
#include "common/testing/status_matchers.h"
#include "grpcpp/client_context.h"
#include "tests/system/authorization/world.h"

namespace rollcall::authorization {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::IsOk;
using ::rollcall::testing::StatusIs;

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest()
      : service_(rpc::Edge(*rpc::AccessPolicy::ForServices({kServiceName}),
                           authority_.trust_domain(), kErrorDomain),
                 world_.authorizer()) {
    auto server = rpc::Server::Start(
        {.address = "localhost:0",
         .tls = authority_.ForService("authorization"),
         .trust_domain = authority_.trust_domain()},
        *rpc::AccessPolicy::ForServices({kServiceName}), {&service_});
    EXPECT_THAT(server, IsOk());
    server_ = *std::move(server);
  }

  std::unique_ptr<v1::AuthorizationService::Stub> StubFor(
      const rpc::TlsFiles& files) {
    const auto channel =
        rpc::OpenChannel({.target = absl::StrCat("localhost:", server_->port()),
                          .tls = files,
                          .trust_domain = authority_.trust_domain(),
                          .expected_service = "authorization",
                          .service_name = ""});
    EXPECT_THAT(channel, IsOk());
    return v1::AuthorizationService::NewStub(*channel);
  }

  // Calls a method as somebody.
  template <typename Request, typename Response>
  absl::Status Call(v1::AuthorizationService::Stub& stub,
                    grpc::Status (v1::AuthorizationService::Stub::*method)(
                        grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    rpc::SetDeadline(&context, absl::Seconds(30));
    return FromGrpcStatus((stub.*method)(&context, request, response));
  }

  testing::TestAuthority authority_;
  World world_;
  AuthorizationServiceImpl service_;
  std::unique_ptr<rpc::Server> server_;
};

using Stub = v1::AuthorizationService::Stub;

TEST_F(ServiceTest, OnlyTheDirectoryServiceGetsTokens) {
  const v1::Connection connection = world_.Connect();
  v1::MintAccessTokenRequest request;
  request.set_name(connection.name());
  v1::MintAccessTokenResponse response;
  const auto mint = [&](const rpc::TlsFiles& files) {
    return Call(*StubFor(files), &Stub::MintAccessToken, request, &response);
  };
  EXPECT_THAT(mint(authority_.ForService("directory")), IsOk());
  EXPECT_EQ(response.tenant_id(), world_.entra().tenant_id());
  for (const rpc::TlsFiles& files : {authority_.ForPerson("acme", "owner"),
                                     authority_.ForPerson("*", "owner"),
                                     authority_.ForService("enrollment")}) {
    EXPECT_THAT(mint(files), StatusIs(StatusCode::kPermissionDenied));
  }
  v1::ReportRejectedTokenRequest report;
  report.set_name(connection.name());
  report.set_access_token_sha256(Sha256(response.access_token()));
  google::protobuf::Empty empty;
  EXPECT_THAT(Call(*StubFor(authority_.ForService("directory")),
                   &Stub::ReportRejectedToken, report, &empty),
              IsOk());
}

TEST_F(ServiceTest, R21_R22_OnlyCertainRolesConnectAndOnlyTheirAccount) {
  v1::PendingAuthorization pending;
  const auto begin = [&](const std::string& account, const std::string& role) {
    return Call(*StubFor(authority_.ForPerson(account, role)),
                &Stub::BeginAuthorization, world_.BeginRequest(), &pending);
  };
  for (const char* role : {"owner", "administrator", "user-manager"}) {
    EXPECT_THAT(begin("acme", role), IsOk()) << role;
    EXPECT_THAT(begin("other", role), StatusIs(StatusCode::kPermissionDenied))
        << role;
  }
  for (const char* role : {"help-desk", "read-only"}) {
    EXPECT_THAT(begin("acme", role), StatusIs(StatusCode::kPermissionDenied))
        << role;
  }
}

TEST_F(ServiceTest, AccountsAreTheOperators) {
  v1::CreateAccountRequest request;
  request.set_account_id("beta");
  request.mutable_account()->set_display_name("Beta");
  v1::Account account;
  EXPECT_THAT(Call(*StubFor(authority_.ForPerson("acme", "owner")),
                   &Stub::CreateAccount, request, &account),
              StatusIs(StatusCode::kPermissionDenied));
  const auto operators = StubFor(authority_.ForPerson("*", "owner"));
  EXPECT_THAT(Call(*operators, &Stub::CreateAccount, request, &account),
              IsOk());
  EXPECT_EQ(account.name(), "accounts/beta");
  v1::ListAccountsResponse accounts;
  EXPECT_THAT(Call(*operators, &Stub::ListAccounts, v1::ListAccountsRequest(),
                   &accounts),
              IsOk());
  EXPECT_EQ(accounts.accounts_size(), 2);
}

TEST_F(ServiceTest, TheWholeWayOverTheWire) {
  const auto owner = StubFor(authority_.ForPerson("acme", "owner"));
  v1::PendingAuthorization pending;
  ASSERT_THAT(
      Call(*owner, &Stub::BeginAuthorization, world_.BeginRequest(), &pending),
      IsOk());
  const std::string redirect = world_.Consent(pending.consent_uri());
  ASSERT_THAT(Call(*owner, &Stub::CompleteAuthorization,
                   World::CompleteRequest(pending.name(), redirect), &pending),
              IsOk());
  EXPECT_EQ(pending.state(), v1::PendingAuthorization::AWAITING_CONFIRMATION);

  v1::ConfirmAuthorizationRequest confirm;
  confirm.set_name(pending.name());
  confirm.set_tenant_id("99999999-2222-3333-4444-555555555555");
  v1::Connection connection;
  const absl::Status refused =
      Call(*owner, &Stub::ConfirmAuthorization, confirm, &connection);
  EXPECT_THAT(refused,
              StatusIs(StatusCode::kFailedPrecondition, "TENANT_MISMATCH"));
  confirm.set_tenant_id(pending.tenant_id());
  EXPECT_THAT(Call(*owner, &Stub::ConfirmAuthorization, confirm, &connection),
              IsOk());

  v1::GetConnectionRequest get;
  get.set_name(connection.name());
  EXPECT_THAT(Call(*StubFor(authority_.ForPerson("acme", "read-only")),
                   &Stub::GetConnection, get, &connection),
              IsOk());
  v1::ListConnectionsRequest list;
  list.set_parent("accounts/acme");
  v1::ListConnectionsResponse connections;
  EXPECT_THAT(Call(*owner, &Stub::ListConnections, list, &connections), IsOk());
  EXPECT_EQ(connections.connections_size(), 1);
  v1::GetPendingAuthorizationRequest gone;
  gone.set_name(pending.name());
  EXPECT_THAT(Call(*owner, &Stub::GetPendingAuthorization, gone, &pending),
              StatusIs(StatusCode::kNotFound));
}

TEST_F(ServiceTest, R12_ErrorsCarryTheirWaitOverTheWire) {
  const v1::Connection connection = world_.Connect();
  world_.entra().faults().Add({.kind = entra::FaultKind::kTokenError,
                               .times = 1,
                               .status = 503,
                               .retry_after = "30"});
  v1::MintAccessTokenRequest request;
  request.set_name(connection.name());
  v1::MintAccessTokenResponse response;
  const absl::Status refused =
      Call(*StubFor(authority_.ForService("directory")), &Stub::MintAccessToken,
           request, &response);
  EXPECT_THAT(refused, StatusIs(StatusCode::kUnavailable, "TOKEN_UNAVAILABLE"));
  EXPECT_EQ(RetryDelayOf(refused), absl::Seconds(30));
}

}  // namespace
}  // namespace rollcall::authorization
