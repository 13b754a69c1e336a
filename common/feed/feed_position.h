// Where a consumer of a change feed stands, as it is stored: moved in the same
// batch as the effects of the events before it (B7).
#ifndef ROLLCALL_COMMON_FEED_FEED_POSITION_H_
#define ROLLCALL_COMMON_FEED_FEED_POSITION_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/feed/feed_handler.h"
#include "common/feed/feed_position.pb.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"

namespace rollcall::feed {

// The default at the beginning.
absl::StatusOr<FeedPosition> ReadFeedPosition(const store::Reader& store,
                                              const AccountName& account);

// The effects of `events` and the new position, all or nothing. ABORTED,
// reason STORE_CONFLICT, if the position is no longer `before`: another
// follower, or an operator, was quicker.
absl::Status CommitEvents(
    const AccountName& account,
    const std::vector<reconciliation::v1::ChangeEvent>& events,
    const FeedPosition& before, const FeedPosition& after, FeedHandler& handler,
    store::Store& store);

// An operator's decision after history was lost (reliability.md B4): what is
// known of the account's users is replaced by a snapshot, and its feed is
// followed from there on. Says why the feed was not followed any more; empty:
// it was. Asking again while the snapshot is under way does nothing. Of an
// account that the producer does not have any more there is no snapshot.
//
// FAILED_PRECONDITION, reason FEED_NOT_FOLLOWED, if nothing is known of the
// account's feed: it will be followed from its beginning. Thread-safe.
absl::StatusOr<std::string> RequestResync(const AccountName& account,
                                          store::Store& store);

}  // namespace rollcall::feed

#endif  // ROLLCALL_COMMON_FEED_FEED_POSITION_H_
