// The groups that are deleted and may be restored. While they are, nobody tells
// that they belong to what is read; so their change logs are followed too.
#ifndef ROLLCALL_SERVICES_DIRECTORY_DELETED_GROUPS_H_
#define ROLLCALL_SERVICES_DIRECTORY_DELETED_GROUPS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "services/directory/graph_client.h"
#include "services/directory/source_id.h"

namespace rollcall::directory {

// More are not followed: every 50 of them cost a request a round. Of the rest,
// the audit finds those that are back.
inline constexpr size_t kMaxDeletedGroups = 500;

// Ascending, at most kMaxDeletedGroups; none if the application may not ask.
absl::StatusOr<std::vector<SourceId>> ListDeletedGroups(GraphSession& graph);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_DELETED_GROUPS_H_
