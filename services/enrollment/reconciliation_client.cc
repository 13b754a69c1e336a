#include "services/enrollment/reconciliation_client.h"

#include <utility>

#include "common/rpc/channel.h"
#include "common/status/grpc_status.h"
#include "common/status/status_macros.h"
#include "rollcall/reconciliation/v1/user.grpc.pb.h"

namespace rollcall::enrollment {

using reconciliation::v1::Feed;
using reconciliation::v1::GetUserRequest;
using reconciliation::v1::User;
using reconciliation::v1::UserService;
using reconciliation::v1::WatchChangesResponse;

namespace {

// A mail waits for this answer; without one the feed's word counts.
constexpr absl::Duration kGetUserTimeout = absl::Seconds(2);

}  // namespace

struct GrpcReconciliationClient::Stub {
  std::unique_ptr<UserService::Stub> service;
};

GrpcReconciliationClient::GrpcReconciliationClient(
    std::shared_ptr<grpc::ChannelInterface> feed,
    std::shared_ptr<grpc::ChannelInterface> users)
    : feed_(std::move(feed)), users_(std::make_unique<Stub>()) {
  users_->service = UserService::NewStub(std::move(users));
}

GrpcReconciliationClient::~GrpcReconciliationClient() = default;

absl::StatusOr<std::vector<Feed>> GrpcReconciliationClient::ListFeeds() {
  return feed_.ListFeeds();
}

absl::Status GrpcReconciliationClient::WatchChanges(
    const AccountName& account, const std::string& cursor, bool snapshot,
    const std::function<bool(const WatchChangesResponse&)>& deliver) {
  return feed_.WatchChanges(account, cursor, snapshot, deliver);
}

absl::StatusOr<User> GrpcReconciliationClient::GetUser(const UserName& user) {
  GetUserRequest request;
  request.set_name(user.ToString());
  grpc::ClientContext context;
  rpc::SetDeadline(&context, kGetUserTimeout);
  User response;
  RETURN_IF_ERROR(
      FromGrpcStatus(users_->service->GetUser(&context, request, &response)));
  return response;
}

}  // namespace rollcall::enrollment
