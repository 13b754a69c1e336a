// Compares a mirror with the generation that is to replace it, and logs who is
// different: so a full read tells nobody anew who did not change.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MIRROR_COMPARISON_H_
#define ROLLCALL_SERVICES_DIRECTORY_MIRROR_COMPARISON_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "common/store/store.h"
#include "services/directory/mirror_reader.h"

namespace rollcall::directory {

// Writes an entry of the change log at `sequence` for every user that a stream
// of `after` would tell otherwise than one of `before`, in bounded batches, and
// gives their number. Stops counting, and gives more than `max_entries`, once
// there are more.
absl::StatusOr<int64_t> LogDifferences(const MirrorReader& before,
                                       const MirrorReader& after,
                                       uint64_t sequence, int64_t max_entries,
                                       rollcall::store::Store& store);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MIRROR_COMPARISON_H_
