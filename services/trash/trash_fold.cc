#include "services/trash/trash_fold.h"

#include "services/trash/trash_clock.h"

namespace rollcall::trash {
namespace {

// Whether the entry is about a later deletion than the fact knows of.
bool IsNewer(const absl::optional<TrashEntry>& entry, const UserFact& fact) {
  return entry.has_value() && entry->deletion_epoch > fact.deletion_epoch;
}

TrashEntry NewEntry(const UserFact& fact, absl::Duration retention) {
  return {.username = fact.username,
          .delete_time = fact.delete_time,
          .purge_time = PurgeTime(fact.delete_time, retention),
          .deletion_epoch = fact.deletion_epoch};
}

}  // namespace

absl::optional<TrashEntry> Fold(const absl::optional<TrashEntry>& entry,
                                const UserFact& fact,
                                absl::Duration retention) {
  switch (fact.life) {
    case UserFact::Life::kGone:
      return absl::nullopt;
    case UserFact::Life::kAlive:
      if (IsNewer(entry, fact)) return entry;
      return absl::nullopt;
    case UserFact::Life::kPendingDeletion:
      if (entry.has_value() && entry->deletion_epoch >= fact.deletion_epoch) {
        return entry;
      }
      return NewEntry(fact, retention);
  }
  return entry;
}

}  // namespace rollcall::trash
