#include "services/reconciliation/feed_watch.h"

#include <cstdint>
#include <utility>

#include "common/status/status_macros.h"

namespace rollcall::reconciliation {
namespace {

// As often as this it looks whether it is over.
constexpr absl::Duration kLookPeriod = absl::Milliseconds(250);

}  // namespace

absl::Status WatchFeed(
    const FeedWatchOptions& options, const std::string& account,
    const FeedFilter& filter, FeedPlace place,
    const std::function<bool(const v1::WatchChangesResponse&)>& write) {
  const FeedBell& bell = options.store.bell();
  const absl::Time begin = options.clock.TimeNow();
  while (!options.is_over()) {
    const int64_t rings = bell.CountRings(account);
    ASSIGN_OR_RETURN(FeedPage page, ReadFeedPage(options.store, account, filter,
                                                 place, options.limits));
    for (const v1::WatchChangesResponse& response : page.responses) {
      if (!write(response)) return absl::OkStatus();
    }
    place = std::move(page.next);
    if (!options.follow) {
      if (page.is_last) return absl::OkStatus();
      continue;
    }
    if (HasFollowedLong(begin, options.clock.TimeNow())) {
      return absl::OkStatus();
    }
    if (page.is_last) bell.Await(account, rings, kLookPeriod);
  }
  return absl::OkStatus();
}

}  // namespace rollcall::reconciliation
