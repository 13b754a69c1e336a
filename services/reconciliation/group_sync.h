// Carries out what the diff decides about a directory's groups, inside a
// transaction.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_GROUP_SYNC_H_
#define ROLLCALL_SERVICES_RECONCILIATION_GROUP_SYNC_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/reconciliation/group_diff.h"
#include "services/reconciliation/run_work.h"
#include "services/reconciliation/transaction.h"

namespace rollcall::reconciliation {

// Creates, takes over and renames groups, counts them, and notes in the scope
// which are missing and which have lost their name to another one. What was
// decided at the desk is done, what collides is noted (B10).
absl::Status ApplyGroups(std::vector<DesiredGroup> desired, absl::Time now,
                         const std::function<std::string()>& make_id,
                         RunWork& work, Transaction& transaction);

// Marks that the strangers have left a group that was taken over.
absl::Status SettleTakenOver(const std::string& group_id,
                             Transaction& transaction);

// Makes a group that is no longer selected a manual one (A8).
absl::Status ReleaseGroup(const std::string& group_id, absl::Time now,
                          RunWork& work, Transaction& transaction);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_GROUP_SYNC_H_
