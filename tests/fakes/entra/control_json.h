// What the bodies of control requests say.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_CONTROL_JSON_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_CONTROL_JSON_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/entra/expected.h"
#include "tests/fakes/entra/faults.h"
#include "tests/fakes/entra/tenant.h"

namespace rollcall::entra {

// The members of a flat JSON object as text: numbers and booleans as they are
// written, null as the empty text. An empty body is an empty object.
using JsonMembers = absl::flat_hash_map<std::string, std::string>;
absl::StatusOr<JsonMembers> ParseMembers(const std::string& json);

// By the names that Graph gives them.
absl::StatusOr<UserFields> ParseUserFields(const std::string& json);
absl::StatusOr<Fault> ParseFault(const std::string& json);

// The answer to GET /expected; `full` adds every user.
std::string WriteExpected(const TenantState& state, const ExpectedView& view,
                          bool full);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_CONTROL_JSON_H_
