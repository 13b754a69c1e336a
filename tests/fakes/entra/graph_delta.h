// The delta queries of users and groups: first everything, then what changed.
// A round ends at the moment it began; what changes meanwhile is in the next.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_DELTA_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_DELTA_H_

#include "absl/status/statusor.h"
#include "tests/fakes/entra/graph_context.h"

namespace rollcall::entra {

absl::StatusOr<GraphReply> UsersDelta(const GraphContext& context,
                                      const GraphCall& call);
absl::StatusOr<GraphReply> GroupsDelta(const GraphContext& context,
                                       const GraphCall& call);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_DELTA_H_
