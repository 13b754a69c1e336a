// The groups that are deleted and may be restored. While they are, nobody tells
// that they belong to what is read; so their change logs are followed too.
#ifndef ROLLCALL_SERVICES_DIRECTORY_DELETED_GROUPS_H_
#define ROLLCALL_SERVICES_DIRECTORY_DELETED_GROUPS_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "services/directory/graph_client.h"
#include "services/directory/source_id.h"

namespace rollcall::directory {

// Ascending, at most so many; none if the application may not ask.
absl::StatusOr<std::vector<SourceId>> ListDeletedGroups(GraphSession& graph,
                                                        size_t most);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_DELETED_GROUPS_H_
