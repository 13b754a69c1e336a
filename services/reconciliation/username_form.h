// Tells which of the two forms of a user principal name a username has, and
// when the username has to change to the other one (R31 to R33, R36, A3).
// Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USERNAME_FORM_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USERNAME_FORM_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace rollcall::reconciliation {

// The username that a user principal name gives: the whole of it (R31), or with
// normalization the part before the domain (R32); in lower case (R37).
std::string UsernameOf(absl::string_view user_principal_name,
                       bool normalization);

// Whether the username is one of the two.
bool IsUsernameOf(absl::string_view username,
                  absl::string_view user_principal_name);

// The new username, if normalization has been switched since the username was
// made; none if the username has to stay.
//
// A username changes only for the switch (R33), never because the source
// renamed the user (R36, A3). Both look alike from outside (the source wants
// another username than the target has), so the username's origin decides, not
// the present name in the source: it has been switched if, and only if, the
// username is exactly what the *other* form of `origin` gives. A username that
// is neither form (it was kept by a collision and renamed by nobody) stays.
absl::optional<std::string> UsernameAfterSwitch(absl::string_view username,
                                                absl::string_view origin,
                                                bool normalization);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USERNAME_FORM_H_
