// Says what lies in a folder of checkpoints, by the names alone. A checkpoint
// is named by its time, `2026-11-23T140500Z`, from the moment on that it is
// verified; before, and while it is being removed, the name has an ending.
// Pure.
#ifndef ROLLCALL_COMMON_STORE_CHECKPOINT_NAMES_H_
#define ROLLCALL_COMMON_STORE_CHECKPOINT_NAMES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall::store {

// RocksDB itself adds `.tmp` to it while it copies.
inline constexpr absl::string_view kUnverified = ".unverified";
inline constexpr absl::string_view kRemoving = ".removing";

std::string CheckpointName(absl::Time time);

struct NamedCheckpoint {
  std::string name;
  absl::Time time;
};

// The verified ones, the newest first. A clock may have been wrong: those of a
// time to come are older than all others, for nobody knows when they were made.
std::vector<NamedCheckpoint> VerifiedCheckpoints(
    const std::vector<std::string>& names, absl::Time now);

// What a process that died in the middle has left. Strangers' names are not
// among them.
std::vector<std::string> LeftoversOfCheckpoints(
    const std::vector<std::string>& names);

// Whether it is time for another one: `interval` after the newest.
bool IsCheckpointDue(const std::vector<NamedCheckpoint>& verified,
                     absl::Time now, absl::Duration interval);

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_CHECKPOINT_NAMES_H_
