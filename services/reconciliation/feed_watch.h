// Tells one consumer of the feed what is next, page by page, for as long as it
// listens (B7).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_FEED_WATCH_H_
#define ROLLCALL_SERVICES_RECONCILIATION_FEED_WATCH_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/time/clock.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/feed_cursor.h"
#include "services/reconciliation/feed_filter.h"
#include "services/reconciliation/feed_page.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// How long a caller may follow before it has to show anew that it may: a call
// is authorized once, when it comes (reliability.md C1).
inline constexpr absl::Duration kMaxFollowing = absl::Minutes(1);

// A clock that was set back would make it last.
inline bool HasFollowedLong(absl::Time begin, absl::Time now) {
  return now - begin >= kMaxFollowing || now < begin;
}

struct FeedWatchOptions {
  IdentityStore& store;
  Clock& clock;
  // Whether to stop: the caller is gone, or the process is about to end.
  std::function<bool()> is_over;
  bool follow = false;
  FeedPageLimits limits;
};

// Ends with OK once everything is told (unless it follows), `write` says false,
// it is over, or it has followed for kMaxFollowing. Between two pages, and
// while `write` waits for a slow consumer, it holds nothing of the store.
absl::Status WatchFeed(
    const FeedWatchOptions& options, const std::string& account,
    const FeedFilter& filter, FeedPlace place,
    const std::function<bool(const v1::WatchChangesResponse&)>& write);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_FEED_WATCH_H_
