// Decides whether a user may authenticate, and why (R54, R57, A2, B13). Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_ACCESS_DECISION_H_
#define ROLLCALL_SERVICES_RECONCILIATION_ACCESS_DECISION_H_

#include <string>
#include <vector>

#include "services/reconciliation/model.h"

namespace rollcall::reconciliation {

enum class Access { kAllow, kAllowBypass, kEnrollFirst, kRefuse };

struct AccessDecision {
  Access access = Access::kRefuse;
  std::string reason;  // `USER_ACTIVE` ...; the contract lists them.
  std::string rule;    // `R54`.
  std::string group;   // The id of the group that decided, if one did.

  friend bool operator==(const AccessDecision&,
                         const AccessDecision&) = default;
};

// Pending deletion goes before user disabled, before any group disabled, before
// bypass (the user's own before a group's), before active (R54). A user without
// a device has to enroll first, unless he bypasses. `user` may be nullptr:
// unknown. `groups` are the groups that the user is in; of several that would
// decide, the first does.
AccessDecision DecideAccess(const User* user, const std::vector<Group>& groups);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_ACCESS_DECISION_H_
