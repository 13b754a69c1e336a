// Where each row of the trash lives, and how it is read and written. Every
// partition is an account.
#ifndef ROLLCALL_SERVICES_TRASH_ROWS_H_
#define ROLLCALL_SERVICES_TRASH_ROWS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/store/store.h"
#include "services/trash/model.h"

namespace rollcall::trash {

// A user in the trash, by its id.
std::string EntryKey(const std::string& user);
std::string EntryPrefix();
absl::StatusOr<std::string> UserOfEntryKey(const std::string& key);

// The users in the trash by the time that was promised them.
std::string DueKey(absl::Time purge_time, const std::string& user);
// All that is due at `now`.
store::KeyRange DueRange(absl::Time now);
struct Due {
  absl::Time purge_time;
  std::string user;
};
absl::StatusOr<Due> DueOfKey(const std::string& key);

// How many users are in the trash.
std::string CountKey();

// The bytes of an entry; the same entry gives the same bytes.
std::string WriteEntry(const TrashEntry& entry);
absl::StatusOr<absl::optional<TrashEntry>> ReadEntry(
    const store::Reader& store, const std::string& partition,
    const std::string& user);
absl::StatusOr<TrashEntry> ParseEntry(const std::string& bytes);

std::string WriteDue();

std::string WriteCount(int64_t count);
// None if nobody has ever been in the trash.
absl::StatusOr<absl::optional<int64_t>> ReadCount(const store::Reader& store,
                                                  const std::string& partition);

}  // namespace rollcall::trash

#endif  // ROLLCALL_SERVICES_TRASH_ROWS_H_
