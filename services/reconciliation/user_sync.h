// Carries out what the diff decides about one user, inside a transaction: row,
// indexes, event, counters, and what is withheld.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_SYNC_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_SYNC_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/reconciliation/run_work.h"
#include "services/reconciliation/transaction.h"

namespace rollcall::reconciliation {

// One thread; lives as long as the transaction.
class UserSync {
 public:
  UserSync(RunWork& work, Transaction& transaction, absl::Time now,
           const std::function<std::string()>& make_id)
      : work_(work), transaction_(transaction), now_(now), make_id_(make_id) {}

  // A user in scope. `linked_id` is the user linked to it; empty: none.
  absl::Status Seen(const DesiredUser& desired, const std::string& linked_id);

  // A managed user whom the stream has passed by: remembered, until the reading
  // proves complete.
  absl::Status Absent(const std::string& source_id, const std::string& user_id);

  // Carries out what was withheld, or drops it if the reading is not complete.
  absl::Status Withheld(const std::string& source_id,
                        const store::WithheldRow& row);

  // Takes a user out of a group, whoever he is.
  absl::Status LeaveGroup(const UserRecord& record, const std::string& group,
                          const std::string& rule);

 private:
  absl::Status Write(const UserRecord* before, const UserDecision& decision,
                     const store::UserMarkRow& mark);
  absl::Status Withhold(const std::string& source_id,
                        const store::WithheldRow& row);
  absl::Status CarryOutAbsent(const UserRecord& record);
  absl::Status CarryOutDue(const UserRecord& record,
                           const store::WithheldRow& row);

  RunWork& work_;
  Transaction& transaction_;
  absl::Time now_;
  const std::function<std::string()>& make_id_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_SYNC_H_
