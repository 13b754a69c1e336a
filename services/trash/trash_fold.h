// Decides what an event of the feed means for the trash: who comes in, who goes
// out, whose clock keeps running (R56, R61, R63). Pure.
#ifndef ROLLCALL_SERVICES_TRASH_TRASH_FOLD_H_
#define ROLLCALL_SERVICES_TRASH_TRASH_FOLD_H_

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "services/trash/model.h"

namespace rollcall::trash {

// A user's entry after `fact`, given the one before; none: not in the trash.
// The first marking of a deletion starts the clock; the same deletion again, or
// an older one, changes nothing (R63). Folding a fact twice is folding it once.
absl::optional<TrashEntry> Fold(const absl::optional<TrashEntry>& entry,
                                const UserFact& fact, absl::Duration retention);

}  // namespace rollcall::trash

#endif  // ROLLCALL_SERVICES_TRASH_TRASH_FOLD_H_
