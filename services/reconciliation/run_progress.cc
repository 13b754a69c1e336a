#include "services/reconciliation/run_progress.h"

namespace rollcall::reconciliation {

void RunProgressBoard::Show(const std::string& run,
                            const LiveProgress& progress) {
  absl::MutexLock lock(&mutex_);
  auto [entry, is_new] = runs_.insert({run, progress});
  if (is_new || entry->second.phase != progress.phase) ++turn_;
  entry->second = progress;
}

void RunProgressBoard::Remove(const std::string& run) {
  absl::MutexLock lock(&mutex_);
  runs_.erase(run);
  ++turn_;
}

absl::optional<LiveProgress> RunProgressBoard::Find(
    const std::string& run) const {
  absl::MutexLock lock(&mutex_);
  auto found = runs_.find(run);
  if (found == runs_.end()) return absl::nullopt;
  return found->second;
}

int64_t RunProgressBoard::turn() const {
  absl::MutexLock lock(&mutex_);
  return turn_;
}

void RunProgressBoard::Await(int64_t turn, absl::Duration timeout) const {
  absl::MutexLock lock(&mutex_);
  auto has_turned = [this, turn]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return turn_ != turn;
  };
  mutex_.AwaitWithTimeout(absl::Condition(&has_turned), timeout);
}

}  // namespace rollcall::reconciliation
