#include "services/directory/store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"

namespace rollcall::directory {
namespace {

using ::rollcall::store::Batch;
using ::rollcall::store::GetMessage;
using ::rollcall::store::Key;
using ::rollcall::store::KeyRange;
using ::rollcall::store::MessageCursor;
using ::rollcall::store::Serialize;
using store::StoredDirectory;
using store::StoredFacts;

// Of compare-and-set against others who change the same facts.
constexpr int kMaxTries = 5;

std::string DirectoryKey(absl::string_view id) {
  return Key("directories").String(id).Build();
}

std::string FactsKey(absl::string_view id) {
  return Key("facts").String(id).Build();
}

absl::Status DirectoryExists(const DirectoryName& name) {
  return AlreadyExists(
      "DIRECTORY_EXISTS",
      absl::StrCat("There is, or was, a directory ", name.ToString(), "."),
      {{"directory", name.ToString()}});
}

}  // namespace

absl::Status DirectoryDeleted(const DirectoryName& name) {
  return FailedPrecondition(
      "DIRECTORY_DELETED",
      absl::StrCat(name.ToString(), " was deleted; create another one."),
      {{"directory", name.ToString()}});
}

absl::Status DirectoryStore::Insert(const DirectoryName& name,
                                    const StoredDirectory& directory) {
  Batch batch(name.account().id());
  const std::string key = DirectoryKey(name.id());
  batch.ExpectAbsent(key);
  batch.Put(key, Serialize(directory));
  absl::Status status = store_.Commit(batch);
  return absl::IsAborted(status) ? DirectoryExists(name) : status;
}

absl::Status DirectoryStore::CheckFree(const DirectoryName& name) const {
  const absl::Status found = Get(name).status();
  if (found.ok()) return DirectoryExists(name);
  return absl::IsNotFound(found) ? absl::OkStatus() : found;
}

absl::StatusOr<StoredDirectory> DirectoryStore::Get(
    const DirectoryName& name) const {
  ASSIGN_OR_RETURN(absl::optional<StoredDirectory> directory,
                   GetMessage<StoredDirectory>(store_, name.account().id(),
                                               DirectoryKey(name.id())));
  if (directory.has_value()) return *std::move(directory);
  return NotFound("DIRECTORY_NOT_FOUND",
                  absl::StrCat("There is no directory ", name.ToString(), "."),
                  {{"directory", name.ToString()}});
}

absl::StatusOr<StoredDirectory> DirectoryStore::GetLive(
    const DirectoryName& name) const {
  ASSIGN_OR_RETURN(StoredDirectory directory, Get(name));
  if (directory.has_delete_time()) return DirectoryDeleted(name);
  return directory;
}

absl::StatusOr<bool> DirectoryStore::IsDeleted(
    const DirectoryName& name) const {
  ASSIGN_OR_RETURN(const StoredDirectory directory, Get(name));
  return directory.has_delete_time();
}

absl::Status DirectoryStore::Replace(const DirectoryName& name,
                                     const StoredDirectory& before,
                                     const StoredDirectory& after) {
  Batch batch(name.account().id());
  const std::string key = DirectoryKey(name.id());
  batch.ExpectValue(key, Serialize(before));
  batch.Put(key, Serialize(after));
  absl::Status status = store_.Commit(batch);
  if (!absl::IsAborted(status)) return status;
  return Aborted(
      "DIRECTORY_CHANGED",
      absl::StrCat(name.ToString(), " was changed by somebody else; get it ",
                   "again and decide anew."),
      {{"directory", name.ToString()}});
}

absl::StatusOr<std::vector<StoredDirectory>> DirectoryStore::List(
    const AccountName& account, absl::string_view after_id, bool show_deleted,
    int limit) const {
  const std::string table = Key("directories").Build();
  const KeyRange range =
      after_id.empty() ? KeyRange::Prefix(table)
                       : KeyRange::PrefixAfter(table, DirectoryKey(after_id));
  MessageCursor<StoredDirectory> cursor(store_, account.id(), range);
  std::vector<StoredDirectory> directories;
  while (static_cast<int>(directories.size()) < limit) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) break;
    if (row->message.has_delete_time() && !show_deleted) continue;
    directories.push_back(std::move(row->message));
  }
  return directories;
}

absl::StatusOr<std::vector<std::string>> DirectoryStore::ListAccounts(
    absl::string_view after_id, int limit) const {
  return store_.ListPartitions(after_id, limit);
}

absl::StatusOr<StoredFacts> DirectoryStore::GetFacts(
    const DirectoryName& name) const {
  ASSIGN_OR_RETURN(absl::optional<StoredFacts> facts,
                   GetMessage<StoredFacts>(store_, name.account().id(),
                                           FactsKey(name.id())));
  return std::move(facts).value_or(StoredFacts());
}

absl::StatusOr<StoredFacts> DirectoryStore::ChangeFacts(
    const DirectoryName& name, absl::FunctionRef<void(StoredFacts&)> change) {
  const std::string& account = name.account().id();
  const std::string key = FactsKey(name.id());
  absl::Status status;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    ASSIGN_OR_RETURN(const absl::optional<StoredFacts> before,
                     GetMessage<StoredFacts>(store_, account, key));
    StoredFacts after = before.value_or(StoredFacts());
    change(after);
    Batch batch(account);
    if (before.has_value()) {
      batch.ExpectValue(key, Serialize(*before));
    } else {
      batch.ExpectAbsent(key);
    }
    batch.Put(key, Serialize(after));
    status = store_.Commit(batch);
    if (status.ok()) return after;
    if (!absl::IsAborted(status)) break;
  }
  return status;
}

}  // namespace rollcall::directory
