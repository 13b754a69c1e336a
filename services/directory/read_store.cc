#include "services/directory/read_store.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"

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
using ::rollcall::store::Parse;
using ::rollcall::store::Serialize;
using store::StoredCollisions;
using store::StoredGroup;
using store::StoredMembers;
using store::StoredRead;
using store::StoredUser;

constexpr absl::string_view kReads = "reads";
// The tables of a read's rows.
constexpr absl::string_view kUsers = "users";
constexpr absl::string_view kGroups = "groups";
constexpr absl::string_view kMembers = "members";
constexpr absl::string_view kCollisions = "collisions";
constexpr absl::string_view kRowTables[] = {kUsers, kGroups, kMembers,
                                            kCollisions};

constexpr size_t kIdsPerChunk = 32'768;  // Half a MiB.
constexpr size_t kSweepBatch = 4'000;    // Rows; a commit of some 10 ms.
constexpr size_t kKeptSealedReads = 2;   // The newest and one for a resume.

Key RowKey(absl::string_view table, const ReadPlace& place) {
  return Key(table).String(place.directory.id()).Uint64(place.number);
}

std::string IdKey(absl::string_view table, const ReadPlace& place,
                  const SourceId& id) {
  return RowKey(table, place).Uint64(id.high()).Uint64(id.low()).Build();
}

std::string HeaderKey(const ReadPlace& place) {
  return RowKey(kReads, place).Build();
}

const std::string& Account(const ReadPlace& place) {
  return place.directory.account().id();
}

std::string JoinIds(absl::Span<const SourceId> ids) {
  std::string bytes;
  bytes.reserve(ids.size() * SourceId::kSize);
  for (const SourceId& id : ids) bytes += id.Bytes();
  return bytes;
}

absl::Status Damaged(absl::string_view what) {
  return DataLoss("READ_DAMAGED",
                  absl::StrCat("A stored read is damaged: ", what, "."));
}

absl::Status AppendIds(absl::string_view bytes, std::vector<SourceId>& ids) {
  if (bytes.size() % SourceId::kSize != 0) return Damaged("its ids");
  for (size_t i = 0; i < bytes.size(); i += SourceId::kSize) {
    ids.push_back(*SourceId::FromBytes(bytes.substr(i, SourceId::kSize)));
  }
  return absl::OkStatus();
}

// The ids of all chunks below a prefix.
template <typename Chunk>
absl::StatusOr<std::vector<SourceId>> ReadChunks(
    const rollcall::store::Reader& reader, absl::string_view account,
    const std::string& prefix) {
  MessageCursor<Chunk> cursor(reader, account, KeyRange::Prefix(prefix));
  std::vector<SourceId> ids;
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return ids;
    RETURN_IF_ERROR(AppendIds(row->message.users(), ids));
  }
}

// A batch per chunk.
template <typename Chunk>
absl::Status WriteChunks(rollcall::store::Store& store,
                         absl::string_view account, const Key& prefix,
                         absl::Span<const SourceId> ids) {
  for (size_t begin = 0, number = 0; begin < ids.size();
       begin += kIdsPerChunk, ++number) {
    Chunk chunk;
    chunk.set_users(JoinIds(ids.subspan(begin, kIdsPerChunk)));
    Batch batch(account);
    batch.Put(Key(prefix).Uint64(number).Build(), Serialize(chunk));
    RETURN_IF_ERROR(store.Commit(batch));
  }
  return absl::OkStatus();
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
                        .Table(kReads)
                        .String(&directory)
                        .Uint64(&number)
                        .Finish());
    rows.push_back({ReadPlace{DirectoryName(account, directory), number},
                    std::move(row->message)});
  }
}

std::string ReadsOf(const DirectoryName& directory) {
  return Key(kReads).String(directory.id()).Build();
}

// Which of an account's reads nobody needs; `rows` as ListReads gives them.
std::vector<ReadPlace> Obsolete(const std::vector<ReadRow>& rows,
                                int64_t epoch) {
  std::vector<ReadPlace> obsolete;
  std::string directory;
  size_t sealed = 0;
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
    if (row->place.directory.id() != directory) sealed = 0;
    directory = row->place.directory.id();
    const StoredRead& header = row->header;
    const bool dead =
        header.state() == StoredRead::ABANDONED ||
        (header.state() == StoredRead::OPEN && header.epoch() != epoch);
    const bool surplus =
        header.state() == StoredRead::SEALED && ++sealed > kKeptSealedReads;
    if (dead || surplus) obsolete.push_back(row->place);
  }
  return obsolete;
}

// Adds deletions of a read's rows to the batch, until it is full.
absl::Status CollectRows(const rollcall::store::Reader& reader,
                         const ReadPlace& place, Batch& batch) {
  for (const absl::string_view table : kRowTables) {
    const std::unique_ptr<Cursor> cursor = reader.Scan(
        Account(place), KeyRange::Prefix(RowKey(table, place).Build()));
    while (batch.operations().size() < kSweepBatch) {
      ASSIGN_OR_RETURN(absl::optional<Entry> entry, cursor->Next());
      if (!entry.has_value()) break;
      batch.Delete(std::move(entry->key));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadWriter::PutUsers(
    absl::Span<const std::pair<SourceId, StoredUser>> users) {
  if (users.empty()) return absl::OkStatus();
  Batch batch(Account(place_));
  for (const auto& [id, user] : users) {
    batch.Put(IdKey(kUsers, place_, id), Serialize(user));
  }
  return store_.Commit(batch);
}

absl::StatusOr<StoredUser> ReadWriter::GetUser(const SourceId& id) const {
  ASSIGN_OR_RETURN(absl::optional<StoredUser> user,
                   GetMessage<StoredUser>(store_, Account(place_),
                                          IdKey(kUsers, place_, id)));
  if (!user.has_value()) return Damaged("a user is gone");
  return *std::move(user);
}

absl::Status ReadWriter::PutMembers(const SourceId& group,
                                    absl::Span<const SourceId> users) {
  return WriteChunks<StoredMembers>(
      store_, Account(place_),
      RowKey(kMembers, place_).Uint64(group.high()).Uint64(group.low()), users);
}

absl::Status ReadWriter::PutGroups(
    absl::Span<const std::pair<SourceId, StoredGroup>> groups) {
  constexpr size_t kGroupsPerBatch = 1000;
  for (size_t begin = 0; begin < groups.size(); begin += kGroupsPerBatch) {
    Batch batch(Account(place_));
    for (const auto& [id, group] : groups.subspan(begin, kGroupsPerBatch)) {
      batch.Put(IdKey(kGroups, place_, id), Serialize(group));
    }
    RETURN_IF_ERROR(store_.Commit(batch));
  }
  return absl::OkStatus();
}

absl::Status ReadWriter::PutCollisions(absl::Span<const SourceId> users) {
  return WriteChunks<StoredCollisions>(store_, Account(place_),
                                       RowKey(kCollisions, place_), users);
}

absl::Status ReadWriter::Seal(StoredRead sealed) {
  sealed.set_state(StoredRead::SEALED);
  return ReplaceHeader(sealed);
}

absl::Status ReadWriter::Abandon() {
  StoredRead abandoned = header_;
  abandoned.set_state(StoredRead::ABANDONED);
  return ReplaceHeader(abandoned);
}

absl::Status ReadWriter::ReplaceHeader(const StoredRead& header) {
  Batch batch(Account(place_));
  batch.ExpectValue(HeaderKey(place_), Serialize(header_));
  batch.Put(HeaderKey(place_), Serialize(header));
  absl::Status status = store_.Commit(batch);
  if (!absl::IsAborted(status)) return status;
  return Aborted("READ_LOST", "The read is not open any more; read again.",
                 {{"read_id", header.read_id()}});
}

absl::StatusOr<StoredGroup> SealedRead::GetGroup(const SourceId& id) const {
  ASSIGN_OR_RETURN(absl::optional<StoredGroup> group,
                   GetMessage<StoredGroup>(*snapshot_, Account(place_),
                                           IdKey(kGroups, place_, id)));
  if (!group.has_value()) return Damaged("a group is gone");
  return *std::move(group);
}

absl::StatusOr<std::vector<SourceId>> SealedRead::GetMembers(
    const SourceId& group) const {
  return ReadChunks<StoredMembers>(*snapshot_, Account(place_),
                                   IdKey(kMembers, place_, group));
}

absl::StatusOr<std::vector<SourceId>> SealedRead::GetCollisions() const {
  return ReadChunks<StoredCollisions>(*snapshot_, Account(place_),
                                      RowKey(kCollisions, place_).Build());
}

SealedRead::UserCursor SealedRead::Users(
    const absl::optional<SourceId>& after) const {
  const std::string prefix = RowKey(kUsers, place_).Build();
  const KeyRange range =
      after.has_value()
          ? KeyRange::PrefixAfter(prefix, IdKey(kUsers, place_, *after))
          : KeyRange::Prefix(prefix);
  return UserCursor(snapshot_->Scan(Account(place_), range));
}

absl::StatusOr<absl::optional<std::pair<SourceId, StoredUser>>>
SealedRead::UserCursor::Next() {
  ASSIGN_OR_RETURN(absl::optional<Entry> entry, cursor_->Next());
  if (!entry.has_value()) {
    return absl::optional<std::pair<SourceId, StoredUser>>();
  }
  std::string directory;
  uint64_t number = 0;
  uint64_t high = 0;
  uint64_t low = 0;
  RETURN_IF_ERROR(KeyReader(entry->key)
                      .Table(kUsers)
                      .String(&directory)
                      .Uint64(&number)
                      .Uint64(&high)
                      .Uint64(&low)
                      .Finish());
  ASSIGN_OR_RETURN(StoredUser user, Parse<StoredUser>(entry->value));
  return absl::make_optional(
      std::make_pair(SourceId(high, low), std::move(user)));
}

absl::StatusOr<std::unique_ptr<ReadWriter>> ReadStore::Begin(
    const DirectoryName& directory, StoredRead header) {
  ASSIGN_OR_RETURN(const std::vector<ReadRow> rows,
                   ListReads(store_, directory.account(), ReadsOf(directory)));
  ReadPlace place{directory, rows.empty() ? 1 : rows.back().place.number + 1};
  header.set_state(StoredRead::OPEN);
  header.set_epoch(store_.epoch());
  Batch batch(Account(place));
  batch.ExpectAbsent(HeaderKey(place));
  batch.Put(HeaderKey(place), Serialize(header));
  RETURN_IF_ERROR(store_.Commit(batch));
  return std::make_unique<ReadWriter>(store_, std::move(place),
                                      std::move(header));
}

absl::StatusOr<std::unique_ptr<SealedRead>> ReadStore::Find(
    const DirectoryName& directory, absl::string_view read_id) const {
  std::unique_ptr<rollcall::store::Reader> snapshot = store_.Snapshot();
  ASSIGN_OR_RETURN(
      std::vector<ReadRow> rows,
      ListReads(*snapshot, directory.account(), ReadsOf(directory)));
  for (ReadRow& row : rows) {
    if (row.header.state() == StoredRead::SEALED &&
        row.header.read_id() == read_id) {
      return std::make_unique<SealedRead>(
          std::move(snapshot), std::move(row.place), std::move(row.header));
    }
  }
  return std::unique_ptr<SealedRead>();
}

absl::StatusOr<bool> ReadStore::Sweep(const AccountName& account) {
  ASSIGN_OR_RETURN(const std::vector<ReadRow> rows,
                   ListReads(store_, account, Key(kReads).Build()));
  const std::vector<ReadPlace> obsolete = Obsolete(rows, store_.epoch());
  if (obsolete.empty()) return false;
  Batch batch(account.id());
  RETURN_IF_ERROR(CollectRows(store_, obsolete.front(), batch));
  const bool rows_left = batch.operations().size() >= kSweepBatch;
  if (!rows_left) batch.Delete(HeaderKey(obsolete.front()));
  RETURN_IF_ERROR(store_.Commit(batch));
  return rows_left || obsolete.size() > 1;
}

}  // namespace rollcall::directory
