#include "services/trash/trash_clock.h"

#include <algorithm>

namespace rollcall::trash {

std::ostream& operator<<(std::ostream& out, const Verdict& verdict) {
  if (verdict.is_purge_) return out << "Purge";
  return out << "KeepUntil(" << verdict.keep_until_ << ")";
}

absl::Time PurgeTime(absl::Time delete_time, absl::Duration retention) {
  return delete_time + std::max(retention, absl::ZeroDuration());
}

absl::Time PurgeTimeOf(const TrashEntry& entry, absl::Duration retention) {
  return std::max(entry.purge_time, PurgeTime(entry.delete_time, retention));
}

Verdict Judge(const TrashEntry& entry, absl::Time now,
              absl::Duration retention) {
  const absl::Time purge_time = PurgeTimeOf(entry, retention);
  return now < purge_time ? Verdict::KeepUntil(purge_time) : Verdict::Purge();
}

}  // namespace rollcall::trash
