// Decides what becomes of a user whose directory was deleted (A9): an ordinary
// user with everything he has, or one in the trash. Whom another directory
// manages too stays managed by it (A6). Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RELEASE_DECISION_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RELEASE_DECISION_H_

#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "services/reconciliation/model.h"
#include "services/reconciliation/user_diff.h"

namespace rollcall::reconciliation {

// What was decided when the directory was deleted.
struct ReleaseRules {
  std::string directory;  // The id.
  bool trash_users = false;
  absl::flat_hash_set<std::string> own_groups;  // Managed by the directory.
};

// For a user whom the directory claims; `after` has no claim of it any more,
// not even in the trash, since nothing leads back from there. A user who is in
// the trash already stays as he is: the clock of R63 is not restarted.
UserDecision DecideReleased(const User& user, const ReleaseRules& rules,
                            absl::Time now);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RELEASE_DECISION_H_
