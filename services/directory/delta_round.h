// Follows all links of a directory at once, to the end of the round.
#ifndef ROLLCALL_SERVICES_DIRECTORY_DELTA_ROUND_H_
#define ROLLCALL_SERVICES_DIRECTORY_DELTA_ROUND_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
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
  // Of nothing but deleted groups, of whom all that matters is that they come
  // back: it need not be followed each time.
  bool seldom = false;
};

struct FollowedLinks {
  RoundDigest digest;
  std::vector<ChangeLink> links;  // The same, and where to go on.
};

// All or nothing: a link that fails fails the round, with its error (see
// delta_walk.h). Adds to `digest`, which is what the links told before. Of a
// group that came back and has a link for every round now, that one alone
// counts.
absl::StatusOr<FollowedLinks> FollowLinks(GraphSession& graph, WorkCrew& crew,
                                          std::vector<ChangeLink> links,
                                          RoundDigest digest = {});

// Groups in parts of kGroupsPerDelta, their links to be taken yet. Deleted ones
// take the places that are left, which cost nothing; the rest of them has links
// of its own, to be followed seldom.
std::vector<ChangeLink> SliceGroups(std::vector<SourceId> groups,
                                    const std::vector<SourceId>& deleted);

// Fresh links of groups, sliced.
absl::StatusOr<std::vector<ChangeLink>> TakeGroupLinks(
    GraphSession& graph, WorkCrew& crew, std::vector<SourceId> groups,
    const std::vector<SourceId>& deleted);

// The groups that are followed with every round.
absl::flat_hash_set<SourceId> FollowedGroups(
    const std::vector<ChangeLink>& links);

// Whether an error of a round means that its links are good for nothing, or
// that reading everything is cheaper: GRAPH_RESYNC_REQUIRED,
// GRAPH_ROUND_TOO_LARGE, SEAL_BROKEN, SEAL_KEY_UNKNOWN.
bool CallsForFullRead(const absl::Status& status);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_DELTA_ROUND_H_
