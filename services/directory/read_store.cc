#include "services/directory/read_store.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "common/time/proto_time.h"
#include "services/directory/change_log.h"
#include "services/directory/user_row.h"

namespace rollcall::directory {
namespace {

using ::rollcall::store::Batch;
using ::rollcall::store::Cursor;
using ::rollcall::store::Entry;
using ::rollcall::store::GetMessage;
using ::rollcall::store::Key;
using ::rollcall::store::KeyRange;
using ::rollcall::store::KeyReader;
using ::rollcall::store::MessageCursor;
using ::rollcall::store::Serialize;
using store::StoredCursor;
using store::StoredDirectory;
using store::StoredGroup;
using store::StoredMembers;
using store::StoredMirror;
using store::StoredRead;
using store::StoredUser;

constexpr size_t kIdsPerChunk = 32'768;  // Half a MiB.
constexpr size_t kSweepBatch = 4'000;    // Rows; a commit of some 10 ms.

std::string ChunkOf(absl::Span<const SourceId> ids) {
  StoredMembers chunk;
  std::string& bytes = *chunk.mutable_users();
  bytes.reserve(ids.size() * SourceId::kSize);
  for (const SourceId& id : ids) id.AppendBytes(bytes);
  return Serialize(chunk);
}

struct ReadRow {
  ReadPlace place;
  StoredRead header;
};

// The reads of an account, or of one directory of it, in the order of
// directories and numbers.
absl::StatusOr<std::vector<ReadRow>> ListReads(
    const rollcall::store::Reader& reader, const AccountName& account,
    const std::string& prefix) {
  MessageCursor<StoredRead> cursor(reader, account.id(),
                                   KeyRange::Prefix(prefix));
  std::vector<ReadRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return rows;
    std::string directory;
    uint64_t number = 0;
    RETURN_IF_ERROR(KeyReader(row->key)
                        .Table("reads")
                        .String(&directory)
                        .Uint64(&number)
                        .Finish());
    rows.push_back({ReadPlace{DirectoryName(account, directory), number},
                    std::move(row->message)});
  }
}

// Which of an account's reads nobody needs: dead ones, and sealed ones that
// their directory's mirror does not name. As of one instant: a seal moves the
// mirror in its own batch.
absl::StatusOr<std::vector<ReadPlace>> Obsolete(
    const rollcall::store::Reader& reader, const AccountName& account,
    int64_t epoch) {
  ASSIGN_OR_RETURN(const std::vector<ReadRow> rows,
                   ListReads(reader, account, Key("reads").Build()));
  std::vector<ReadPlace> obsolete;
  for (const ReadRow& row : rows) {
    const StoredRead& header = row.header;
    bool is_needed =
        header.state() == StoredRead::OPEN && header.epoch() == epoch;
    if (header.state() == StoredRead::SEALED) {
      ASSIGN_OR_RETURN(
          const absl::optional<StoredMirror> mirror,
          GetMessage<StoredMirror>(reader, account.id(),
                                   mirror_keys::Mirror(row.place.directory)));
      is_needed =
          mirror.has_value() && mirror->generation() == row.place.number;
    }
    if (!is_needed) obsolete.push_back(row.place);
  }
  return obsolete;
}

// Adds deletions of what a range holds to the batch, until it is full.
absl::Status CollectRange(const rollcall::store::Reader& reader,
                          const KeyRange& range, Batch& batch) {
  const std::unique_ptr<Cursor> cursor = reader.Scan(batch.partition(), range);
  while (batch.operations().size() < kSweepBatch) {
    ASSIGN_OR_RETURN(absl::optional<Entry> entry, cursor->Next());
    if (!entry.has_value()) break;
    batch.Delete(std::move(entry->key));
  }
  return absl::OkStatus();
}

// Adds deletions of what directories that were deleted (A9) leave behind. The
// mirror goes last: it is what makes its generation needed.
absl::Status CollectDeleted(const rollcall::store::Reader& reader,
                            const AccountName& account, Batch& batch) {
  MessageCursor<StoredDirectory> cursor(
      reader, account.id(), KeyRange::Prefix(Key("directories").Build()));
  while (batch.operations().size() < kSweepBatch) {
    ASSIGN_OR_RETURN(const auto row, cursor.Next());
    if (!row.has_value()) break;
    if (!row->message.has_delete_time()) continue;
    const DirectoryName name(account, row->message.directory_id());
    for (const std::string& prefix :
         {mirror_keys::Changes(name), mirror_keys::ChangeBatches(name),
          mirror_keys::Failure(name), mirror_keys::Mirror(name)}) {
      RETURN_IF_ERROR(CollectRange(reader, KeyRange::Prefix(prefix), batch));
    }
  }
  return absl::OkStatus();
}

// Adds deletions of a generation's rows to the batch, until it is full.
absl::Status CollectRows(const rollcall::store::Reader& reader,
                         const ReadPlace& place, Batch& batch) {
  for (int table = 0; table < mirror_keys::kRowTables; ++table) {
    RETURN_IF_ERROR(CollectRange(
        reader, KeyRange::Prefix(mirror_keys::RowTable(place, table)), batch));
  }
  return absl::OkStatus();
}

}  // namespace

void AppendMembers(const ReadPlace& place, const SourceId& group,
                   absl::Span<const SourceId> users, Batch& batch) {
  for (size_t begin = 0, chunk = 0; begin < users.size();
       begin += kIdsPerChunk, ++chunk) {
    batch.Put(mirror_keys::Members(place, group, chunk),
              ChunkOf(users.subspan(begin, kIdsPerChunk)));
  }
}

absl::Status ReadWriter::PutUser(const SourceId& id, const StoredUser& user) {
  const bool present = user.presence() == StoredUser::PRESENT;
  return PutUser(id, Serialize(user), present ? UsernameOf(user) : "");
}

absl::Status ReadWriter::PutUser(const SourceId& id, absl::string_view row,
                                 absl::string_view username) {
  thread_local std::string key;  // For its memory.
  key = users_prefix_;
  id.AppendBytes(key);
  RETURN_IF_ERROR(loader_->Add(key, row));
  if (!header_.directory().username_normalization_enabled() ||
      username.empty()) {
    return absl::OkStatus();
  }
  return loader_->Add(mirror_keys::ShortName(place_, username, id), "");
}

absl::Status ReadWriter::EndLoading() {
  if (loader_ == nullptr) return absl::OkStatus();
  const std::unique_ptr<rollcall::store::BulkLoader> loader =
      std::move(loader_);
  return loader->Finish();
}

absl::StatusOr<StoredUser> ReadWriter::GetUser(const SourceId& id) const {
  ASSIGN_OR_RETURN(absl::optional<StoredUser> user,
                   MirrorReader(store_, place_).FindUser(id));
  if (!user.has_value()) return MirrorDamaged("a user is gone");
  return *std::move(user);
}

absl::Status ReadWriter::MarkCollisions(absl::Span<const SourceId> users) {
  constexpr size_t kUsersPerBatch = 1000;
  RETURN_IF_ERROR(EndLoading());
  for (size_t begin = 0; begin < users.size(); begin += kUsersPerBatch) {
    Batch batch(place_.account());
    for (const SourceId& id : users.subspan(begin, kUsersPerBatch)) {
      ASSIGN_OR_RETURN(StoredUser user, GetUser(id));
      user.set_username_collides(true);
      batch.Put(mirror_keys::User(place_, id), Serialize(user));
    }
    RETURN_IF_ERROR(store_.Commit(batch));
  }
  return absl::OkStatus();
}

absl::Status ReadWriter::PutMembers(const SourceId& group,
                                    absl::Span<const SourceId> users) {
  for (size_t begin = 0, chunk = 0; begin < users.size();
       begin += kIdsPerChunk, ++chunk) {
    RETURN_IF_ERROR(loader_->Add(mirror_keys::Members(place_, group, chunk),
                                 ChunkOf(users.subspan(begin, kIdsPerChunk))));
  }
  return absl::OkStatus();
}

absl::Status ReadWriter::PutGroups(
    absl::Span<const std::pair<SourceId, StoredGroup>> groups) {
  if (groups.empty()) return absl::OkStatus();
  Batch batch(place_.account());
  for (const auto& [id, group] : groups) {
    batch.Put(mirror_keys::Group(place_, id), Serialize(group));
  }
  return store_.Commit(batch);
}

absl::Status ReadWriter::Seal(StoredRead sealed,
                              const std::vector<StoredCursor>& cursors,
                              const absl::optional<StoredMirror>& before,
                              StoredMirror after) {
  RETURN_IF_ERROR(EndLoading());
  Batch batch(place_.account());
  sealed.set_state(StoredRead::SEALED);
  batch.Put(mirror_keys::Read(place_), Serialize(sealed));
  for (size_t slice = 0; slice < cursors.size(); ++slice) {
    batch.Put(mirror_keys::Cursor(place_, slice), Serialize(cursors[slice]));
  }
  const std::string key = mirror_keys::Mirror(place_.directory);
  if (before.has_value()) {
    batch.ExpectValue(key, Serialize(*before));
  } else {
    batch.ExpectAbsent(key);
  }
  batch.Put(key, Serialize(after));
  AppendChangeBatch(place_.directory, after.sequence(),
                    FromTimestamp(sealed.read_time()), after.logged(), batch);
  ASSIGN_OR_RETURN(
      const absl::optional<std::string> failure,
      store_.Get(place_.account(), mirror_keys::Failure(place_.directory)));
  if (failure.has_value()) {
    batch.Delete(mirror_keys::Failure(place_.directory));
  }
  return CommitHeader(std::move(batch));
}

absl::Status ReadWriter::Abandon() {
  StoredRead abandoned = header_;
  abandoned.set_state(StoredRead::ABANDONED);
  Batch batch(place_.account());
  batch.Put(mirror_keys::Read(place_), Serialize(abandoned));
  return CommitHeader(std::move(batch));
}

absl::Status ReadWriter::CommitHeader(Batch batch) {
  batch.ExpectValue(mirror_keys::Read(place_), Serialize(header_));
  absl::Status status = store_.Commit(batch);
  if (!absl::IsAborted(status)) return status;
  return Aborted("READ_LOST", "The read was replaced meanwhile; read again.",
                 {{"read_id", header_.read_id()}});
}

absl::StatusOr<std::unique_ptr<ReadWriter>> ReadStore::Begin(
    const DirectoryName& directory, StoredRead header) {
  ASSIGN_OR_RETURN(
      const std::vector<ReadRow> rows,
      ListReads(store_, directory.account(), mirror_keys::Reads(directory)));
  ReadPlace place{directory, rows.empty() ? 1 : rows.back().place.number + 1};
  header.set_state(StoredRead::OPEN);
  header.set_epoch(store_.epoch());
  Batch batch(place.account());
  batch.ExpectAbsent(mirror_keys::Read(place));
  batch.Put(mirror_keys::Read(place), Serialize(header));
  RETURN_IF_ERROR(store_.Commit(batch));
  return std::make_unique<ReadWriter>(store_, std::move(place),
                                      std::move(header));
}

absl::StatusOr<bool> ReadStore::Sweep(const AccountName& account) {
  const std::unique_ptr<rollcall::store::Reader> snapshot = store_.Snapshot();
  Batch batch(account.id());
  RETURN_IF_ERROR(CollectDeleted(*snapshot, account, batch));
  if (!batch.empty()) {
    RETURN_IF_ERROR(store_.Commit(batch));
    return true;
  }
  ASSIGN_OR_RETURN(const std::vector<ReadPlace> obsolete,
                   Obsolete(*snapshot, account, store_.epoch()));
  if (obsolete.empty()) return false;
  RETURN_IF_ERROR(CollectRows(*snapshot, obsolete.front(), batch));
  const bool rows_left = batch.operations().size() >= kSweepBatch;
  if (!rows_left) batch.Delete(mirror_keys::Read(obsolete.front()));
  RETURN_IF_ERROR(store_.Commit(batch));
  return rows_left || obsolete.size() > 1;
}

}  // namespace rollcall::directory
