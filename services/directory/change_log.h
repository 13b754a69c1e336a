// The change log of a directory: which users changed with which fold. It says
// only that something changed; what a user is now is in the mirror. So an entry
// too many hurts nobody, and entries that were written ahead of their sequence
// do not count before the mirror has come that far.
#ifndef ROLLCALL_SERVICES_DIRECTORY_CHANGE_LOG_H_
#define ROLLCALL_SERVICES_DIRECTORY_CHANGE_LOG_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "services/directory/source_id.h"

namespace rollcall::directory {

// How much of it is kept: who comes back later is told everything anew.
inline constexpr absl::Duration kChangeLogAge = absl::Hours(7 * 24);
inline constexpr int64_t kChangeLogEntries = 1'000'000;

// Adds the row that says when a sequence was logged; `logged` are the entries
// ever written, its own included.
void AppendChangeBatch(const DirectoryName& directory, uint64_t sequence,
                       absl::Time time, int64_t logged,
                       rollcall::store::Batch& batch);

// Who changed after `after`, up to `through`; each once, ascending.
absl::StatusOr<std::vector<SourceId>> ReadChanges(
    const rollcall::store::Reader& reader, const DirectoryName& directory,
    uint64_t after, uint64_t through);

// Removes one bounded batch of what is older or more than is kept; true if
// there may be more. The floor moves before the entries go, so a crash in
// between leaves entries that nobody asks for, and the next call removes them.
absl::StatusOr<bool> TrimChangeLog(rollcall::store::Store& store,
                                   const DirectoryName& directory,
                                   absl::Time now,
                                   int64_t max_entries = kChangeLogEntries);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_CHANGE_LOG_H_
