// The feed as the reconciliation service serves it.
#ifndef ROLLCALL_COMMON_FEED_GRPC_FEED_SOURCE_H_
#define ROLLCALL_COMMON_FEED_GRPC_FEED_SOURCE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/feed/feed_source.h"

namespace grpc {
class ChannelInterface;
}

namespace rollcall::feed {

// Thread-safe.
class GrpcFeedSource : public FeedSource {
 public:
  // `channel` leads to the reconciliation service (rpc::OpenChannel).
  explicit GrpcFeedSource(std::shared_ptr<grpc::ChannelInterface> channel);
  ~GrpcFeedSource() override;

  absl::StatusOr<std::vector<reconciliation::v1::Feed>> ListFeeds() override;
  absl::Status WatchChanges(
      const AccountName& account, const std::string& cursor, bool snapshot,
      const std::function<bool(
          const reconciliation::v1::WatchChangesResponse&)>& deliver) override;

 private:
  struct Stub;
  std::unique_ptr<Stub> stub_;
};

}  // namespace rollcall::feed

#endif  // ROLLCALL_COMMON_FEED_GRPC_FEED_SOURCE_H_
