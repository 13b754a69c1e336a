// /directory/deletedItems of Graph: objects that wait to be restored.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_DELETED_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_DELETED_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/entra/graph_context.h"

namespace rollcall::entra {

// `cast` is microsoft.graph.user or microsoft.graph.group.
absl::StatusOr<GraphReply> ListDeletedItems(const GraphContext& context,
                                            const GraphCall& call,
                                            absl::string_view cast);
absl::StatusOr<GraphReply> GetDeletedItem(const GraphContext& context,
                                          const GraphCall& call,
                                          absl::string_view id);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_DELETED_H_
