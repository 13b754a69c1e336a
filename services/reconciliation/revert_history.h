// Keeps and finds what a user was before a run, and whether anybody has changed
// it since (B5).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_REVERT_HISTORY_H_
#define ROLLCALL_SERVICES_RECONCILIATION_REVERT_HISTORY_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "common/store/store.h"
#include "services/reconciliation/model.h"
#include "services/reconciliation/transaction.h"

namespace rollcall::reconciliation {

struct RevertHistory {
  // The run's first event about the user.
  int64_t first = 0;
  // The user as it was; none: it was not there.
  absl::optional<User> before;
  // Whether the run has brought the user into being.
  bool is_created = false;
  // Whether somebody else has changed the user after that first event; another
  // undoing of the run, which was not carried to its end, is nobody else.
  bool is_changed_since = false;
  // Whether the undoing has been to the user already, or an earlier one and
  // nobody since.
  bool is_reverted = false;
};

// To be called before a run changes a user: the first time counts.
absl::Status KeepBefore(const User& before, const std::string& run,
                        Transaction& transaction);

// Of one user; none if the run does not tell of the user. `reverting` is the
// run that undoes `run`.
absl::StatusOr<absl::optional<RevertHistory>> ReadRevertHistory(
    const std::string& account, const std::string& user_id,
    const std::string& run, const std::string& reverting,
    const rollcall::store::Reader& rows);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_REVERT_HISTORY_H_
