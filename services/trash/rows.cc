#include "services/trash/rows.h"

#include <utility>

#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "services/trash/store.pb.h"

namespace rollcall::trash {
namespace {

using ::rollcall::store::Key;
using ::rollcall::store::KeyReader;

constexpr char kEntries[] = "trash";
constexpr char kDue[] = "due";
constexpr char kCount[] = "count";

TrashEntry FromRow(store::EntryRow row) {
  return {.username = std::move(*row.mutable_username()),
          .delete_time = absl::FromUnixNanos(row.delete_time_nanos()),
          .purge_time = absl::FromUnixNanos(row.purge_time_nanos()),
          .deletion_epoch = row.deletion_epoch()};
}

}  // namespace

std::string EntryPrefix() { return Key(kEntries).Build(); }

std::string EntryKey(const std::string& user) {
  return Key(kEntries).String(user).Build();
}

absl::StatusOr<std::string> UserOfEntryKey(const std::string& key) {
  std::string user;
  RETURN_IF_ERROR(KeyReader(key).Table(kEntries).String(&user).Finish());
  return user;
}

std::string DueKey(absl::Time purge_time, const std::string& user) {
  return Key(kDue).Time(purge_time).String(user).Build();
}

rollcall::store::KeyRange DueRange(absl::Time now) {
  return {.begin = Key(kDue).Build(),
          .end = Key(kDue).Time(now + absl::Nanoseconds(1)).Build()};
}

absl::StatusOr<Due> DueOfKey(const std::string& key) {
  Due due;
  RETURN_IF_ERROR(KeyReader(key)
                      .Table(kDue)
                      .Time(&due.purge_time)
                      .String(&due.user)
                      .Finish());
  return due;
}

std::string CountKey() { return Key(kCount).Build(); }

std::string WriteEntry(const TrashEntry& entry) {
  store::EntryRow row;
  row.set_username(entry.username);
  row.set_delete_time_nanos(absl::ToUnixNanos(entry.delete_time));
  row.set_purge_time_nanos(absl::ToUnixNanos(entry.purge_time));
  row.set_deletion_epoch(entry.deletion_epoch);
  return rollcall::store::Serialize(row);
}

absl::StatusOr<absl::optional<TrashEntry>> ReadEntry(
    const rollcall::store::Reader& store, const std::string& partition,
    const std::string& user) {
  ASSIGN_OR_RETURN(auto row, rollcall::store::GetMessage<store::EntryRow>(
                                 store, partition, EntryKey(user)));
  if (!row.has_value()) return absl::optional<TrashEntry>();
  return absl::make_optional(FromRow(*std::move(row)));
}

absl::StatusOr<TrashEntry> ParseEntry(const std::string& bytes) {
  ASSIGN_OR_RETURN(auto row, rollcall::store::Parse<store::EntryRow>(bytes));
  return FromRow(std::move(row));
}

std::string WriteDue() { return rollcall::store::Serialize(store::DueRow()); }

std::string WriteCount(int64_t count) {
  store::CountRow row;
  row.set_count(count);
  return rollcall::store::Serialize(row);
}

absl::StatusOr<absl::optional<int64_t>> ReadCount(
    const rollcall::store::Reader& store, const std::string& partition) {
  ASSIGN_OR_RETURN(auto row, rollcall::store::GetMessage<store::CountRow>(
                                 store, partition, CountKey()));
  if (!row.has_value()) return absl::optional<int64_t>();
  return absl::make_optional(row->count());
}

}  // namespace rollcall::trash
