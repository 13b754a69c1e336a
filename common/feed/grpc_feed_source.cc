#include "common/feed/grpc_feed_source.h"

#include <utility>

#include "common/rpc/channel.h"
#include "common/status/grpc_status.h"
#include "common/status/status_macros.h"
#include "rollcall/reconciliation/v1/reconciliation.grpc.pb.h"

namespace rollcall::feed {

using reconciliation::v1::Feed;
using reconciliation::v1::ListFeedsRequest;
using reconciliation::v1::ListFeedsResponse;
using reconciliation::v1::ReconciliationService;
using reconciliation::v1::WatchChangesRequest;
using reconciliation::v1::WatchChangesResponse;

namespace {

constexpr absl::Duration kListTimeout = absl::Seconds(10);

// A stream ends when it has caught up; one that has not ended by now is opened
// again from the position that it has reached.
constexpr absl::Duration kWatchTimeout = absl::Minutes(5);

}  // namespace

struct GrpcFeedSource::Stub {
  std::unique_ptr<ReconciliationService::Stub> service;
};

GrpcFeedSource::GrpcFeedSource(std::shared_ptr<grpc::ChannelInterface> channel)
    : stub_(std::make_unique<Stub>()) {
  stub_->service = ReconciliationService::NewStub(std::move(channel));
}

GrpcFeedSource::~GrpcFeedSource() = default;

absl::StatusOr<std::vector<Feed>> GrpcFeedSource::ListFeeds() {
  std::vector<Feed> feeds;
  ListFeedsRequest request;
  do {
    grpc::ClientContext context;
    rpc::SetDeadline(&context, kListTimeout);
    ListFeedsResponse response;
    RETURN_IF_ERROR(FromGrpcStatus(
        stub_->service->ListFeeds(&context, request, &response)));
    for (Feed& feed : *response.mutable_feeds()) {
      feeds.push_back(std::move(feed));
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return feeds;
}

absl::Status GrpcFeedSource::WatchChanges(
    const AccountName& account, const std::string& cursor, bool snapshot,
    const std::function<bool(const WatchChangesResponse&)>& deliver) {
  WatchChangesRequest request;
  request.set_parent(account.ToString());
  request.set_cursor(cursor);
  request.set_snapshot(snapshot);
  grpc::ClientContext context;
  rpc::SetDeadline(&context, kWatchTimeout);
  auto stream = stub_->service->WatchChanges(&context, request);
  WatchChangesResponse response;
  while (stream->Read(&response)) {
    if (deliver(response)) continue;
    context.TryCancel();
    stream->Finish();  // Cancelled by ourselves: no error.
    return absl::OkStatus();
  }
  return FromGrpcStatus(stream->Finish());
}

}  // namespace rollcall::feed
