// Keeps accounts, pending authorizations and connections. Every change of a
// record is one batch that names the bytes it was decided on: what another call
// changed meanwhile is ABORTED, never overwritten.
//
// Pending authorizations have a due index in the installation's partition,
// which no batch can share with an account's. The entry is written before the
// record: a crash in between leaves an entry without a record, which the worker
// drops, and never a record that nothing will expire.
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_STORE_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_STORE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "services/authorization/store.pb.h"

namespace rollcall::authorization {

// A record with the bytes it was read from.
template <typename Message>
struct Stored {
  std::string id;
  Message message;
  std::string bytes;
};

using StoredAccount = Stored<store::Account>;
using StoredPending = Stored<store::PendingAuthorization>;
using StoredConnection = Stored<store::Connection>;

// A pending authorization that something is due for.
struct DueEntry {
  std::string key;
  absl::Time time;
  PendingAuthorizationName name;
};

// When the worker has to look at it next: for another proof, or to expire it.
absl::Time DueTime(const store::PendingAuthorization& pending);

// Thread-safe. Reads of what does not exist are empty; writes whose record has
// changed are ABORTED, reason STORE_CONFLICT.
class AuthorizationStore {
 public:
  // `store` must outlive this.
  explicit AuthorizationStore(rollcall::store::Store& store) : store_(store) {}

  absl::Status CreateAccount(const AccountName& name,
                             const store::Account& account);
  absl::StatusOr<absl::optional<StoredAccount>> GetAccount(
      const AccountName& name) const;
  // Ordered by id, at most `limit` after `after`.
  absl::StatusOr<std::vector<StoredAccount>> ListAccounts(
      const std::string& after, int limit) const;

  absl::Status CreatePending(const PendingAuthorizationName& name,
                             const store::PendingAuthorization& pending);
  absl::StatusOr<absl::optional<StoredPending>> GetPending(
      const PendingAuthorizationName& name) const;
  absl::Status UpdatePending(const PendingAuthorizationName& name,
                             const StoredPending& old,
                             const store::PendingAuthorization& pending);
  absl::Status DeletePending(const PendingAuthorizationName& name,
                             const StoredPending& old);
  // Turns a pending authorization into a connection: both or neither.
  absl::Status Confirm(const PendingAuthorizationName& name,
                       const StoredPending& old,
                       const ConnectionName& connection_name,
                       const store::Connection& connection);

  absl::StatusOr<absl::optional<StoredConnection>> GetConnection(
      const ConnectionName& name) const;
  absl::Status UpdateConnection(const ConnectionName& name,
                                const StoredConnection& old,
                                const store::Connection& connection);
  absl::StatusOr<std::vector<StoredConnection>> ListConnections(
      const AccountName& account, const std::string& after, int limit) const;

  // What is due at `now`, oldest first.
  absl::StatusOr<std::vector<DueEntry>> ListDue(absl::Time now,
                                                int limit) const;
  absl::Status DropDue(const DueEntry& entry);

 private:
  absl::Status PutDue(const PendingAuthorizationName& name, absl::Time time);

  rollcall::store::Store& store_;
};

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_STORE_H_
