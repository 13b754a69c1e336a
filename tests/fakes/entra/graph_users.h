// The resources /users and /organization of Graph.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_USERS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_USERS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/entra/graph_context.h"

namespace rollcall::entra {

absl::StatusOr<GraphReply> GetOrganization(const GraphContext& context,
                                           const GraphCall& call);
absl::StatusOr<GraphReply> ListUsers(const GraphContext& context,
                                     const GraphCall& call);
// `user` is an id or a UPN.
absl::StatusOr<GraphReply> GetUser(const GraphContext& context,
                                   const GraphCall& call,
                                   absl::string_view user);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_USERS_H_
