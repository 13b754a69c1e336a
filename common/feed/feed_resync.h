// Replaces what a consumer knows of an account by a snapshot of the identity
// store, after its feed has lost history (reliability.md B4).
#ifndef ROLLCALL_COMMON_FEED_FEED_RESYNC_H_
#define ROLLCALL_COMMON_FEED_FEED_RESYNC_H_

#include "absl/status/statusor.h"
#include "common/feed/feed_handler.h"
#include "common/feed/feed_position.pb.h"
#include "common/feed/feed_source.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "common/time/periodic_worker.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"

namespace rollcall::feed {

// Goes on with the snapshot that `position`, as stored, says is wanted: kAgain
// if there is more, kRest once it is complete and the position follows the feed
// again.
//
// Users come in the order of their ids, like those that are known, so that the
// two are merged: who is known and not shown is purged. Each commit moves the
// place in the snapshot along with its effects, so that a crash costs nothing
// but the last batch; a snapshot of a history that is gone meanwhile begins
// anew. One thread.
absl::StatusOr<Pace> ContinueResync(const reconciliation::v1::Feed& feed,
                                    const AccountName& account,
                                    FeedPosition position, FeedSource& source,
                                    store::Store& store, FeedHandler& handler);

}  // namespace rollcall::feed

#endif  // ROLLCALL_COMMON_FEED_FEED_RESYNC_H_
