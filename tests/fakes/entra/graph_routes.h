// Which resource of Graph a path names.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_ROUTES_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_ROUTES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/entra/graph_context.h"

namespace rollcall::entra {

// The decoded segments of a path below /v1.0, where users('ada') becomes
// users/ada, and delta() and microsoft.graph.delta become delta.
std::vector<std::string> SplitGraphPath(absl::string_view path);

absl::StatusOr<GraphReply> Route(const GraphContext& context,
                                 const GraphCall& call);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_ROUTES_H_
