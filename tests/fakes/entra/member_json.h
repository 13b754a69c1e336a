// Objects of any kind in one list: members of groups, and getByIds.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_MEMBER_JSON_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_MEMBER_JSON_H_

#include "absl/status/statusor.h"
#include "tests/fakes/entra/graph_context.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/properties.h"
#include "tests/fakes/entra/tenant_state.h"

namespace rollcall::entra {

// What is shown of each kind.
struct MemberProperties {
  PropertySet user = 0;
  PropertySet group = 0;
  bool other_id = true;
  bool other_name = true;

  static absl::StatusOr<MemberProperties> Parse(const QueryOptions& options);
};

// With @odata.type if `typed`. Of a kind that the token may not read, only
// the id is shown, and everything else is null.
void WriteMember(const TenantState& state, ObjectRef member,
                 const MemberProperties& properties,
                 const Permissions& permissions, bool typed, JsonWriter& json);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_MEMBER_JSON_H_
