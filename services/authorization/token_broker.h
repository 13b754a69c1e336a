// Hands out access tokens for connections: one good token per connection, kept
// in memory only, one request under way at most. A definitive refusal is stored
// and answered from then on without asking again (R8, R9, R12).
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_TOKEN_BROKER_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_TOKEN_BROKER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/crypto/secret.h"
#include "common/identity/resource_name.h"
#include "common/time/clock.h"
#include "services/authorization/client.h"
#include "services/authorization/store.h"
#include "services/authorization/token_lease.h"
#include "services/authorization/vault.h"

namespace rollcall::authorization {

// Thread-safe.
class TokenBroker {
 public:
  // All must outlive this.
  TokenBroker(AuthorizationStore& store, EntraClient& client,
              const Vault& vault, Clock& clock)
      : store_(store), client_(client), vault_(vault), clock_(clock) {}

  struct MintedToken {
    Secret token;
    absl::Time expire_time;
    StoredConnection connection;
  };

  // A token that is good for five minutes more, if the tenant gives such.
  //   NOT_FOUND, reason CONNECTION_NOT_FOUND. FAILED_PRECONDITION, reason
  //   REAUTHORIZATION_REQUIRED. UNAVAILABLE, reason TOKEN_UNAVAILABLE (trouble
  //   at their side) or TOKEN_REFUSED (the registration is wrong), both with
  //   the time to wait; until then nobody is asked.
  absl::StatusOr<MintedToken> Mint(const ConnectionName& name);

  // Graph answered 401 to the token with this SHA-256: drops it, if it is still
  // the one handed out. The second time in a row that is definitive (R12).
  absl::Status ReportRejected(const ConnectionName& name,
                              absl::string_view token_sha256);

 private:
  // What is known of one connection's token. Never removed: as many as there
  // are connections.
  struct Slot {
    absl::Mutex mutex;
    bool refreshing ABSL_GUARDED_BY(mutex) = false;
    // Counts finished requests, so that who waits knows that one is over.
    int64_t flights ABSL_GUARDED_BY(mutex) = 0;
    absl::optional<TokenLease> lease ABSL_GUARDED_BY(mutex);
    Secret token ABSL_GUARDED_BY(mutex);
    bool force_next ABSL_GUARDED_BY(mutex) = false;
    // Since the last success.
    int failures ABSL_GUARDED_BY(mutex) = 0;
    absl::Status last_error ABSL_GUARDED_BY(mutex);
    absl::Time quiet_until ABSL_GUARDED_BY(mutex) = absl::InfinitePast();
  };

  struct Token {
    Secret text;
    absl::Time expire_time;
  };

  // A new token, or why there is none and how long to leave it at that.
  struct Fetched {
    TokenLease lease;
    Secret token;
    absl::Status error;
    absl::Duration wait;  // Besides the backoff.
  };

  Slot& SlotOf(const ConnectionName& name);
  absl::optional<absl::StatusOr<Token>> UseOrLead(Slot& slot);
  absl::StatusOr<Token> Settle(Slot& slot, Fetched fetched);
  Fetched Fetch(const ConnectionName& name, const StoredConnection& connection);
  absl::Status Lose(const ConnectionName& name, absl::string_view why);

  AuthorizationStore& store_;
  EntraClient& client_;
  const Vault& vault_;
  Clock& clock_;

  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<Slot>> slots_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_TOKEN_BROKER_H_
