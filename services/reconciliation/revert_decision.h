// Decides what a user becomes when a run is undone for it (B5). Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_REVERT_DECISION_H_
#define ROLLCALL_SERVICES_RECONCILIATION_REVERT_DECISION_H_

#include <string>

#include "absl/time/time.h"
#include "services/reconciliation/model.h"

namespace rollcall::reconciliation {

// `before` is what the user was; devices and notes are nobody's but the user's,
// and stay as they are. Pinned by `directory` from now on.
//
// Who was in the trash goes there again with a deletion of its own and seven
// full days: the days since then must not count against anybody.
User Reverted(const User& now_is, const User& before,
              const std::string& directory, absl::Time now);

// A user whom the run has brought into being goes to the trash.
User Uncreated(const User& now_is, const std::string& directory,
               absl::Time now);

// From now on syncs change the user again.
User Unpinned(const User& now_is, absl::Time now);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_REVERT_DECISION_H_
