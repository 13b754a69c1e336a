// Objects as Graph shows them: as JSON, and as values for filters.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_RENDER_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_RENDER_H_

#include "absl/strings/string_view.h"
#include "tests/fakes/entra/filter.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/objects.h"
#include "tests/fakes/entra/properties.h"
#include "tests/fakes/entra/tenant_state.h"

namespace rollcall::entra {

// What to do with properties that are null.
enum class Nulls { kWrite, kOmit };

// Write the properties into an object that is open.
void WriteUser(const User& user, PropertySet properties, Nulls nulls,
               JsonWriter& json);
void WriteGroup(const TenantState& state, const Group& group,
                PropertySet properties, Nulls nulls, JsonWriter& json);

FilterValue ReadUser(const User& user, int property);
FilterValue ReadGroup(const TenantState& state, const Group& group,
                      int property);

// Of a user or group.
FilterValue ReadObject(const TenantState& state, ObjectRef ref, int property);

// "#microsoft.graph.user" and so on.
absl::string_view ODataType(ObjectKind kind);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_RENDER_H_
