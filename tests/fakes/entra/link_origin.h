// Where the links of an answer lead: to the emulator, or, by a fault, to
// somebody who would like to have the token of whoever follows them.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_LINK_ORIGIN_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_LINK_ORIGIN_H_

#include <string>

#include "absl/strings/string_view.h"
#include "tests/fakes/entra/faults.h"

namespace rollcall::entra {

// What comes before /v1.0/ in a link; `origin` unless the fault kForeignLink
// strikes at `target`. Then it is the `name` of the fault, or in turn each of
// the deceptions in section 5.1 of the protocol specification.
std::string LinkOrigin(Faults& faults, absl::string_view origin,
                       absl::string_view target);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_LINK_ORIGIN_H_
