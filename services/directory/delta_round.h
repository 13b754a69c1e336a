// Follows all links of a directory at once, to the end of the round.
#ifndef ROLLCALL_SERVICES_DIRECTORY_DELTA_ROUND_H_
#define ROLLCALL_SERVICES_DIRECTORY_DELTA_ROUND_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/directory/graph_client.h"
#include "services/directory/round_digest.h"
#include "services/directory/source_id.h"
#include "services/directory/work_crew.h"

namespace rollcall::directory {

// One change log of the tenant.
struct ChangeLink {
  bool users = false;
  std::vector<SourceId> groups;  // Of a link of groups; none: all of them.
  std::string link;
};

struct FollowedLinks {
  RoundDigest digest;
  std::vector<ChangeLink> links;  // The same, and where to go on.
};

// All or nothing: a link that fails fails the round, with its error (see
// delta_walk.h). Adds to `digest`, which is what the links told before.
absl::StatusOr<FollowedLinks> FollowLinks(GraphSession& graph, WorkCrew& crew,
                                          std::vector<ChangeLink> links,
                                          RoundDigest digest = {});

// Groups in parts of kGroupsPerDelta, their links to be taken yet.
std::vector<ChangeLink> SliceGroups(const std::vector<SourceId>& groups);

// Fresh links of groups, sliced.
absl::StatusOr<std::vector<ChangeLink>> TakeGroupLinks(
    GraphSession& graph, WorkCrew& crew, const std::vector<SourceId>& groups);

// Whether an error of a round means that its links are good for nothing, or
// that reading everything is cheaper: GRAPH_RESYNC_REQUIRED,
// GRAPH_ROUND_TOO_LARGE, SEAL_BROKEN, SEAL_KEY_UNKNOWN.
bool CallsForFullRead(const absl::Status& status);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_DELTA_ROUND_H_
