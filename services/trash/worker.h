// The two loops of the trash: what the feed says comes in, who is due goes out.
#ifndef ROLLCALL_SERVICES_TRASH_WORKER_H_
#define ROLLCALL_SERVICES_TRASH_WORKER_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/feed/feed_follower.h"
#include "common/feed/feed_source.h"
#include "common/identity/resource_name.h"
#include "common/time/periodic_worker.h"
#include "services/trash/client.h"
#include "services/trash/feed_handler.h"
#include "services/trash/store.h"

namespace rollcall::trash {

struct TrashWorkerOptions {
  absl::Duration retention = absl::Hours(7 * 24);  // R60, A21.
  // The most users of one account in one unit of PurgeDueOnce.
  int purges_per_account = 64;
};

// Each unit on one thread at a time; the two may run beside each other.
class TrashWorker {
 public:
  // All must outlive it.
  TrashWorker(TrashStore& store, feed::FeedSource& feed,
              ReconciliationClient& reconciliation,
              TrashWorkerOptions options = {});

  // Follows every account's feed some way on. An account whose history is lost
  // is followed no further, says so, and keeps its users (invariant 22).
  absl::StatusOr<Pace> FollowFeedsOnce(absl::Time now);

  // Purges users who are due at `now`, never early (R60), some of every
  // account. What fails stays due; the first error is the answer.
  absl::StatusOr<Pace> PurgeDueOnce(absl::Time now);

 private:
  absl::StatusOr<Pace> PurgeDueOf(const AccountName& account, absl::Time now);
  absl::Status Settle(const UserName& user, const TrashEntry& entry,
                      absl::Time now);

  TrashStore& store_;
  ReconciliationClient& reconciliation_;
  const TrashWorkerOptions options_;
  TrashFeedHandler handler_;
  feed::FeedFollower follower_;
};

}  // namespace rollcall::trash

#endif  // ROLLCALL_SERVICES_TRASH_WORKER_H_
