// The methods about the feed (B7).
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/identity/resource_name.h"
#include "common/rpc/paging.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/feed_consumers.h"
#include "services/reconciliation/feed_cursor.h"
#include "services/reconciliation/feed_filter.h"
#include "services/reconciliation/feed_reader.h"
#include "services/reconciliation/feed_watch.h"
#include "services/reconciliation/service.h"

namespace rollcall::reconciliation {
namespace {

constexpr int kFeedsPerPage = 1000;

// Where the stream begins.
absl::StatusOr<FeedPlace> PlaceOf(const v1::WatchChangesRequest& request,
                                  const FeedFilter& filter,
                                  const IdentityStore& store,
                                  const std::string& account) {
  const std::unique_ptr<rollcall::store::Reader> instant = store.Snapshot();
  const FeedReader feed(*instant, account, store.incarnation());
  ASSIGN_OR_RETURN(const FeedBounds bounds, feed.Bounds());
  if (request.snapshot() && request.cursor().empty()) {
    FeedPlace begin{.sequence = bounds.head_sequence,
                    .phase = FeedPlace::Phase::kGroups};
    ASSIGN_OR_RETURN(begin.check, feed.CheckAt(begin.sequence));
    return begin;
  }
  const FeedCursors cursors(store.incarnation(), filter.Digest());
  ASSIGN_OR_RETURN(FeedPlace place, cursors.Read(request.cursor(), bounds));
  ASSIGN_OR_RETURN(const uint32_t kept, feed.CheckAt(place.sequence));
  RETURN_IF_ERROR(cursors.CheckSame(place, kept, bounds));
  return place;
}

}  // namespace

absl::Status ReconciliationServiceImpl::WatchChanges(
    const v1::WatchChangesRequest& request, const rpc::Call& call,
    const std::function<bool(const v1::WatchChangesResponse&)>& write) {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const FeedFilter filter,
                   FeedFilter::Parse(account, request));
  ASSIGN_OR_RETURN(const FeedStreams::Place stream,
                   feed_streams_.Enter(call.caller.spiffe_id));
  ASSIGN_OR_RETURN(FeedPlace place,
                   PlaceOf(request, filter, options_.store, account.id()));
  if (!call.caller.service.empty()) {
    RETURN_IF_ERROR(NoteConsumer(options_.store, account.id(),
                                 call.caller.service, place.sequence,
                                 options_.clock.TimeNow()));
  }
  return WatchFeed(
      {.store = options_.store,
       .clock = options_.clock,
       .is_over = [&] { return call.cancelled() || options_.is_stopping(); },
       .follow = request.follow()},
      account.id(), filter, std::move(place), write);
}

absl::StatusOr<v1::ListFeedsResponse> ReconciliationServiceImpl::ListFeeds(
    const v1::ListFeedsRequest& request) {
  ASSIGN_OR_RETURN(
      const int page_size,
      rpc::ResolvePageSize(request.page_size(), kFeedsPerPage, kFeedsPerPage));
  ASSIGN_OR_RETURN(const std::string after,
                   rpc::ReadPageToken("ListFeeds", request.page_token()));
  ASSIGN_OR_RETURN(const std::vector<std::string> accounts,
                   options_.store.ListAccounts(after, page_size));
  v1::ListFeedsResponse response;
  for (const std::string& account : accounts) {
    v1::Feed& feed = *response.add_feeds();
    feed.set_account(AccountName(account).ToString());
    feed.set_incarnation(options_.store.incarnation());
    ASSIGN_OR_RETURN(const FeedBounds bounds,
                     options_.store.Feed(account).Bounds());
    feed.set_head_sequence(bounds.head_sequence);
    feed.set_first_sequence(bounds.dropped_sequence + 1);
  }
  if (static_cast<int>(accounts.size()) == page_size) {
    response.set_next_page_token(
        rpc::MakePageToken("ListFeeds", accounts.back()));
  }
  return response;
}

}  // namespace rollcall::reconciliation
