// Decides whether a linked user gets another username: the model's only way is
// the switch of normalization (R33, R36); a directory that follows renames has
// another (A3), and the desk may have given a name (B10). Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USERNAME_RENAME_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USERNAME_RENAME_H_

#include <string>

#include "absl/types/optional.h"
#include "services/reconciliation/desk_decision.h"

namespace rollcall::reconciliation {

struct RenameFacts {
  const std::string& username;  // As it is.
  const std::string& origin;    // The user principal name that it was made of.
  const std::string& source_username;  // As the source has it now, mapped.
  bool normalization = false;
  bool follow_renames = false;
  const DeskDecision& desk;
};

struct Rename {
  std::string username;
  std::string rule;
};

// A username that is neither form of its origin, because the desk has given it
// or a collision has kept it, stays: nobody takes away what somebody decided.
absl::optional<Rename> RenameOf(const RenameFacts& facts);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USERNAME_RENAME_H_
