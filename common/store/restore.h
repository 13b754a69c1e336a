// Makes a store of a checkpoint, with a history of its own: whoever remembers a
// place in the history that the checkpoint is a part of sees another
// incarnation, and does not go on silently (invariant 22).
#ifndef ROLLCALL_COMMON_STORE_RESTORE_H_
#define ROLLCALL_COMMON_STORE_RESTORE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace rollcall::store {

struct RestoreOptions {
  std::string checkpoint;
  std::string store;
  // Whether a store that is there is moved aside, to `<store>.replaced-<now>`.
  // Nothing of it is ever deleted.
  bool replace = false;
  absl::Time now;
};

struct Restored {
  std::string owner;
  std::string incarnation;  // The new one.
  int64_t rows = 0;
  std::string replaced;  // Where the old store is now; empty: there was none.
};

// The copy is made, gets its incarnation, is synced and verified in
// `<store>.restoring`, and moved to its place at the very end. If the process
// dies, that folder is left over, which the next restoring removes; at the
// store's place is what was there before, or, between the two renames of
// `replace`, nothing, or the whole new store.
//
// FAILED_PRECONDITION, reason NOT_A_CHECKPOINT: there is none at that path.
// ALREADY_EXISTS, reason STORE_EXISTS: there is a store, and not `replace`.
// UNAVAILABLE, reason STORE_LOCKED: a process has it open; reason
// RESTORE_UNDER_WAY: another restoring beside it is not done yet.
// DATA_LOSS, reason STORE_DAMAGED: the checkpoint is.
// After an error nothing is restored and a store that was there still is, at
// its place or where the sentence says.
absl::StatusOr<Restored> RestoreStore(const RestoreOptions& options);

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_RESTORE_H_
