// A server with a fake trash service and its authority, for tests: the real
// server, real certificates, a real port on loopback.
#ifndef ROLLCALL_COMMON_RPC_FAKE_TRASH_SERVER_H_
#define ROLLCALL_COMMON_RPC_FAKE_TRASH_SERVER_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/rpc/channel.h"
#include "common/rpc/fake_trash_service.h"
#include "common/rpc/server.h"
#include "common/status/grpc_status.h"
#include "common/testing/certificates.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"

namespace rollcall::rpc {

// What is started can be shaped before Start().
class FakeTrashServer {
 public:
  using Stub = trash::v1::TrashService::Stub;

  explicit FakeTrashServer(absl::Duration default_deadline = absl::Seconds(60))
      : service(default_deadline) {
    options.address = "127.0.0.1:0";
    options.tls = authority.ForService("trash");
    options.trust_domain = authority.trust_domain();
  }

  absl::Status Start() {
    auto started = Server::Start(
        options, *AccessPolicy::ForServices({FakeTrashService::kName}),
        {&service});
    if (started.ok()) server = *std::move(started);
    return started.status();
  }

  std::string target() const {
    return absl::StrCat("127.0.0.1:", server->port());
  }

  // A channel of whoever owns `files`, as our services open them.
  std::shared_ptr<grpc::Channel> ChannelFor(
      const TlsFiles& files, const std::string& expected_service = "trash") {
    return *OpenChannel({.target = target(),
                         .tls = files,
                         .trust_domain = authority.trust_domain(),
                         .expected_service = expected_service,
                         .service_name = FakeTrashService::kName});
  }
  std::unique_ptr<Stub> StubFor(const TlsFiles& files) {
    return trash::v1::TrashService::NewStub(ChannelFor(files));
  }

  testing::TestAuthority authority;
  FakeTrashService service;
  ServerOptions options;
  std::unique_ptr<Server> server;
};

// One call each, with a deadline that only a hanging test meets.
inline absl::Status Get(FakeTrashServer::Stub& stub, const std::string& name) {
  grpc::ClientContext context;
  SetDeadline(&context, absl::Minutes(1));
  trash::v1::GetTrashedUserRequest request;
  request.set_name(name);
  trash::v1::TrashedUser user;
  return FromGrpcStatus(stub.GetTrashedUser(&context, request, &user));
}

inline absl::Status Delete(FakeTrashServer::Stub& stub,
                           const std::string& name) {
  grpc::ClientContext context;
  SetDeadline(&context, absl::Minutes(1));
  trash::v1::DeleteTrashedUserRequest request;
  request.set_name(name);
  google::protobuf::Empty empty;
  return FromGrpcStatus(stub.DeleteTrashedUser(&context, request, &empty));
}

}  // namespace rollcall::rpc

#endif  // ROLLCALL_COMMON_RPC_FAKE_TRASH_SERVER_H_
