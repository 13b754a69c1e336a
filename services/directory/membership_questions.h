// Asks the tenant which groups somebody is a direct member of: twenty users or
// groups in one request. For those who appear from nowhere: Graph says that a
// deleted user or group is restored, and nothing of the groups that have had it
// all the time.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MEMBERSHIP_QUESTIONS_H_
#define ROLLCALL_SERVICES_DIRECTORY_MEMBERSHIP_QUESTIONS_H_

#include <cstddef>
#include <functional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "services/directory/graph_client.h"
#include "services/directory/source_id.h"
#include "services/directory/source_objects.h"
#include "services/directory/work_crew.h"

namespace rollcall::directory {

struct DirectGroups {
  // Ascending; who is in none is left out.
  absl::flat_hash_map<SourceId, std::vector<SourceId>> groups;
  std::vector<SourceId> absent;  // Who is not there (404).
};

// Of users or of groups, only groups that matter. A group that is not told
// proves nothing (R30): it may hide its members. ABORTED, reason
// GRAPH_RESYNC_REQUIRED, if the application may not ask; otherwise the errors
// of GraphSession and of the pages.
absl::StatusOr<DirectGroups> AskForDirectGroups(
    GraphSession& graph, WorkCrew& crew, MemberKind kind,
    const std::vector<SourceId>& who,
    const std::function<bool(const SourceId&)>& matters);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MEMBERSHIP_QUESTIONS_H_
