// Wakes those who wait for the next event of an account. Holds nothing that
// matters: who hears no bell looks after a while all the same.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_FEED_BELL_H_
#define ROLLCALL_SERVICES_RECONCILIATION_FEED_BELL_H_

#include <cstdint>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace rollcall::reconciliation {

// Thread-safe.
class FeedBell {
 public:
  // There are new events of the account.
  void Ring(const std::string& account);

  // How often it has rung. Take it before you look at the feed, and hand it to
  // Await.
  int64_t CountRings(const std::string& account) const;

  // Waits until it has rung more than `rings` times, or for `timeout`.
  void Await(const std::string& account, int64_t rings,
             absl::Duration timeout) const;

 private:
  int64_t Count(const std::string& account) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, int64_t> rings_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_FEED_BELL_H_
