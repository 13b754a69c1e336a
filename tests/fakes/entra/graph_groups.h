// The resource /groups of Graph, with members and transitive members.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_GROUPS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_GROUPS_H_

#include <optional>

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

// `cast` is the last segment of the path, such as "microsoft.graph.user";
// empty means members of all kinds.
absl::StatusOr<GraphReply> ListMembers(const GraphContext& context,
                                       const GraphCall& call,
                                       absl::string_view id,
                                       absl::string_view cast);
absl::StatusOr<GraphReply> ListTransitiveMembers(const GraphContext& context,
                                                 const GraphCall& call,
                                                 absl::string_view id,
                                                 absl::string_view cast);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_GROUPS_H_
