#include "services/directory/mirror_reader.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"

namespace rollcall::directory {
namespace {

using ::rollcall::store::Entry;
using ::rollcall::store::GetMessage;
using ::rollcall::store::KeyRange;
using ::rollcall::store::KeyReader;
using ::rollcall::store::MessageCursor;
using store::StoredCursor;
using store::StoredGroup;
using store::StoredMemberChange;
using store::StoredMembers;
using store::StoredUser;

// What folds made of a group's members since it was read, ascending.
struct MemberChanges {
  std::vector<SourceId> added;
  std::vector<SourceId> removed;
};

absl::StatusOr<MemberChanges> ReadMemberChanges(
    const rollcall::store::Reader& reader, const ReadPlace& place,
    const SourceId& group) {
  const std::string prefix = mirror_keys::MemberChanges(place, group);
  MessageCursor<StoredMemberChange> cursor(reader, place.account(),
                                           KeyRange::Prefix(prefix));
  MemberChanges changes;
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return changes;
    ASSIGN_OR_RETURN(const SourceId user,
                     mirror_keys::IdAtEnd(row->key, prefix));
    (row->message.removed() ? changes.removed : changes.added).push_back(user);
  }
}

}  // namespace

absl::Status MirrorDamaged(absl::string_view what) {
  return DataLoss("READ_DAMAGED",
                  absl::StrCat("A stored read is damaged: ", what, "."));
}

absl::Status AppendIds(absl::string_view bytes, std::vector<SourceId>& ids) {
  if (bytes.size() % SourceId::kSize != 0) return MirrorDamaged("its ids");
  for (size_t i = 0; i < bytes.size(); i += SourceId::kSize) {
    ids.push_back(*SourceId::FromBytes(bytes.substr(i, SourceId::kSize)));
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::optional<UserCursor::Row>> UserCursor::Next() {
  ASSIGN_OR_RETURN(absl::optional<Entry> entry, cursor_->Next());
  if (!entry.has_value()) return absl::optional<Row>();
  ASSIGN_OR_RETURN(const SourceId id,
                   mirror_keys::IdAtEnd(entry->key, prefix_));
  return absl::make_optional(Row{id, std::move(entry->value)});
}

absl::StatusOr<absl::optional<StoredUser>> MirrorReader::FindUser(
    const SourceId& id) const {
  return GetMessage<StoredUser>(reader_, place_.account(),
                                mirror_keys::User(place_, id));
}

UserCursor MirrorReader::Users(const absl::optional<SourceId>& after) const {
  std::string prefix = mirror_keys::Users(place_);
  const KeyRange range =
      after.has_value()
          ? KeyRange::PrefixAfter(prefix, mirror_keys::User(place_, *after))
          : KeyRange::Prefix(prefix);
  return UserCursor(reader_.Scan(place_.account(), range), std::move(prefix));
}

absl::StatusOr<absl::optional<StoredGroup>> MirrorReader::FindGroup(
    const SourceId& id) const {
  return GetMessage<StoredGroup>(reader_, place_.account(),
                                 mirror_keys::Group(place_, id));
}

absl::StatusOr<std::vector<GroupRow>> MirrorReader::Groups() const {
  const std::string prefix = mirror_keys::Groups(place_);
  MessageCursor<StoredGroup> cursor(reader_, place_.account(),
                                    KeyRange::Prefix(prefix));
  std::vector<GroupRow> groups;
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return groups;
    ASSIGN_OR_RETURN(const SourceId id, mirror_keys::IdAtEnd(row->key, prefix));
    groups.push_back({id, std::move(row->message)});
  }
}

absl::StatusOr<std::vector<SourceId>> MirrorReader::Members(
    const SourceId& group) const {
  MessageCursor<StoredMembers> cursor(
      reader_, place_.account(),
      KeyRange::Prefix(mirror_keys::Members(place_, group)));
  std::vector<SourceId> base;
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) break;
    RETURN_IF_ERROR(AppendIds(row->message.users(), base));
  }
  ASSIGN_OR_RETURN(const MemberChanges changes,
                   ReadMemberChanges(reader_, place_, group));
  if (changes.added.empty() && changes.removed.empty()) return base;
  std::vector<SourceId> left;
  std::set_difference(base.begin(), base.end(), changes.removed.begin(),
                      changes.removed.end(), std::back_inserter(left));
  std::vector<SourceId> members;
  std::set_union(left.begin(), left.end(), changes.added.begin(),
                 changes.added.end(), std::back_inserter(members));
  return members;
}

absl::StatusOr<std::vector<SourceId>> MirrorReader::UsersNamed(
    absl::string_view username) const {
  const std::string prefix = mirror_keys::ShortNames(place_, username);
  const auto cursor = reader_.Scan(place_.account(), KeyRange::Prefix(prefix));
  std::vector<SourceId> users;
  while (true) {
    ASSIGN_OR_RETURN(const absl::optional<Entry> entry, cursor->Next());
    if (!entry.has_value()) return users;
    ASSIGN_OR_RETURN(const SourceId id,
                     mirror_keys::IdAtEnd(entry->key, prefix));
    users.push_back(id);
  }
}

absl::StatusOr<std::vector<CursorRow>> MirrorReader::Cursors() const {
  MessageCursor<StoredCursor> cursor(
      reader_, place_.account(),
      KeyRange::Prefix(mirror_keys::Cursors(place_)));
  std::vector<CursorRow> rows;
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return rows;
    CursorRow found;
    std::string directory;
    uint64_t number = 0;
    RETURN_IF_ERROR(KeyReader(row->key)
                        .Table("cursors")
                        .String(&directory)
                        .Uint64(&number)
                        .Uint64(&found.slice)
                        .Finish());
    found.row = std::move(row->message);
    rows.push_back(std::move(found));
  }
}

}  // namespace rollcall::directory
