// Drops old events of the feeds of all accounts, with what leads to them (B7).
// Never one that is younger than the retention, nor one that enrollment or
// trash has not taken, as long as these are heard of; unless there are more
// events than an account may have: then whoever has not taken them is told so,
// and takes a snapshot.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_FEED_EXPIRY_H_
#define ROLLCALL_SERVICES_RECONCILIATION_FEED_EXPIRY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/time/periodic_worker.h"
#include "services/reconciliation/feed_consumers.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

inline constexpr absl::Duration kDefaultFeedRetention = absl::Hours(24 * 30);
// Of an account: five times everybody of a million users, about 2 GiB.
inline constexpr int64_t kDefaultMaxFeedEvents = 5'000'000;

// The last event that may be dropped as far as consumers are concerned:
// `head` if none of them is behind.
int64_t TakenByAll(const std::vector<FeedConsumer>& consumers, int64_t head);

// One thread. A user's history (B4) reaches as far back as the feed: its
// entries go with their events, in the same batch.
class FeedExpiry {
 public:
  // `store` must outlive this. `max_events` is the most that an account keeps.
  FeedExpiry(IdentityStore& store, absl::Duration retention,
             int64_t max_events = kDefaultMaxFeedEvents)
      : store_(store), retention_(retention), max_events_(max_events) {}

  // To be called every kSilenceTick. Drops up to kEventsPerBatch events of each
  // account; kAgain if there are more. An account that fails does not keep the
  // others; the first error is the answer.
  absl::StatusOr<Pace> RunOnce(absl::Time now);

  // Small enough for a sync not to notice that it waits.
  static constexpr int kEventsPerBatch = 500;

 private:
  absl::StatusOr<Pace> DropSome(const std::string& account, absl::Time now);

  IdentityStore& store_;
  const absl::Duration retention_;
  const int64_t max_events_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_FEED_EXPIRY_H_
