#include "services/directory/change_log.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "common/time/proto_time.h"
#include "services/directory/mirror_keys.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {
namespace {

using ::rollcall::store::Batch;
using ::rollcall::store::Entry;
using ::rollcall::store::GetMessage;
using ::rollcall::store::KeyRange;
using ::rollcall::store::KeyReader;
using ::rollcall::store::MessageCursor;
using ::rollcall::store::Serialize;
using store::StoredChangeBatch;
using store::StoredMirror;

constexpr size_t kTrimBatch = 4'000;

// Everything up to this sequence has to go; the present floor if nothing has.
absl::StatusOr<uint64_t> WantedFloor(const rollcall::store::Reader& reader,
                                     const DirectoryName& directory,
                                     const StoredMirror& mirror, absl::Time now,
                                     int64_t max_entries) {
  MessageCursor<StoredChangeBatch> cursor(
      reader, directory.account().id(),
      KeyRange::Prefix(mirror_keys::ChangeBatches(directory)));
  uint64_t floor = mirror.log_floor();
  int64_t gone = 0;  // Entries up to the floor, and before.
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return floor;
    const bool is_old =
        FromTimestamp(row->message.time()) + kChangeLogAge < now;
    const bool is_surplus = mirror.logged() - gone > max_entries;
    if (!is_old && !is_surplus) return floor;
    gone = row->message.logged();
    std::string directory_id;
    uint64_t sequence = 0;
    RETURN_IF_ERROR(KeyReader(row->key)
                        .Table("change_batches")
                        .String(&directory_id)
                        .Uint64(&sequence)
                        .Finish());
    floor = std::max(floor, sequence);
  }
}

}  // namespace

void AppendChangeBatch(const DirectoryName& directory, uint64_t sequence,
                       absl::Time time, int64_t logged, Batch& batch) {
  StoredChangeBatch row;
  *row.mutable_time() = ToTimestamp(time);
  row.set_logged(logged);
  batch.Put(mirror_keys::ChangeBatch(directory, sequence), Serialize(row));
}

absl::StatusOr<std::vector<SourceId>> ReadChanges(
    const rollcall::store::Reader& reader, const DirectoryName& directory,
    uint64_t after, uint64_t through) {
  std::vector<SourceId> ids;
  if (after >= through) return ids;
  const std::unique_ptr<rollcall::store::Cursor> cursor =
      reader.Scan(directory.account().id(),
                  {.begin = mirror_keys::Changes(directory, after + 1),
                   .end = mirror_keys::Changes(directory, through + 1)});
  const size_t prefix_size = mirror_keys::Changes(directory, through).size();
  while (true) {
    ASSIGN_OR_RETURN(const absl::optional<Entry> entry, cursor->Next());
    if (!entry.has_value()) break;
    ASSIGN_OR_RETURN(
        const SourceId id,
        mirror_keys::IdAtEnd(entry->key, entry->key.substr(0, prefix_size)));
    ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

absl::StatusOr<bool> TrimChangeLog(rollcall::store::Store& store,
                                   const DirectoryName& directory,
                                   absl::Time now, int64_t max_entries) {
  const std::string& account = directory.account().id();
  const std::string key = mirror_keys::Mirror(directory);
  ASSIGN_OR_RETURN(const absl::optional<StoredMirror> mirror,
                   GetMessage<StoredMirror>(store, account, key));
  if (!mirror.has_value()) return false;
  ASSIGN_OR_RETURN(const uint64_t floor,
                   WantedFloor(store, directory, *mirror, now, max_entries));
  if (floor > mirror->log_floor()) {
    StoredMirror raised = *mirror;
    raised.set_log_floor(floor);
    Batch batch(account);
    batch.ExpectValue(key, Serialize(*mirror));
    batch.Put(key, Serialize(raised));
    const absl::Status status = store.Commit(batch);
    // Somebody folds at this moment: another time.
    if (absl::IsAborted(status)) return false;
    RETURN_IF_ERROR(status);
  }
  Batch batch(account);
  for (const KeyRange& range :
       {KeyRange{mirror_keys::Changes(directory),
                 mirror_keys::Changes(directory, floor + 1)},
        KeyRange{mirror_keys::ChangeBatches(directory),
                 mirror_keys::ChangeBatch(directory, floor + 1)}}) {
    const auto cursor = store.Scan(account, range);
    while (batch.operations().size() < kTrimBatch) {
      ASSIGN_OR_RETURN(absl::optional<Entry> entry, cursor->Next());
      if (!entry.has_value()) break;
      batch.Delete(std::move(entry->key));
    }
  }
  if (batch.empty()) return false;
  RETURN_IF_ERROR(store.Commit(batch));
  return batch.operations().size() >= kTrimBatch;
}

}  // namespace rollcall::directory
