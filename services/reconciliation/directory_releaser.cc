#include "services/reconciliation/directory_releaser.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "common/time/proto_time.h"
#include "services/reconciliation/group_diff.h"
#include "services/reconciliation/held_batches.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/revert_decision.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::KeyRange;
using rollcall::store::KeyReader;

constexpr char kRule[] = "A9";
// The directory service asks authorization about each: a page must not take
// long.
constexpr int kDirectoriesPerPage = 100;

// An event that no run and no person made, without its change.
v1::ChangeEvent EventOf(const std::string& rule, absl::Time now) {
  v1::ChangeEvent event;
  *event.mutable_commit_time() = ToTimestamp(now);
  event.set_rule(rule);
  return event;
}

// The user that an index entry leads to, whom the directory must claim.
absl::StatusOr<UserRecord> ClaimedUser(const store::IdRow& entry,
                                       const std::string& directory,
                                       const Transaction& transaction) {
  ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                   transaction.identities().FindUser(entry.id()));
  if (record.has_value() && record->user.ClaimOf(directory) != nullptr) {
    return *std::move(record);
  }
  return DataLoss(
      "INDEX_DANGLING",
      absl::StrCat("The index users_by_source leads to ", entry.id(), ", whom ",
                   directory, " does not claim."),
      {{"user", entry.id()}, {"directory", directory}});
}

absl::Status ReleaseUser(const UserRecord& before, const ReleaseRules& rules,
                         absl::Time now, Transaction& transaction) {
  const UserDecision decision = DecideReleased(before.user, rules, now);
  RETURN_IF_ERROR(
      transaction.PutUser(&before.user, decision.after, before.mark));
  v1::ChangeEvent event = EventOf(decision.rules.front(), now);
  v1::UserChange& change = *event.mutable_user_change();
  change.set_kind(decision.fate == Fate::kRemove ? v1::UserChange::REMOVED
                                                 : v1::UserChange::UPDATED);
  *change.mutable_user() = ToMessage(decision.after, transaction.account());
  transaction.AppendEvent(std::move(event));
  return absl::OkStatus();
}

absl::Status LiftPin(const std::string& key, absl::Time now,
                     Transaction& transaction) {
  std::string directory, id;
  RETURN_IF_ERROR(
      KeyReader(key).Table("pinned").String(&directory).String(&id).Finish());
  ASSIGN_OR_RETURN(const absl::optional<UserRecord> before,
                   transaction.identities().FindUser(id));
  if (!before.has_value()) {
    return DataLoss("INDEX_DANGLING", "A user who is pinned does not exist.",
                    {{"user", id}});
  }
  const User after = Unpinned(before->user, now);
  RETURN_IF_ERROR(transaction.PutUser(&before->user, after, before->mark));
  v1::ChangeEvent event = EventOf(kRule, now);
  event.mutable_user_change()->set_kind(v1::UserChange::UPDATED);
  *event.mutable_user_change()->mutable_user() =
      ToMessage(after, transaction.account());
  transaction.AppendEvent(std::move(event));
  return absl::OkStatus();
}

absl::Status ReleaseGroup(const GroupRecord& before, absl::Time now,
                          Transaction& transaction) {
  const Group after = Released(before.group, now);
  RETURN_IF_ERROR(transaction.PutGroup(&before.group, after, before.mark));
  v1::ChangeEvent event = EventOf(kRule, now);
  *event.mutable_group_change() = ToMessage(after, transaction.account());
  transaction.AppendEvent(std::move(event));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Pace> DirectoryReleaser::RunOnce(absl::Time now) {
  absl::Status first_error;
  directory::v1::ListDirectoriesRequest request;
  request.set_parent("accounts/-");
  request.set_show_deleted(true);
  request.set_page_size(kDirectoriesPerPage);
  do {
    ASSIGN_OR_RETURN(const directory::v1::ListDirectoriesResponse page,
                     options_.directory.ListDirectories(request));
    for (const directory::v1::Directory& directory : page.directories()) {
      if (directory.state() != directory::v1::Directory::DELETED) continue;
      const absl::Status released = Release(directory, now);
      if (!released.ok()) {
        first_error.Update(Annotate(released, directory.name()));
      }
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && !options_.is_stopping());
  if (!first_error.ok()) return first_error;
  return Pace::kRest;
}

absl::Status DirectoryReleaser::Release(const directory::v1::Directory& deleted,
                                        absl::Time now) {
  ASSIGN_OR_RETURN(const DirectoryName name,
                   DirectoryName::Parse(deleted.name()));
  const bool trash_users =
      deleted.user_disposition() == directory::v1::TRASH_USERS;
  int batches = 0;
  bool is_done = false;
  while (!is_done && !options_.is_stopping()) {
    ASSIGN_OR_RETURN(const bool more, ReleaseSome(name, trash_users, now));
    is_done = !more;
    batches += more;
  }
  if (batches > 0) {
    LogInfo("directory_released", {{"directory", name.ToString()},
                                   {"users_trashed", trash_users},
                                   {"batches", batches}});
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> DirectoryReleaser::ReleaseSome(const DirectoryName& name,
                                                    bool trash_users,
                                                    absl::Time now) {
  ASSIGN_OR_RETURN(auto transaction, options_.store.Begin(name.account().id()));
  ASSIGN_OR_RETURN(const absl::optional<store::RunningRow> running,
                   transaction->runs().FindRunning(name.id()));
  if (running.has_value()) return false;
  ASSIGN_OR_RETURN(const std::vector<GroupRecord> groups,
                   transaction->identities().GroupsOfDirectory(name.id()));
  ReleaseRules rules{.directory = name.id(), .trash_users = trash_users};
  for (const GroupRecord& group : groups) {
    rules.own_groups.insert(group.group.id);
  }
  ASSIGN_OR_RETURN(const bool had_users,
                   ReleaseUsers(rules, now, *transaction));
  // Groups last: until then they tell which memberships a user in the trash
  // loses. They are few (R17).
  if (!had_users) {
    RETURN_IF_ERROR(LiftPins(name.id(), now, *transaction));
    for (const GroupRecord& group : groups) {
      RETURN_IF_ERROR(ReleaseGroup(group, now, *transaction));
    }
  }
  // Nobody comes back to what was met, decided and held: it names people.
  for (const std::string& prefix :
       {keys::CollisionsOfDirectory(name.id()), keys::Decisions(name.id()),
        keys::HeldRowsOfDirectory(name.id())}) {
    RETURN_IF_ERROR(DropRows(prefix, *transaction));
  }
  // A batch is open as long as it has rows.
  if (HasRoom(*transaction)) {
    RETURN_IF_ERROR(DissolveBatches(name, now, *transaction));
  }
  const bool is_done = transaction->empty();
  RETURN_IF_ERROR(transaction->Commit());
  return !is_done;
}

absl::StatusOr<bool> DirectoryReleaser::ReleaseUsers(const ReleaseRules& rules,
                                                     absl::Time now,
                                                     Transaction& transaction) {
  rollcall::store::MessageCursor<store::IdRow> cursor(
      transaction.reader(), transaction.account(),
      KeyRange::Prefix(keys::UsersOfSource(rules.directory)));
  while (HasRoom(transaction)) {
    ASSIGN_OR_RETURN(const auto entry, cursor.Next());
    if (!entry.has_value()) break;
    ASSIGN_OR_RETURN(const UserRecord record,
                     ClaimedUser(entry->message, rules.directory, transaction));
    RETURN_IF_ERROR(ReleaseUser(record, rules, now, transaction));
  }
  return !transaction.empty();
}

absl::Status DirectoryReleaser::LiftPins(const std::string& directory,
                                         absl::Time now,
                                         Transaction& transaction) {
  auto pinned = transaction.reader().Scan(
      transaction.account(), KeyRange::Prefix(keys::PinnedBy(directory)));
  while (HasRoom(transaction)) {
    ASSIGN_OR_RETURN(const absl::optional<rollcall::store::Entry> entry,
                     pinned->Next());
    if (!entry.has_value()) break;
    RETURN_IF_ERROR(LiftPin(entry->key, now, transaction));
  }
  return absl::OkStatus();
}

absl::Status DirectoryReleaser::DropRows(const std::string& prefix,
                                         Transaction& transaction) {
  auto cursor = transaction.reader().Scan(transaction.account(),
                                          KeyRange::Prefix(prefix));
  while (HasRoom(transaction)) {
    ASSIGN_OR_RETURN(absl::optional<rollcall::store::Entry> entry,
                     cursor->Next());
    if (!entry.has_value()) break;
    transaction.Delete(std::move(entry->key));
  }
  return absl::OkStatus();
}

bool DirectoryReleaser::HasRoom(const Transaction& transaction) const {
  return transaction.row_count() < options_.max_batch_rows &&
         transaction.byte_size() < options_.max_batch_bytes;
}

}  // namespace rollcall::reconciliation
