// Finds out who came back while lists of members were read. Whoever is deleted
// before a list is read, and restored after it, is missing from it, and Graph
// never tells so: it only tells that they are back. Taking them for gone would
// remove somebody without proof (R30).
#ifndef ROLLCALL_SERVICES_DIRECTORY_CAME_BACK_H_
#define ROLLCALL_SERVICES_DIRECTORY_CAME_BACK_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "services/directory/delta_round.h"
#include "services/directory/graph_client.h"
#include "services/directory/group_table.h"
#include "services/directory/round_answers.h"
#include "services/directory/work_crew.h"

namespace rollcall::directory {

// Follows `links`, which end before anything of `answers` was read, and asks
// for the memberships of everybody they tell of: into the lists of `answers`,
// or else into user_groups and outer_groups. Users who are gone by now are
// answered to be absent: nobody takes them for present when they come back.
// RESOURCE_EXHAUSTED, reason GRAPH_ROUND_TOO_LARGE, if they tell of more than
// `most`.
absl::Status AskWhoCameBack(GraphSession& graph, WorkCrew& crew,
                            const GroupTable& groups,
                            const std::vector<ChangeLink>& links, size_t most,
                            RoundAnswers& answers);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_CAME_BACK_H_
