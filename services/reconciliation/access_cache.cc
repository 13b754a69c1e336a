#include "services/reconciliation/access_cache.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/store.pb.h"

namespace rollcall::reconciliation {
namespace {

// The key of a row in all accounts. The id of an account has no line breaks.
std::string MemoryKey(absl::string_view account, absl::string_view row_key) {
  return absl::StrCat(account, "\n", row_key);
}

// The beginnings of the keys of a table.
const std::string& UsersTable() {
  static const std::string& table = *new std::string(keys::Table("users"));
  return table;
}
const std::string& UsernamesTable() {
  static const std::string& table =
      *new std::string(keys::Table("users_by_username"));
  return table;
}
const std::string& GroupsTable() {
  static const std::string& table = *new std::string(keys::Table("groups"));
  return table;
}

}  // namespace

absl::optional<KnownAccess> AccessCache::Find(
    absl::string_view account, absl::string_view username) const {
  const std::string key = MemoryKey(account, keys::UserByUsername(username));
  absl::ReaderMutexLock lock(&mutex_);
  const auto id = answers_.id_by_username.find(key);
  if (id == answers_.id_by_username.end()) return absl::nullopt;
  const auto entry =
      answers_.entry_by_id.find(MemoryKey(account, keys::User(id->second)));
  if (entry == answers_.entry_by_id.end()) return absl::nullopt;
  const auto of = accounts_.find(account);
  if (of == accounts_.end() || entry->second.age != of->second.age) {
    return absl::nullopt;
  }
  return KnownAccess{id->second, *entry->second.decision};
}

uint64_t AccessCache::commits() const {
  absl::ReaderMutexLock lock(&mutex_);
  return commits_;
}

void AccessCache::Keep(uint64_t commits, absl::string_view account,
                       absl::string_view username, const KnownAccess& known,
                       const std::vector<Group>& groups) {
  std::string username_key = MemoryKey(account, keys::UserByUsername(username));
  std::string id_key = MemoryKey(account, keys::User(known.user_id));
  Answers too_many;  // Is taken apart when the lock is free again.
  absl::MutexLock lock(&mutex_);
  if (commits_ != commits) return;
  if (answers_.entry_by_id.size() >= max_users_ ||
      answers_.id_by_username.size() >= max_users_) {
    std::swap(too_many, answers_);
  }
  Account& of = accounts_[account];
  for (const Group& group : groups) of.statuses[group.id] = group.status;
  const AccessDecision& decision =
      decisions_
          .try_emplace({known.decision.reason, known.decision.group},
                       known.decision)
          .first->second;
  answers_.id_by_username[std::move(username_key)] = known.user_id;
  answers_.entry_by_id[std::move(id_key)] = {&decision, of.age};
}

// The rows of groups change with every member who comes or goes.
bool AccessCache::ChangesStatus(
    const Account& account,
    const rollcall::store::Batch::Operation& operation) const {
  std::string id;
  if (!rollcall::store::KeyReader(operation.key)
           .Table("groups")
           .String(&id)
           .Finish()
           .ok()) {
    return true;
  }
  const auto status = account.statuses.find(id);
  if (status == account.statuses.end()) return false;
  store::GroupRow row;
  return !operation.value.has_value() ||
         !row.ParseFromString(*operation.value) ||
         static_cast<GroupStatus>(row.status()) != status->second;
}

void AccessCache::Forget(const rollcall::store::Batch& batch) {
  const std::string& account = batch.partition();
  absl::MutexLock lock(&mutex_);
  ++commits_;
  const auto of = accounts_.find(account);
  if (of == accounts_.end()) return;  // Nothing of it is known.
  bool changes_status = false;
  for (const auto& operation : batch.operations()) {
    if (absl::StartsWith(operation.key, UsersTable())) {
      answers_.entry_by_id.erase(MemoryKey(account, operation.key));
    } else if (absl::StartsWith(operation.key, UsernamesTable())) {
      answers_.id_by_username.erase(MemoryKey(account, operation.key));
    } else if (!changes_status &&
               absl::StartsWith(operation.key, GroupsTable())) {
      changes_status = ChangesStatus(of->second, operation);
    }
  }
  if (!changes_status) return;
  ++of->second.age;
  of->second.statuses.clear();
}

void AccessCache::ForgetAll() {
  Answers forgotten;
  absl::MutexLock lock(&mutex_);
  ++commits_;
  std::swap(forgotten, answers_);
}

size_t AccessCache::size() const {
  absl::ReaderMutexLock lock(&mutex_);
  return answers_.entry_by_id.size();
}

}  // namespace rollcall::reconciliation
