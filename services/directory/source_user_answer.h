// Tells of one user what a stream would tell, and more: whether it is in scope,
// along which groups, and whether that is proved (R71 to R81, B3, B4).
#ifndef ROLLCALL_SERVICES_DIRECTORY_SOURCE_USER_ANSWER_H_
#define ROLLCALL_SERVICES_DIRECTORY_SOURCE_USER_ANSWER_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/directory/graph_client.h"
#include "services/directory/mirror_view.h"
#include "services/directory/source_id.h"
#include "services/directory/source_objects.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// Whom to read: one of the two.
struct UserToRead {
  std::string user_principal_name;
  absl::optional<SourceId> id;
};

// Asks the tenant a handful of questions, whatever its size. `mirror`, which
// may be null, knows the ways between groups; that a user is in a group or not
// is told by the tenant alone. Everything but directory, tenant and times is
// filled in.
absl::StatusOr<v1::ReadSourceUserResponse> AnswerSourceUser(
    GraphSession& graph, const UserToRead& whom,
    const store::StoredDirectory& directory, const MirrorView* mirror);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_SOURCE_USER_ANSWER_H_
