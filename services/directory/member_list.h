// Reads the member list of one group, page by page, to its end.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MEMBER_LIST_H_
#define ROLLCALL_SERVICES_DIRECTORY_MEMBER_LIST_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "services/directory/graph_client.h"
#include "services/directory/source_id.h"
#include "services/directory/source_objects.h"

namespace rollcall::directory {

// A value. Each member once, ascending.
struct MemberList {
  std::vector<SourceId> users;
  std::vector<SourceId> groups;
  std::vector<SourceMember> others;  // Neither (R27).
  int64_t unreadable = 0;

  size_t size() const { return users.size() + groups.size() + others.size(); }
};

// OK only if the chain of pages is closed; otherwise `list` has what came.
// `on_page` is told how many members came. RESOURCE_EXHAUSTED, reason
// DIRECTORY_TOO_LARGE, past `max_members`.
absl::Status ReadMemberList(GraphSession& graph, const SourceId& group,
                            size_t max_members,
                            const std::function<void(int64_t)>& on_page,
                            MemberList& list);

// RESOURCE_EXHAUSTED, reason DIRECTORY_TOO_LARGE.
absl::Status DirectoryTooLarge(absl::string_view what, size_t limit);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MEMBER_LIST_H_
