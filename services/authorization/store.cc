#include "services/authorization/store.h"

#include <algorithm>
#include <utility>

#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "common/time/proto_time.h"

namespace rollcall::authorization {
namespace {

namespace kv = ::rollcall::store;

constexpr absl::string_view kAccounts = "account";
constexpr absl::string_view kPending = "pending";
constexpr absl::string_view kConnections = "connection";
constexpr absl::string_view kDue = "due";

std::string AccountKey() { return kv::Key(kAccounts).Build(); }

std::string RecordKey(absl::string_view table, absl::string_view id) {
  return kv::Key(table).String(id).Build();
}

std::string DueKey(absl::Time time, const PendingAuthorizationName& name) {
  return kv::Key(kDue)
      .Time(time)
      .String(name.account().id())
      .String(name.id())
      .Build();
}

template <typename Message>
absl::StatusOr<absl::optional<Stored<Message>>> Read(const kv::Reader& reader,
                                                     absl::string_view account,
                                                     absl::string_view key,
                                                     absl::string_view id) {
  ASSIGN_OR_RETURN(absl::optional<std::string> bytes, reader.Get(account, key));
  if (!bytes.has_value()) return absl::optional<Stored<Message>>();
  ASSIGN_OR_RETURN(Message message, kv::Parse<Message>(*bytes));
  return absl::optional<Stored<Message>>(
      Stored<Message>{std::string(id), std::move(message), *std::move(bytes)});
}

}  // namespace

absl::Time DueTime(const store::PendingAuthorization& pending) {
  const absl::Time expire_time = FromTimestamp(pending.expire_time());
  return pending.state() == store::PendingAuthorization::PROVING
             ? std::min(expire_time, FromTimestamp(pending.next_proof_time()))
             : expire_time;
}

absl::Status AuthorizationStore::CreateAccount(const AccountName& name,
                                               const store::Account& account) {
  kv::Batch batch(name.id());
  batch.ExpectAbsent(AccountKey());
  batch.Put(AccountKey(), kv::Serialize(account));
  return store_.Commit(batch);
}

absl::StatusOr<absl::optional<StoredAccount>> AuthorizationStore::GetAccount(
    const AccountName& name) const {
  return Read<store::Account>(store_, name.id(), AccountKey(), name.id());
}

absl::StatusOr<std::vector<StoredAccount>> AuthorizationStore::ListAccounts(
    const std::string& after, int limit) const {
  // Each account is a partition, and its own record is the first written.
  std::vector<StoredAccount> accounts;
  ASSIGN_OR_RETURN(const std::vector<std::string> ids,
                   store_.ListPartitions(after, limit));
  for (const std::string& id : ids) {
    ASSIGN_OR_RETURN(auto account, GetAccount(AccountName(id)));
    if (account.has_value()) accounts.push_back(*std::move(account));
  }
  return accounts;
}

absl::Status AuthorizationStore::PutDue(const PendingAuthorizationName& name,
                                        absl::Time time) {
  kv::Batch batch(kv::kInstallation);
  batch.Put(DueKey(time, name), "");
  return store_.Commit(batch);
}

absl::Status AuthorizationStore::CreatePending(
    const PendingAuthorizationName& name,
    const store::PendingAuthorization& pending) {
  RETURN_IF_ERROR(PutDue(name, DueTime(pending)));
  kv::Batch batch(name.account().id());
  batch.ExpectAbsent(RecordKey(kPending, name.id()));
  batch.Put(RecordKey(kPending, name.id()), kv::Serialize(pending));
  return store_.Commit(batch);
}

absl::StatusOr<absl::optional<StoredPending>> AuthorizationStore::GetPending(
    const PendingAuthorizationName& name) const {
  return Read<store::PendingAuthorization>(
      store_, name.account().id(), RecordKey(kPending, name.id()), name.id());
}

absl::Status AuthorizationStore::UpdatePending(
    const PendingAuthorizationName& name, const StoredPending& old,
    const store::PendingAuthorization& pending) {
  if (DueTime(pending) != DueTime(old.message)) {
    RETURN_IF_ERROR(PutDue(name, DueTime(pending)));
  }
  kv::Batch batch(name.account().id());
  batch.ExpectValue(RecordKey(kPending, name.id()), old.bytes);
  batch.Put(RecordKey(kPending, name.id()), kv::Serialize(pending));
  return store_.Commit(batch);
}

absl::Status AuthorizationStore::DeletePending(
    const PendingAuthorizationName& name, const StoredPending& old) {
  kv::Batch batch(name.account().id());
  batch.ExpectValue(RecordKey(kPending, name.id()), old.bytes);
  batch.Delete(RecordKey(kPending, name.id()));
  return store_.Commit(batch);
}

absl::Status AuthorizationStore::Confirm(const PendingAuthorizationName& name,
                                         const StoredPending& old,
                                         const ConnectionName& connection_name,
                                         const store::Connection& connection) {
  kv::Batch batch(name.account().id());
  batch.ExpectValue(RecordKey(kPending, name.id()), old.bytes);
  batch.ExpectAbsent(RecordKey(kConnections, connection_name.id()));
  batch.Delete(RecordKey(kPending, name.id()));
  batch.Put(RecordKey(kConnections, connection_name.id()),
            kv::Serialize(connection));
  return store_.Commit(batch);
}

absl::StatusOr<absl::optional<StoredConnection>>
AuthorizationStore::GetConnection(const ConnectionName& name) const {
  return Read<store::Connection>(store_, name.account().id(),
                                 RecordKey(kConnections, name.id()), name.id());
}

absl::Status AuthorizationStore::UpdateConnection(
    const ConnectionName& name, const StoredConnection& old,
    const store::Connection& connection) {
  kv::Batch batch(name.account().id());
  batch.ExpectValue(RecordKey(kConnections, name.id()), old.bytes);
  batch.Put(RecordKey(kConnections, name.id()), kv::Serialize(connection));
  return store_.Commit(batch);
}

absl::StatusOr<std::vector<StoredConnection>>
AuthorizationStore::ListConnections(const AccountName& account,
                                    const std::string& after, int limit) const {
  const std::string prefix = kv::Key(kConnections).Build();
  const kv::KeyRange range =
      after.empty()
          ? kv::KeyRange::Prefix(prefix)
          : kv::KeyRange::PrefixAfter(prefix, RecordKey(kConnections, after));
  const auto cursor = store_.Scan(account.id(), range);
  std::vector<StoredConnection> connections;
  while (static_cast<int>(connections.size()) < limit) {
    ASSIGN_OR_RETURN(absl::optional<kv::Entry> entry, cursor->Next());
    if (!entry.has_value()) break;
    StoredConnection row;
    kv::KeyReader key(entry->key);
    RETURN_IF_ERROR(key.Table(kConnections).String(&row.id).Finish());
    ASSIGN_OR_RETURN(row.message, kv::Parse<store::Connection>(entry->value));
    row.bytes = std::move(entry->value);
    connections.push_back(std::move(row));
  }
  return connections;
}

absl::StatusOr<std::vector<DueEntry>> AuthorizationStore::ListDue(
    absl::Time now, int limit) const {
  const kv::KeyRange range = {
      .begin = kv::Key(kDue).Build(),
      // What is due at `now` itself is included.
      .end = kv::Key(kDue).Time(now + absl::Nanoseconds(1)).Build()};
  const auto cursor = store_.Scan(kv::kInstallation, range);
  std::vector<DueEntry> entries;
  while (static_cast<int>(entries.size()) < limit) {
    ASSIGN_OR_RETURN(absl::optional<kv::Entry> entry, cursor->Next());
    if (!entry.has_value()) break;
    absl::Time time;
    std::string account, id;
    kv::KeyReader key(entry->key);
    RETURN_IF_ERROR(
        key.Table(kDue).Time(&time).String(&account).String(&id).Finish());
    entries.push_back({std::move(entry->key), time,
                       PendingAuthorizationName(AccountName(std::move(account)),
                                                std::move(id))});
  }
  return entries;
}

absl::Status AuthorizationStore::DropDue(const DueEntry& entry) {
  kv::Batch batch(kv::kInstallation);
  batch.Delete(entry.key);
  return store_.Commit(batch);
}

}  // namespace rollcall::authorization
