#include "services/reconciliation/run_desk.h"

namespace rollcall::reconciliation {

absl::optional<RunDesk::Claim> RunDesk::TryClaim(
    const DirectoryName& directory) {
  absl::MutexLock lock(&mutex_);
  if (!claimed_.insert(directory).second) return absl::nullopt;
  return absl::optional<Claim>(absl::in_place, *this, directory);
}

void RunDesk::AddPoll(const DirectoryName& directory) {
  absl::MutexLock lock(&mutex_);
  polls_.insert(directory);
}

absl::optional<RunDesk::Claim> RunDesk::TakePoll() {
  absl::MutexLock lock(&mutex_);
  for (auto poll = polls_.begin(); poll != polls_.end(); ++poll) {
    if (!claimed_.insert(*poll).second) continue;
    absl::optional<Claim> claim(absl::in_place, *this, *poll);
    polls_.erase(poll);
    return claim;
  }
  return absl::nullopt;
}

void RunDesk::Release(const DirectoryName& directory) {
  absl::MutexLock lock(&mutex_);
  claimed_.erase(directory);
}

}  // namespace rollcall::reconciliation
