// One page of what a consumer of the feed is told next: parts of a snapshot, or
// events (B7). Read as of one instant, which is let go before anything is sent:
// a slow consumer holds nothing of the store.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_FEED_PAGE_H_
#define ROLLCALL_SERVICES_RECONCILIATION_FEED_PAGE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/feed_cursor.h"
#include "services/reconciliation/feed_filter.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// Of one page. What is read and not wanted counts as a row too.
struct FeedPageLimits {
  size_t rows = 500;
  size_t bytes = size_t{256} << 10;
};

struct FeedPage {
  // Each with the cursor after it. If the page ends with what is not wanted,
  // the last one has nothing else.
  std::vector<v1::WatchChangesResponse> responses;
  FeedPlace next;
  // There is nothing after it, as of that instant.
  bool is_last = false;
};

// FAILED_PRECONDITION, reason FEED_CURSOR_EXPIRED, if events after `place` are
// no longer kept.
absl::StatusOr<FeedPage> ReadFeedPage(const IdentityStore& store,
                                      const std::string& account,
                                      const FeedFilter& filter,
                                      const FeedPlace& place,
                                      const FeedPageLimits& limits);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_FEED_PAGE_H_
