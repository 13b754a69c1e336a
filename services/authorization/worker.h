// Repeats what has to be done for pending authorizations: another proof of a
// consent that is settling, and the end of those that expired. Its cost follows
// what is due.
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_WORKER_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_WORKER_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/time/periodic_worker.h"
#include "services/authorization/consent_desk.h"
#include "services/authorization/store.h"
#include "services/authorization/vault.h"

namespace rollcall::authorization {

// One unit of a PeriodicWorker.
class ConsentWorker {
 public:
  // Both must outlive this.
  ConsentWorker(AuthorizationStore& store, ConsentDesk& desk)
      : store_(store), desk_(desk) {}

  // Handles what is due at `now`, a bounded number of entries. An entry that
  // fails does not hold the others up; the first failure is the answer.
  absl::StatusOr<Pace> RunOnce(absl::Time now);

 private:
  AuthorizationStore& store_;
  ConsentDesk& desk_;
};

// Seals the credentials of connections that are under an older key again, so
// that its line may leave the key file. Pending authorizations expire before
// anybody drops a key. Runs at each start; a crash in between loses nothing.
absl::Status ResealCredentials(AuthorizationStore& store, const Vault& vault);

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_WORKER_H_
