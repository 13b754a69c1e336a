#include "common/rpc/server.h"

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/rpc/fake_trash_server.h"
#include "common/testing/certificates.h"
#include "common/testing/status_matchers.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "grpcpp/impl/codegen/rpc_method.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/sync_stream.h"
#include "gtest/gtest.h"
#include "openssl/ssl.h"

namespace rollcall::rpc {
namespace {

using ::grpc::internal::RpcMethod;
using ::rollcall::testing::CertificateSpec;
using ::rollcall::testing::IsOk;
using ::rollcall::testing::StatusIs;
using ::testing::Not;

constexpr char kUser[] = "accounts/acme/trashedUsers/u1";
constexpr char kForeignUser[] = "accounts/other/trashedUsers/u1";

std::string ReadFile(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// A client that looks at nothing, not even at its own files: what an attacker
// would use.
std::unique_ptr<FakeTrashServer::Stub> CarelessClient(
    const FakeTrashServer& trash, const TlsFiles* files) {
  namespace tls = ::grpc::experimental;
  tls::TlsChannelCredentialsOptions options;
  std::vector<tls::IdentityKeyCertPair> identity;
  if (files != nullptr) {
    identity.push_back(
        {.private_key = ReadFile(files->key_file),
         .certificate_chain = ReadFile(files->certificate_file)});
  }
  options.set_certificate_provider(
      std::make_shared<tls::StaticDataCertificateProvider>(
          ReadFile(trash.authority.ca_file()), identity));
  options.watch_root_certs();
  if (files != nullptr) options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(
      std::make_shared<tls::NoOpCertificateVerifier>());
  return trash::v1::TrashService::NewStub(
      grpc::CreateChannel(trash.target(), tls::TlsCredentials(options)));
}

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(trash_.Start()); }

  std::unique_ptr<FakeTrashServer::Stub> Person(const std::string& account,
                                                const std::string& role) {
    return trash_.StubFor(trash_.authority.ForPerson(account, role));
  }

  FakeTrashServer trash_;
};

TEST_F(ServerTest, R21_R22_LetsRolesDoWhatTheyMay) {
  const auto owner = Person("acme", "OWNER");
  EXPECT_OK(Get(*owner, kUser));
  EXPECT_OK(Delete(*owner, kUser));
  const auto reader = Person("acme", "READ_ONLY");
  EXPECT_OK(Get(*reader, kUser));
  EXPECT_THAT(Delete(*reader, kUser),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(trash_.service.deletes(), 1);
}

TEST_F(ServerTest, R22_DeniesTheAccountOfAnotherTenant) {
  const auto owner = Person("acme", "OWNER");
  EXPECT_THAT(
      Get(*owner, kForeignUser),
      StatusIs(absl::StatusCode::kPermissionDenied, "ACCOUNT_NOT_ALLOWED"));
  EXPECT_EQ(trash_.service.gets(), 0);
}

TEST_F(ServerTest, R22_LetsOperatorsIntoEveryAccount) {
  const auto operations = Person("*", "OWNER");
  EXPECT_OK(Get(*operations, kUser));
  EXPECT_OK(Delete(*operations, kForeignUser));
}

TEST_F(ServerTest, R22_DeniesServicesThatAreNotListed) {
  const auto directory =
      trash_.StubFor(trash_.authority.ForService("directory"));
  EXPECT_THAT(Get(*directory, kUser),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(trash_.service.gets(), 0);
}

TEST_F(ServerTest, RefusesAnotherTrustDomainOfTheSameAuthority) {
  const TlsFiles files = trash_.authority.Issue(
      "other", {.uris = {"spiffe://other.test/account/acme/role/owner/eve"}});
  EXPECT_THAT(Get(*trash_.StubFor(files), kUser),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_EQ(trash_.service.gets(), 0);
}

TEST_F(ServerTest, RefusesTwoIdentitiesInOneCertificate) {
  const TlsFiles files = trash_.authority.Issue(
      "two", {.uris = {"spiffe://test.rollcall/account/acme/role/owner/ada",
                       "spiffe://test.rollcall/account/*/role/owner/ada"}});
  EXPECT_THAT(Get(*CarelessClient(trash_, &files), kUser),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_EQ(trash_.service.gets(), 0);
}

TEST_F(ServerTest, RefusesAnExpiredCertificateInTheHandshake) {
  const CertificateSpec ada = {
      .uris = {"spiffe://test.rollcall/account/acme/role/owner/ada"}};
  const TlsFiles good = trash_.authority.Issue("good", ada);
  CertificateSpec past = ada;
  past.valid_until = -absl::Minutes(1);
  const TlsFiles expired = trash_.authority.Issue("expired", past);
  EXPECT_THAT(Get(*CarelessClient(trash_, &expired), kUser),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_OK(Get(*CarelessClient(trash_, &good), kUser));
}

TEST_F(ServerTest, RefusesACertificateOfAnotherAuthority) {
  testing::TestAuthority eve(trash_.authority.trust_domain());
  const TlsFiles files = eve.ForPerson("acme", "OWNER");
  EXPECT_THAT(Get(*CarelessClient(trash_, &files), kUser),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ServerTest, RefusesACallerWithoutACertificate) {
  EXPECT_THAT(Get(*CarelessClient(trash_, nullptr), kUser),
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ServerTest, RefusesPlainText) {
  const auto stub = trash::v1::TrashService::NewStub(
      grpc::CreateChannel(trash_.target(), grpc::InsecureChannelCredentials()));
  EXPECT_THAT(Get(*stub, kUser), StatusIs(absl::StatusCode::kUnavailable));
}

// Whether a client that speaks at most `version` gets through the handshake.
bool Handshake(const FakeTrashServer& trash, const TlsFiles& files,
               int version) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_max_proto_version(context, version);
  SSL_CTX_use_certificate_file(context, files.certificate_file.c_str(),
                               SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file(context, files.key_file.c_str(),
                              SSL_FILETYPE_PEM);
  static constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context, kHttp2, sizeof(kHttp2));
  BIO* connection = BIO_new_ssl_connect(context);
  BIO_set_conn_hostname(connection, trash.target().c_str());
  const bool done = BIO_do_connect(connection) == 1;
  BIO_free_all(connection);
  SSL_CTX_free(context);
  return done;
}

TEST_F(ServerTest, SpeaksNothingBelowTls13) {
  const TlsFiles files = trash_.authority.ForPerson("acme", "OWNER");
  EXPECT_FALSE(Handshake(trash_, files, TLS1_2_VERSION));
  EXPECT_TRUE(Handshake(trash_, files, TLS1_3_VERSION));
}

TEST_F(ServerTest, TakesNewCertificatesWithoutARestart) {
  // The server shows who it was made for, and its clients want someone else.
  const auto directory_expected =
      trash::v1::TrashService::NewStub(trash_.ChannelFor(
          trash_.authority.ForPerson("acme", "OWNER"), "directory"));
  EXPECT_THAT(Get(*directory_expected, kUser),
              StatusIs(absl::StatusCode::kUnavailable));

  trash_.authority.Issue(
      "service-trash", {.uris = {"spiffe://test.rollcall/service/directory"}});

  grpc::ClientContext context;
  SetDeadline(&context, absl::Minutes(1));
  context.set_wait_for_ready(true);  // Connects anew until it succeeds.
  trash::v1::GetTrashedUserRequest request;
  request.set_name(kUser);
  trash::v1::TrashedUser user;
  EXPECT_OK(FromGrpcStatus(
      directory_expected->GetTrashedUser(&context, request, &user)));
}

// A message of which only the bytes matter.
grpc::ByteBuffer Bytes(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  EXPECT_TRUE(buffer.DumpToSingleSlice(&slice).ok());
  return std::string(reinterpret_cast<const char*>(slice.begin()),
                     slice.size());
}

// grpc.health.v1: an empty HealthCheckRequest asks for the whole server;
// HealthCheckResponse.status is field 1.
const char kServing[] = "\x08\x01";
const char kNotServing[] = "\x08\x02";

TEST_F(ServerTest, TellsEveryVerifiedCallerItsHealth) {
  const auto channel =
      trash_.ChannelFor(trash_.authority.ForPerson("other", "READ_ONLY"));
  grpc::ClientContext context;
  SetDeadline(&context, absl::Minutes(1));
  grpc::ByteBuffer answer;
  EXPECT_OK(FromGrpcStatus(grpc::internal::BlockingUnaryCall(
      channel.get(),
      RpcMethod("/grpc.health.v1.Health/Check", RpcMethod::NORMAL_RPC),
      &context, Bytes(""), &answer)));
  EXPECT_EQ(BytesOf(answer), kServing);
}

TEST_F(ServerTest, DescribesItselfToEveryVerifiedCaller) {
  const auto channel =
      trash_.ChannelFor(trash_.authority.ForPerson("acme", "READ_ONLY"));
  grpc::ClientContext context;
  SetDeadline(&context, absl::Minutes(1));
  const RpcMethod method(
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      RpcMethod::BIDI_STREAMING);
  const std::unique_ptr<
      grpc::ClientReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>>
      stream(grpc::internal::ClientReaderWriterFactory<
             grpc::ByteBuffer, grpc::ByteBuffer>::Create(channel.get(), method,
                                                         &context));
  // ServerReflectionRequest.list_services is field 7.
  ASSERT_TRUE(stream->Write(Bytes(std::string("\x3a\x00", 2))));
  grpc::ByteBuffer answer;
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_THAT(BytesOf(answer),
              ::testing::HasSubstr("rollcall.trash.v1.TrashService"));
  stream->WritesDone();
  EXPECT_OK(FromGrpcStatus(stream->Finish()));
}

TEST_F(ServerTest, R22_RefusesAMethodThatNobodyDeclared) {
  const auto channel =
      trash_.ChannelFor(trash_.authority.ForPerson("*", "OWNER"));
  grpc::ClientContext context;
  SetDeadline(&context, absl::Minutes(1));
  grpc::ByteBuffer answer;
  EXPECT_THAT(FromGrpcStatus(grpc::internal::BlockingUnaryCall(
                  channel.get(),
                  RpcMethod("/rollcall.trash.v1.TrashService/EmptyTrash",
                            RpcMethod::NORMAL_RPC),
                  &context, Bytes(""), &answer)),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST(Server, RefusesARequestAboveTheLimit) {
  FakeTrashServer trash;
  trash.options.max_request_bytes = 1000;
  ASSERT_OK(trash.Start());
  const auto owner = trash.StubFor(trash.authority.ForPerson("acme", "OWNER"));
  EXPECT_OK(Get(*owner, kUser + std::string(900, 'x')));
  EXPECT_THAT(Get(*owner, kUser + std::string(1000, 'x')),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(trash.service.gets(), 1);
}

TEST(Server, DoesNotStartWithAKeyOfAnotherCertificate) {
  FakeTrashServer trash;
  trash.options.tls.key_file = trash.authority.ForService("other").key_file;
  EXPECT_THAT(trash.Start(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                      "TLS_FILES_INVALID"));
}

TEST(Server, DoesNotShareItsPort) {
  FakeTrashServer first;
  ASSERT_OK(first.Start());
  FakeTrashServer second;
  second.options.address = first.target();
  EXPECT_THAT(second.Start(),
              StatusIs(absl::StatusCode::kUnavailable, "ADDRESS_IN_USE"));
}

TEST(Server, DrainsWithoutCuttingACallShort) {
  FakeTrashServer trash;
  absl::Notification called, finish;
  trash.service.on_get = [&](const Call&, int) {
    called.Notify();
    finish.WaitForNotification();
    return absl::OkStatus();
  };
  ASSERT_OK(trash.Start());
  const TlsFiles files = trash.authority.ForPerson("acme", "OWNER");
  const auto channel = trash.ChannelFor(files);
  const auto owner = trash::v1::TrashService::NewStub(channel);

  absl::Status under_way;
  std::thread caller([&] { under_way = Get(*owner, kUser); });
  called.WaitForNotification();

  grpc::ClientContext context;
  SetDeadline(&context, absl::Minutes(1));
  const std::unique_ptr<grpc::ClientReader<grpc::ByteBuffer>> health(
      grpc::internal::ClientReaderFactory<grpc::ByteBuffer>::Create(
          channel.get(),
          RpcMethod("/grpc.health.v1.Health/Watch",
                    RpcMethod::SERVER_STREAMING),
          &context, Bytes("")));
  grpc::ByteBuffer state;
  ASSERT_TRUE(health->Read(&state));
  EXPECT_EQ(BytesOf(state), kServing);

  std::thread drain([&] { trash.server->Drain(absl::Minutes(1)); });
  ASSERT_TRUE(health->Read(&state));
  EXPECT_EQ(BytesOf(state), kNotServing);
  context.TryCancel();

  finish.Notify();
  caller.join();
  drain.join();
  EXPECT_OK(under_way);
  EXPECT_THAT(Delete(*owner, kUser), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(trash.service.deletes(), 0);
}

TEST(Server, CancelsWhatOutlivesTheGrace) {
  FakeTrashServer trash;
  absl::Notification called;
  trash.service.on_get = [&](const Call& call, int) {
    called.Notify();
    while (!call.cancelled()) std::this_thread::yield();
    return absl::OkStatus();
  };
  ASSERT_OK(trash.Start());
  const auto owner = trash.StubFor(trash.authority.ForPerson("acme", "OWNER"));
  absl::Status under_way;
  std::thread caller([&] { under_way = Get(*owner, kUser); });
  called.WaitForNotification();
  trash.server->Drain(absl::ZeroDuration());
  caller.join();
  EXPECT_THAT(under_way, Not(IsOk()));
}

}  // namespace
}  // namespace rollcall::rpc
