// Asks the authorization service over gRPC.
#ifndef ROLLCALL_SERVICES_DIRECTORY_GRPC_AUTHORIZATION_CLIENT_H_
#define ROLLCALL_SERVICES_DIRECTORY_GRPC_AUTHORIZATION_CLIENT_H_

#include <memory>

#include "services/directory/authorization_client.h"

namespace grpc {
class Channel;
}

namespace rollcall::directory {

// Thread-safe.
class GrpcAuthorizationClient : public AuthorizationClient {
 public:
  // The channel is shared with gRPC, which counts its users.
  explicit GrpcAuthorizationClient(std::shared_ptr<grpc::Channel> channel);
  ~GrpcAuthorizationClient() override;

  absl::StatusOr<AccessToken> MintAccessToken(
      const ConnectionName& connection) override;
  absl::Status ReportRejectedToken(const ConnectionName& connection,
                                   const Secret& token) override;
  absl::StatusOr<ConnectionFacts> GetConnection(
      const ConnectionName& connection) override;

 private:
  struct Stub;
  std::unique_ptr<Stub> stub_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GRPC_AUTHORIZATION_CLIENT_H_
