// The resource /groups of Graph.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_GROUPS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_GROUPS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/entra/graph_context.h"
#include "tests/fakes/entra/tenant_state.h"

namespace rollcall::entra {

absl::StatusOr<GraphReply> ListGroups(const GraphContext& context,
                                      const GraphCall& call);
absl::StatusOr<GraphReply> GetGroup(const GraphContext& context,
                                    const GraphCall& call,
                                    absl::string_view id);

// The live group with this id, unless a fault hides it.
absl::StatusOr<ObjectRef> NeedGroup(const GraphContext& context,
                                    const GraphCall& call,
                                    const TenantState& state,
                                    absl::string_view id);

// Whether a group looks empty for want of a permission.
bool IsHidden(const Group& group, const GraphCall& call);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_GROUPS_H_
