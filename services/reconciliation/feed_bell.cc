#include "services/reconciliation/feed_bell.h"

namespace rollcall::reconciliation {

void FeedBell::Ring(const std::string& account) {
  absl::MutexLock lock(&mutex_);
  ++rings_[account];
}

int64_t FeedBell::Count(const std::string& account) const {
  auto found = rings_.find(account);
  return found == rings_.end() ? 0 : found->second;
}

int64_t FeedBell::CountRings(const std::string& account) const {
  absl::MutexLock lock(&mutex_);
  return Count(account);
}

void FeedBell::Await(const std::string& account, int64_t rings,
                     absl::Duration timeout) const {
  absl::MutexLock lock(&mutex_);
  auto has_rung = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return Count(account) != rings;
  };
  mutex_.AwaitWithTimeout(absl::Condition(&has_rung), timeout);
}

}  // namespace rollcall::reconciliation
