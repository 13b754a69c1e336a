// Follows the change feeds of all accounts (B7): every event takes effect
// exactly once, because its effect and the new position are one commit.
#ifndef ROLLCALL_COMMON_FEED_FEED_FOLLOWER_H_
#define ROLLCALL_COMMON_FEED_FEED_FOLLOWER_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/feed/feed_handler.h"
#include "common/feed/feed_position.h"
#include "common/feed/feed_source.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "common/time/periodic_worker.h"

namespace rollcall::feed {

// What happens to a feed that a producer has lost the history of: it is
// followed no further, an error is logged, and the gauge
// `rollcall_feed_history_lost{account}` is 1, until an operator has asked for a
// snapshot (RequestResync) and it is complete. That is remembered in the store
// (invariant 22). A feed that no longer keeps what comes next is the same feed:
// its snapshot is taken at once, announced in the same way while it lasts.
//
// One thread.
class FeedFollower {
 public:
  // All must outlive the follower.
  FeedFollower(FeedSource& source, store::Store& store, FeedHandler& handler);

  // Follows every account's feed some way on: kAgain if there is more. An
  // account that fails does not keep the others waiting; the first error is
  // the answer.
  absl::StatusOr<Pace> FollowOnce();

 private:
  absl::StatusOr<Pace> FollowAccount(const reconciliation::v1::Feed& feed);
  // Notices accounts that the producer had once and no longer has.
  absl::Status LookForLost(const std::vector<reconciliation::v1::Feed>& feeds);
  absl::StatusOr<Pace> Resync(const reconciliation::v1::Feed& feed,
                              const AccountName& account,
                              const FeedPosition& position);
  absl::Status StopFollowing(const AccountName& account,
                             const FeedPosition& position,
                             const std::string& why);
  absl::Status BeginResync(const AccountName& account,
                           const FeedPosition& position,
                           const absl::Status& why);
  void Announce(const AccountName& account, const FeedPosition& position);

  FeedSource& source_;
  store::Store& store_;
  FeedHandler& handler_;
  absl::flat_hash_set<std::string> announced_;  // Lost accounts, logged once.
};

}  // namespace rollcall::feed

#endif  // ROLLCALL_COMMON_FEED_FEED_FOLLOWER_H_
