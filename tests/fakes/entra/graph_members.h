// The members of a group in Graph, direct and transitive.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_MEMBERS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_MEMBERS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/entra/graph_context.h"

namespace rollcall::entra {

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

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_MEMBERS_H_
