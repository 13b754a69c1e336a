// The groups that a user or a group belongs to.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_MEMBERSHIP_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_MEMBERSHIP_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/entra/graph_context.h"

namespace rollcall::entra {

// Whose groups: a user, by id or UPN, or a group, by id.
struct Member {
  ObjectKind kind = ObjectKind::kUser;
  absl::string_view name;
};

// `cast` is the last segment of the path, such as "microsoft.graph.group";
// empty means directory roles, too.
absl::StatusOr<GraphReply> ListMemberOf(const GraphContext& context,
                                        const GraphCall& call,
                                        const Member& member,
                                        absl::string_view cast);
absl::StatusOr<GraphReply> ListTransitiveMemberOf(const GraphContext& context,
                                                  const GraphCall& call,
                                                  const Member& member,
                                                  absl::string_view cast);
absl::StatusOr<GraphReply> CheckMemberGroups(const GraphContext& context,
                                             const GraphCall& call,
                                             const Member& member);
absl::StatusOr<GraphReply> GetMemberGroups(const GraphContext& context,
                                           const GraphCall& call,
                                           const Member& member);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_MEMBERSHIP_H_
