// directoryObjects of Graph: objects of any kind by their ids.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_OBJECTS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_OBJECTS_H_

#include "absl/status/statusor.h"
#include "tests/fakes/entra/graph_context.h"

namespace rollcall::entra {

absl::StatusOr<GraphReply> GetByIds(const GraphContext& context,
                                    const GraphCall& call);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_OBJECTS_H_
