// The resources of Graph that cross kinds of objects: getByIds, the groups a
// user belongs to, and deleted items.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_OBJECTS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_OBJECTS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/entra/graph_context.h"

namespace rollcall::entra {

absl::StatusOr<GraphReply> GetByIds(const GraphContext& context,
                                    const GraphCall& call);

// `user` is an id or a UPN.
absl::StatusOr<GraphReply> ListTransitiveMemberOf(const GraphContext& context,
                                                  const GraphCall& call,
                                                  absl::string_view user,
                                                  absl::string_view cast);
absl::StatusOr<GraphReply> CheckMemberGroups(const GraphContext& context,
                                             const GraphCall& call,
                                             absl::string_view user);
absl::StatusOr<GraphReply> GetMemberGroups(const GraphContext& context,
                                           const GraphCall& call,
                                           absl::string_view user);

// `cast` is microsoft.graph.user or microsoft.graph.group.
absl::StatusOr<GraphReply> ListDeletedItems(const GraphContext& context,
                                            const GraphCall& call,
                                            absl::string_view cast);
absl::StatusOr<GraphReply> GetDeletedItem(const GraphContext& context,
                                          const GraphCall& call,
                                          absl::string_view id);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_OBJECTS_H_
