#include "services/directory/mirror_keys.h"

#include "absl/strings/match.h"
#include "common/status/errors.h"
#include "common/store/key.h"

namespace rollcall::directory::mirror_keys {
namespace {

using ::rollcall::store::Key;

Key Of(absl::string_view table, const DirectoryName& directory) {
  return Key(table).String(directory.id());
}

Key Of(absl::string_view table, const ReadPlace& place) {
  return Of(table, place.directory).Uint64(place.number);
}

Key With(Key key, const SourceId& id) {
  return key.Uint64(id.high()).Uint64(id.low());
}

constexpr absl::string_view kTables[kRowTables] = {
    "users", "groups", "members", "member_changes", "short_names", "cursors"};

}  // namespace

std::string Mirror(const DirectoryName& directory) {
  return Of("mirrors", directory).Build();
}

std::string Failure(const DirectoryName& directory) {
  return Of("failures", directory).Build();
}

std::string Reads(const DirectoryName& directory) {
  return Of("reads", directory).Build();
}

std::string ChangeBatches(const DirectoryName& directory) {
  return Of("change_batches", directory).Build();
}

std::string ChangeBatch(const DirectoryName& directory, uint64_t sequence) {
  return Of("change_batches", directory).Uint64(sequence).Build();
}

std::string Changes(const DirectoryName& directory) {
  return Of("changes", directory).Build();
}

std::string Changes(const DirectoryName& directory, uint64_t sequence) {
  return Of("changes", directory).Uint64(sequence).Build();
}

std::string Change(const DirectoryName& directory, uint64_t sequence,
                   const SourceId& id) {
  return With(Of("changes", directory).Uint64(sequence), id).Build();
}

std::string Read(const ReadPlace& place) { return Of("reads", place).Build(); }

std::string Users(const ReadPlace& place) { return Of("users", place).Build(); }

std::string User(const ReadPlace& place, const SourceId& id) {
  return With(Of("users", place), id).Build();
}

std::string Groups(const ReadPlace& place) {
  return Of("groups", place).Build();
}

std::string Group(const ReadPlace& place, const SourceId& id) {
  return With(Of("groups", place), id).Build();
}

std::string Members(const ReadPlace& place, const SourceId& group) {
  return With(Of("members", place), group).Build();
}

std::string Members(const ReadPlace& place, const SourceId& group,
                    uint64_t chunk) {
  return With(Of("members", place), group).Uint64(chunk).Build();
}

std::string MemberChanges(const ReadPlace& place, const SourceId& group) {
  return With(Of("member_changes", place), group).Build();
}

std::string MemberChange(const ReadPlace& place, const SourceId& group,
                         const SourceId& user) {
  return With(With(Of("member_changes", place), group), user).Build();
}

std::string ShortNames(const ReadPlace& place, absl::string_view username) {
  return Of("short_names", place).String(username).Build();
}

std::string ShortName(const ReadPlace& place, absl::string_view username,
                      const SourceId& user) {
  return With(Of("short_names", place).String(username), user).Build();
}

std::string Cursors(const ReadPlace& place) {
  return Of("cursors", place).Build();
}

std::string Cursor(const ReadPlace& place, uint64_t slice) {
  return Of("cursors", place).Uint64(slice).Build();
}

std::string RowTable(const ReadPlace& place, int table) {
  return Of(kTables[table], place).Build();
}

absl::StatusOr<SourceId> IdAtEnd(absl::string_view key,
                                 absl::string_view prefix) {
  // A part of 64 bits is written as it is, big-endian: so is an id.
  if (absl::StartsWith(key, prefix)) {
    if (const auto id = SourceId::FromBytes(key.substr(prefix.size()))) {
      return *id;
    }
  }
  return DataLoss("KEY_MALFORMED", "A stored key does not end with an id.");
}

}  // namespace rollcall::directory::mirror_keys
