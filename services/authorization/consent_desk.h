// Takes what the login page sent back, and proves the tenant it names: by a
// token of our own and the organisation that it reads (R3). Until then nothing
// of a redirect is believed.
//
// Consent reaches Microsoft's servers little by little (protocol §1.1), so a
// proof that fails for now is tried again, each time with a fresh token, until
// the pending authorization expires. What is next is stored before each try: a
// process that dies in between goes on after its restart.
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_CONSENT_DESK_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_CONSENT_DESK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/crypto/secret.h"
#include "common/identity/resource_name.h"
#include "common/time/clock.h"
#include "services/authorization/client.h"
#include "services/authorization/consent_redirect.h"
#include "services/authorization/store.h"
#include "services/authorization/vault.h"

namespace rollcall::authorization {

// From the redirect to the confirmation.
inline constexpr absl::Duration kConfirmationTime = absl::Minutes(30);

// A new `state` parameter: 256 random bits, behind the name of what it belongs
// to, so that the page finds it. Good once.
Secret NewState(const PendingAuthorizationName& name);
// The name in a `state`; none if it is not one of ours.
absl::optional<PendingAuthorizationName> NameInState(absl::string_view state);

// Thread-safe.
class ConsentDesk {
 public:
  // All must outlive this.
  ConsentDesk(AuthorizationStore& store, EntraClient& client,
              const Vault& vault, Clock& clock)
      : store_(store), client_(client), vault_(vault), clock_(clock) {}

  // Takes a redirect for this pending authorization, once, and tries the first
  // proof. Answers with the record as it then is.
  //   NOT_FOUND, reason PENDING_AUTHORIZATION_NOT_FOUND: cancelled, confirmed
  //   or expired. PERMISSION_DENIED, reason STATE_MISMATCH: nothing was
  //   changed. FAILED_PRECONDITION, reason STATE_USED.
  absl::StatusOr<StoredPending> Take(const PendingAuthorizationName& name,
                                     const Redirect& redirect);

  // Does what is due for one entry of the index: another proof, or the end.
  absl::Status RunDue(const DueEntry& entry, absl::Time now);

  // The record, unless it has expired; NOT_FOUND as above.
  absl::StatusOr<StoredPending> Load(
      const PendingAuthorizationName& name) const;

 private:
  absl::StatusOr<StoredPending> Prove(const PendingAuthorizationName& name,
                                      const StoredPending& claimed);

  AuthorizationStore& store_;
  EntraClient& client_;
  const Vault& vault_;
  Clock& clock_;
};

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_CONSENT_DESK_H_
