// The names under which the source knows a user and which his username does not
// tell: the desk has given him another one (B10), or the source has renamed him
// since (A3). Only these are indexed, so that hardly any user has a row more,
// and a single sync finds who was deleted by them (R77).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PRINCIPAL_NAMES_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PRINCIPAL_NAMES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "services/reconciliation/identity_reader.h"
#include "services/reconciliation/model.h"

namespace rollcall::reconciliation {

// The keys of the user's entries in `users_by_upn`.
std::vector<std::string> PrincipalNameKeys(const User& user);

// Whom the directory claims under a user principal name, the one that it has
// now or the one that the username was made from, in any case; rather not
// somebody in the trash.
absl::StatusOr<absl::optional<UserRecord>> FindUserByPrincipalName(
    const rollcall::store::Reader& reader, const std::string& account,
    const std::string& directory, absl::string_view user_principal_name);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PRINCIPAL_NAMES_H_
