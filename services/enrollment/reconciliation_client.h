// What the enrollment service asks the reconciliation service for.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_RECONCILIATION_CLIENT_H_
#define ROLLCALL_SERVICES_ENROLLMENT_RECONCILIATION_CLIENT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/feed/feed_source.h"
#include "common/feed/grpc_feed_source.h"
#include "common/identity/resource_name.h"
#include "rollcall/reconciliation/v1/user.pb.h"

namespace grpc {
class ChannelInterface;
}

namespace rollcall::enrollment {

// Thread-safe.
class ReconciliationClient : public feed::FeedSource {
 public:
  // The user as it is now. NOT_FOUND: gone for good.
  virtual absl::StatusOr<reconciliation::v1::User> GetUser(
      const UserName& user) = 0;
};

// Thread-safe.
class GrpcReconciliationClient : public ReconciliationClient {
 public:
  // `feed` and `users` lead to the reconciliation service; they are two,
  // because a channel retries the methods of one gRPC service
  // (rpc::ChannelOptions), and may be the same.
  GrpcReconciliationClient(std::shared_ptr<grpc::ChannelInterface> feed,
                           std::shared_ptr<grpc::ChannelInterface> users);
  ~GrpcReconciliationClient() override;

  absl::StatusOr<std::vector<reconciliation::v1::Feed>> ListFeeds() override;
  absl::Status WatchChanges(
      const AccountName& account, const std::string& cursor, bool snapshot,
      const std::function<bool(
          const reconciliation::v1::WatchChangesResponse&)>& deliver) override;
  absl::StatusOr<reconciliation::v1::User> GetUser(
      const UserName& user) override;

 private:
  struct Stub;
  feed::GrpcFeedSource feed_;
  std::unique_ptr<Stub> users_;
};

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_RECONCILIATION_CLIENT_H_
