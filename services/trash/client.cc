#include "services/trash/client.h"

#include <utility>

#include "absl/time/time.h"
#include "common/log/log.h"
#include "common/rpc/channel.h"
#include "common/status/errors.h"
#include "common/status/grpc_status.h"
#include "rollcall/reconciliation/v1/user.grpc.pb.h"

namespace rollcall::trash {

using reconciliation::v1::PurgeUserRequest;
using reconciliation::v1::PurgeUserResponse;
using reconciliation::v1::UserService;

namespace {

// One question to the source and one transaction on the other side; more means
// that it is in trouble.
constexpr absl::Duration kPurgeTimeout = absl::Seconds(60);

}  // namespace

struct GrpcReconciliationClient::Stub {
  std::unique_ptr<UserService::Stub> users;
};

GrpcReconciliationClient::GrpcReconciliationClient(
    std::shared_ptr<grpc::ChannelInterface> channel)
    : stub_(std::make_unique<Stub>()) {
  stub_->users = UserService::NewStub(std::move(channel));
}

GrpcReconciliationClient::~GrpcReconciliationClient() = default;

absl::Status GrpcReconciliationClient::PurgeUser(const UserName& user,
                                                 int64_t deletion_epoch,
                                                 const std::string& actor) {
  PurgeUserRequest request;
  request.set_name(user.ToString());
  request.set_deletion_epoch(deletion_epoch);
  request.set_actor(actor);
  grpc::ClientContext context;
  rpc::SetDeadline(&context, kPurgeTimeout);
  PurgeUserResponse response;
  absl::Status error =
      FromGrpcStatus(stub_->users->PurgeUser(&context, request, &response));
  const bool is_transport =
      absl::IsUnavailable(error) || absl::IsDeadlineExceeded(error);
  if (!is_transport || !ReasonOf(error).empty()) return error;
  // The transport's words name hosts and ports: for operators only.
  LogWarning("purge_call_failed", {{"error", error}});
  return Unavailable("RECONCILIATION_UNREACHABLE",
                     "The reconciliation service cannot be reached.");
}

}  // namespace rollcall::trash
