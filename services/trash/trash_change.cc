#include "services/trash/trash_change.h"

#include <utility>

#include "common/status/status_macros.h"
#include "services/trash/rows.h"

namespace rollcall::trash {

TrashChange::TrashChange(const store::Reader& store, AccountName account)
    : store_(store), account_(std::move(account)) {}

absl::StatusOr<absl::optional<TrashEntry>> TrashChange::Get(
    const std::string& user) {
  const auto known = changes_.find(user);
  if (known != changes_.end()) return known->second.after;
  ASSIGN_OR_RETURN(auto entry, ReadEntry(store_, account_.id(), user));
  changes_[user] = {.before = entry, .after = entry};
  return entry;
}

void TrashChange::Set(const std::string& user,
                      absl::optional<TrashEntry> entry) {
  changes_[user].after = std::move(entry);
}

absl::Status TrashChange::AddTo(store::Batch* batch) const {
  int64_t difference = 0;
  for (const auto& [user, change] : changes_) {
    if (change.after == change.before) continue;
    if (change.before.has_value()) {
      batch->ExpectValue(EntryKey(user), WriteEntry(*change.before));
      batch->Delete(DueKey(change.before->purge_time, user));
      --difference;
    } else {
      batch->ExpectAbsent(EntryKey(user));
    }
    if (change.after.has_value()) {
      batch->Put(EntryKey(user), WriteEntry(*change.after));
      batch->Put(DueKey(change.after->purge_time, user), WriteDue());
      ++difference;
    } else {
      batch->Delete(EntryKey(user));
    }
  }
  return AddCount(difference, batch);
}

absl::Status TrashChange::AddCount(int64_t difference,
                                   store::Batch* batch) const {
  if (difference == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const absl::optional<int64_t> count,
                   ReadCount(store_, account_.id()));
  if (count.has_value()) {
    batch->ExpectValue(CountKey(), WriteCount(*count));
  } else {
    batch->ExpectAbsent(CountKey());
  }
  batch->Put(CountKey(), WriteCount(count.value_or(0) + difference));
  return absl::OkStatus();
}

}  // namespace rollcall::trash
