// Searches a tenant's groups by text (R16).
#ifndef ROLLCALL_SERVICES_DIRECTORY_GROUP_SEARCH_H_
#define ROLLCALL_SERVICES_DIRECTORY_GROUP_SEARCH_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/directory/graph_client.h"
#include "services/directory/source_objects.h"

namespace rollcall::directory {

inline constexpr size_t kMaxFoundGroups = 100;  // R16.

struct FoundGroups {
  std::vector<SourceGroup> groups;  // By name, then by id.
  bool truncated = false;
};

// Groups with a word in their name that begins with each word of `text`; all
// groups if it is empty. INVALID_ARGUMENT, reason QUERY_INVALID.
absl::StatusOr<FoundGroups> SearchGroups(GraphSession& graph,
                                         absl::string_view text);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GROUP_SEARCH_H_
