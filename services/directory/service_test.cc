// The service over mutual TLS, with an authorization service beside it.
#include "services/directory/service.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "common/status/errors.h"
#include "common/status/grpc_status.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/certificates.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "rollcall/authorization/v1/authorization.grpc.pb.h"
#include "services/directory/fake_authorization.h"
#include "services/directory/grpc_authorization_client.h"
#include "services/directory/test_sealer.h"

namespace rollcall::directory {
namespace {

namespace auth = ::rollcall::authorization::v1;
using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::rollcall::testing::TestAuthority;

constexpr char kConnection[] = "accounts/acme/connections/c1";

// What the directory service asks authorization.
class LittleAuthorization : public auth::AuthorizationService::Service {
 public:
  grpc::Status GetConnection(grpc::ServerContext*,
                             const auth::GetConnectionRequest* request,
                             auth::Connection* response) override {
    ++calls;
    if (request->name() != kConnection) {
      return ToGrpcStatus(NotFound("CONNECTION_NOT_FOUND", "None."),
                          "authorization.rollcall");
    }
    response->set_state(auth::Connection::CONNECTED);
    response->set_tenant_id("tenant");
    return grpc::Status::OK;
  }
  grpc::Status MintAccessToken(
      grpc::ServerContext*, const auth::MintAccessTokenRequest*,
      auth::MintAccessTokenResponse* response) override {
    ++calls;
    response->set_access_token("token");
    response->mutable_expire_time()->set_seconds(1'760'003'600);
    response->mutable_cloud()->set_graph_origin("https://graph.test");
    response->set_tenant_id("tenant");
    return grpc::Status::OK;
  }
  grpc::Status ReportRejectedToken(
      grpc::ServerContext*, const auth::ReportRejectedTokenRequest* request,
      google::protobuf::Empty*) override {
    rejected = request->access_token_sha256();
    return grpc::Status::OK;
  }

  std::atomic<int> calls = 0;
  std::string rejected;
};

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest()
      : authorization_server_(Serve("authorization",
                                    "rollcall.authorization.v1."
                                    "AuthorizationService",
                                    &little_authorization_)),
        authorization_(Channel("authorization", authorization_server_->port(),
                               authority_.ForService("directory"))),
        store_(*rollcall::store::OpenInMemory()),
        http_(*http::Client::Create({})),
        graph_(*http_, authorization_, *store_, clock_, waiter_),
        manager_(*store_, authorization_, graph_, clock_),
        keeper_(*store_, authorization_, graph_, TestSealer(), clock_),
        service_(manager_, keeper_,
                 rpc::Edge(*rpc::AccessPolicy::ForServices({kService}),
                           authority_.trust_domain(), "directory.rollcall")),
        server_(Serve("directory", kService, &service_)) {}

  std::unique_ptr<rpc::Server> Serve(const std::string& name,
                                     const std::string& full_name,
                                     grpc::Service* service) {
    auto server = rpc::Server::Start(
        {.address = "127.0.0.1:0",
         .tls = authority_.ForService(name),
         .trust_domain = authority_.trust_domain()},
        *rpc::AccessPolicy::ForServices({full_name}), {service});
    EXPECT_OK(server);
    return *std::move(server);
  }

  std::shared_ptr<grpc::Channel> Channel(const std::string& name, int port,
                                         const rpc::TlsFiles& files) {
    auto channel = rpc::OpenChannel({.target = absl::StrCat("localhost:", port),
                                     .tls = files,
                                     .trust_domain = authority_.trust_domain(),
                                     .expected_service = name});
    EXPECT_OK(channel);
    return *std::move(channel);
  }

  std::unique_ptr<v1::DirectoryService::Stub> As(const rpc::TlsFiles& files) {
    return v1::DirectoryService::NewStub(
        Channel("directory", server_->port(), files));
  }

  static absl::StatusOr<v1::Directory> Create(v1::DirectoryService::Stub& stub,
                                              const std::string& account) {
    v1::CreateDirectoryRequest request;
    request.set_parent(absl::StrCat("accounts/", account));
    request.set_directory_id("d1");
    request.mutable_directory()->set_display_name("Head office");
    request.mutable_directory()->set_connection(
        absl::StrCat("accounts/", account, "/connections/c1"));
    grpc::ClientContext context;
    rpc::SetDeadline(&context, absl::Seconds(30));
    v1::Directory response;
    const absl::Status status =
        FromGrpcStatus(stub.CreateDirectory(&context, request, &response));
    if (!status.ok()) return status;
    return response;
  }

  static absl::Status Stream(v1::DirectoryService::Stub& stub) {
    v1::StreamDesiredStateRequest request;
    request.set_name("accounts/acme/directories/d1");
    request.set_mode(v1::StreamDesiredStateRequest::FULL);
    grpc::ClientContext context;
    rpc::SetDeadline(&context, absl::Seconds(30));
    const auto reader = stub.StreamDesiredState(&context, request);
    v1::StreamDesiredStateResponse response;
    while (reader->Read(&response)) {
    }
    return FromGrpcStatus(reader->Finish());
  }

  static constexpr char kService[] = "rollcall.directory.v1.DirectoryService";

  TestAuthority authority_;
  SimulatedClock clock_{absl::FromUnixSeconds(1'760'000'000)};
  FakeWaiter waiter_;
  LittleAuthorization little_authorization_;
  std::unique_ptr<rpc::Server> authorization_server_;
  GrpcAuthorizationClient authorization_;
  std::unique_ptr<rollcall::store::Store> store_;
  std::unique_ptr<http::Client> http_;
  GraphClient graph_;
  DirectoryManager manager_;
  MirrorKeeper keeper_;
  DirectoryServiceImpl service_;
  std::unique_ptr<rpc::Server> server_;
};

TEST_F(ServiceTest, R21_R22_RolesDecideWhoMayDoWhat) {
  const auto manager = As(authority_.ForPerson("acme", "user-manager"));
  const auto help_desk = As(authority_.ForPerson("acme", "help-desk"));
  const auto stranger = As(authority_.ForPerson("other", "owner"));
  const auto reconciliation = As(authority_.ForService("reconciliation"));

  EXPECT_THAT(Create(*help_desk, "acme"),
              StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(Create(*stranger, "acme"),
              StatusIs(StatusCode::kPermissionDenied));
  const auto made = Create(*manager, "acme");
  ASSERT_OK(made);
  EXPECT_EQ(made->name(), "accounts/acme/directories/d1");
  EXPECT_THAT(Create(*manager, "acme"),
              StatusIs(StatusCode::kAlreadyExists, "DIRECTORY_EXISTS"));

  EXPECT_THAT(Stream(*manager), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(Stream(*reconciliation),
              StatusIs(StatusCode::kFailedPrecondition, "NO_GROUP_SELECTED"));
}

// The account of a call is that of one of its names; no other name in it leads
// to somebody else's tenant.
TEST_F(ServiceTest, NoNameInACallReachesAnotherAccountsConnection) {
  const auto stranger = As(authority_.ForPerson("other", "owner"));
  v1::CreateDirectoryRequest create;
  create.set_parent("accounts/other");
  create.mutable_directory()->set_display_name("Not mine");
  create.mutable_directory()->set_connection(kConnection);
  grpc::ClientContext create_context;
  rpc::SetDeadline(&create_context, absl::Seconds(30));
  v1::Directory directory;
  EXPECT_THAT(
      FromGrpcStatus(
          stranger->CreateDirectory(&create_context, create, &directory)),
      StatusIs(StatusCode::kInvalidArgument, "CONNECTION_OF_ANOTHER_ACCOUNT"));

  v1::SearchGroupsRequest search;
  search.set_connection(kConnection);
  grpc::ClientContext search_context;
  rpc::SetDeadline(&search_context, absl::Seconds(30));
  v1::SearchGroupsResponse groups;
  EXPECT_THAT(
      FromGrpcStatus(stranger->SearchGroups(&search_context, search, &groups)),
      StatusIs(StatusCode::kPermissionDenied, "ACCOUNT_NOT_ALLOWED"));
  EXPECT_EQ(little_authorization_.calls, 0);
}

TEST_F(ServiceTest, R5_WhatAuthorizationDoesNotKnowIsNoConnection) {
  const auto stub = As(authority_.ForPerson("other", "owner"));
  EXPECT_THAT(Create(*stub, "other"), StatusIs(StatusCode::kFailedPrecondition,
                                               "CONNECTION_NOT_FOUND"));
}

TEST_F(ServiceTest, TokensComeFromAuthorizationAndRefusalsGoBack) {
  const ConnectionName connection = *ConnectionName::Parse(kConnection);
  const auto token = authorization_.MintAccessToken(connection);
  ASSERT_OK(token);
  EXPECT_EQ(token->token.Reveal(), "token");
  EXPECT_EQ(token->graph_origin, "https://graph.test");
  EXPECT_EQ(token->tenant_id, "tenant");
  EXPECT_EQ(token->expire_time, absl::FromUnixSeconds(1'760'003'600));
  EXPECT_OK(authorization_.ReportRejectedToken(connection, token->token));
  EXPECT_EQ(little_authorization_.rejected, Sha256("token"));
  EXPECT_OK(authorization_.GetConnection(connection));
}

}  // namespace
}  // namespace rollcall::directory
