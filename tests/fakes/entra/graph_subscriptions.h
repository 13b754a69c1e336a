// The resource /subscriptions.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_SUBSCRIPTIONS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_SUBSCRIPTIONS_H_

#include "absl/status/statusor.h"
#include "tests/fakes/entra/graph_context.h"

namespace rollcall::entra {

// Every method and every path below it.
absl::StatusOr<GraphReply> RouteSubscriptions(const GraphContext& context,
                                              const GraphCall& call);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_SUBSCRIPTIONS_H_
