#include "services/reconciliation/identity_reader.h"

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/group_diff.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::GetMessage;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;
using rollcall::store::Reader;

absl::Status Dangling(absl::string_view table, absl::string_view id) {
  return DataLoss("INDEX_DANGLING",
                  absl::StrCat("The index ", table, " leads to ", id,
                               ", which does not exist."),
                  {{"index", std::string(table)}, {"id", std::string(id)}});
}

// Follows an index entry, if there is one, with `find`. Between the two looks a
// purge may have taken both away: only an entry that is still there dangles.
template <typename Record, typename Find>
absl::StatusOr<absl::optional<Record>> Follow(const Reader& reader,
                                              const std::string& account,
                                              absl::string_view table,
                                              const std::string& key,
                                              Find find) {
  ASSIGN_OR_RETURN(absl::optional<store::IdRow> entry,
                   GetMessage<store::IdRow>(reader, account, key));
  if (!entry.has_value()) return absl::optional<Record>();
  ASSIGN_OR_RETURN(absl::optional<Record> record, find(entry->id()));
  if (record.has_value()) return record;
  ASSIGN_OR_RETURN(absl::optional<store::IdRow> now,
                   GetMessage<store::IdRow>(reader, account, key));
  if (now.has_value() && now->id() == entry->id()) {
    return Dangling(table, entry->id());
  }
  return absl::optional<Record>();
}

// The last part of a key of two parts: `users/<id>`.
absl::StatusOr<std::string> IdOf(const std::string& table,
                                 const std::string& key) {
  std::string id;
  RETURN_IF_ERROR(KeyReader(key).Table(table).String(&id).Finish());
  return id;
}

KeyRange PageOf(const std::string& prefix, const std::string& last,
                bool first_page) {
  return first_page ? KeyRange::Prefix(prefix)
                    : KeyRange::PrefixAfter(prefix, last);
}

}  // namespace

absl::StatusOr<absl::optional<UserRecord>> IdentityReader::FindUser(
    absl::string_view id) const {
  ASSIGN_OR_RETURN(
      absl::optional<store::UserRow> row,
      GetMessage<store::UserRow>(*reader_, account_, keys::User(id)));
  if (!row.has_value()) return absl::optional<UserRecord>();
  return absl::optional<UserRecord>(
      UserRecord{FromRow(std::string(id), *row), row->mark()});
}

absl::StatusOr<absl::optional<UserRecord>> IdentityReader::FindUserByUsername(
    absl::string_view username) const {
  return Follow<UserRecord>(
      *reader_, account_, "users_by_username", keys::UserByUsername(username),
      [this](const std::string& id) { return FindUser(id); });
}

absl::StatusOr<absl::optional<UserRecord>> IdentityReader::FindUserBySource(
    absl::string_view directory, absl::string_view source_id) const {
  return Follow<UserRecord>(
      *reader_, account_, "users_by_source",
      keys::UserBySource(directory, source_id),
      [this](const std::string& id) { return FindUser(id); });
}

absl::StatusOr<absl::optional<GroupRecord>> IdentityReader::FindGroup(
    absl::string_view id) const {
  ASSIGN_OR_RETURN(
      absl::optional<store::GroupRow> row,
      GetMessage<store::GroupRow>(*reader_, account_, keys::Group(id)));
  if (!row.has_value()) return absl::optional<GroupRecord>();
  return absl::optional<GroupRecord>(
      GroupRecord{FromRow(std::string(id), *row), row->mark()});
}

absl::StatusOr<absl::optional<GroupRecord>> IdentityReader::FindGroupByName(
    absl::string_view name) const {
  return Follow<GroupRecord>(
      *reader_, account_, "groups_by_name",
      keys::GroupByName(GroupNameKey(name)),
      [this](const std::string& id) { return FindGroup(id); });
}

absl::StatusOr<std::vector<GroupRecord>> IdentityReader::GroupsOfDirectory(
    absl::string_view directory) const {
  std::vector<GroupRecord> groups;
  MessageCursor<store::IdRow> cursor(
      *reader_, account_, KeyRange::Prefix(keys::GroupsOfSource(directory)));
  while (true) {
    ASSIGN_OR_RETURN(auto entry, cursor.Next());
    if (!entry.has_value()) return groups;
    ASSIGN_OR_RETURN(absl::optional<GroupRecord> group,
                     FindGroup(entry->message.id()));
    if (!group.has_value()) {
      return Dangling("groups_by_source", entry->message.id());
    }
    groups.push_back(*std::move(group));
  }
}

absl::StatusOr<store::UsageRow> IdentityReader::Usage() const {
  ASSIGN_OR_RETURN(
      absl::optional<store::HeadRow> head,
      GetMessage<store::HeadRow>(*reader_, account_, keys::Head()));
  return head.has_value() ? head->usage() : store::UsageRow();
}

absl::Status IdentityReader::VisitUsers(
    absl::string_view after,
    const std::function<bool(const User&)>& visit) const {
  MessageCursor<store::UserRow> cursor(
      *reader_, account_,
      PageOf(keys::Table("users"), keys::User(after), after.empty()));
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::string id, IdOf("users", row->key));
    if (!visit(FromRow(std::move(id), row->message))) return absl::OkStatus();
  }
}

absl::StatusOr<std::vector<User>> IdentityReader::ListUsers(
    absl::string_view after, int limit) const {
  std::vector<User> users;
  RETURN_IF_ERROR(VisitUsers(after, [&](const User& user) {
    users.push_back(user);
    return static_cast<int>(users.size()) < limit;
  }));
  return users;
}

absl::StatusOr<std::vector<Group>> IdentityReader::ListGroups(
    absl::string_view after, int limit) const {
  std::vector<Group> groups;
  MessageCursor<store::GroupRow> cursor(
      *reader_, account_,
      PageOf(keys::Table("groups"), keys::Group(after), after.empty()));
  while (static_cast<int>(groups.size()) < limit) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) break;
    ASSIGN_OR_RETURN(std::string id, IdOf("groups", row->key));
    groups.push_back(FromRow(std::move(id), row->message));
  }
  return groups;
}

absl::StatusOr<std::vector<std::string>> IdentityReader::ListMembers(
    absl::string_view group, absl::string_view after, int limit) const {
  std::vector<std::string> members;
  auto cursor = reader_->Scan(
      account_, PageOf(keys::MembersOf(group), keys::Member(group, after),
                       after.empty()));
  while (static_cast<int>(members.size()) < limit) {
    ASSIGN_OR_RETURN(auto entry, cursor->Next());
    if (!entry.has_value()) break;
    std::string of, member;
    RETURN_IF_ERROR(KeyReader(entry->key)
                        .Table("users_by_group")
                        .String(&of)
                        .String(&member)
                        .Finish());
    members.push_back(std::move(member));
  }
  return members;
}

}  // namespace rollcall::reconciliation
