// Deletes one user of the trash for good, wherever the wish came from: the
// worker when the time has come, or a person.
#ifndef ROLLCALL_SERVICES_TRASH_PURGE_H_
#define ROLLCALL_SERVICES_TRASH_PURGE_H_

#include <string>

#include "absl/status/status.h"
#include "common/identity/resource_name.h"
#include "services/trash/client.h"
#include "services/trash/model.h"
#include "services/trash/store.h"

namespace rollcall::trash {

// First the user, then the entry: after a crash in between the entry is still
// there, and the next try finds the user gone, which is no error. The user is
// purged as of the entry's deletion only: FAILED_PRECONDITION, reason
// DELETION_SUPERSEDED, if the user has come back since; the entry is then out
// of date and is dropped too. `actor` is as the client has it. After any other
// error nothing has changed here.
absl::Status Purge(TrashStore& store, ReconciliationClient& reconciliation,
                   const UserName& user, const TrashEntry& entry,
                   const std::string& actor);

}  // namespace rollcall::trash

#endif  // ROLLCALL_SERVICES_TRASH_PURGE_H_
