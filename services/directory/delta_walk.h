// Walks one delta round from a stored link to the next one (B6): OK means that
// every page arrived and that the last one gave a deltaLink. Anything else
// means that nothing of the round may be kept, the stored link included.
#ifndef ROLLCALL_SERVICES_DIRECTORY_DELTA_WALK_H_
#define ROLLCALL_SERVICES_DIRECTORY_DELTA_WALK_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "services/directory/delta_page.h"
#include "services/directory/graph_client.h"

namespace rollcall::directory {

struct DeltaLimits {
  // Changed objects and changed members together; beyond them a full read is
  // the cheaper way.
  size_t max_objects = 100'000;
  int max_pages = 10'000;
  // How often a round begins again because a page token expired.
  int max_restarts = 5;
};

// In arrival order: of several changes of one thing, the last one counts.
template <typename Change>
struct DeltaRound {
  std::vector<Change> changes;
  std::vector<SkippedObject> skipped;
  std::string delta_link;  // To be stored together with what was folded.
};

// How many groups one filtered link may follow.
inline constexpr size_t kGroupsPerDelta = 50;

// One round. Besides the errors of GraphSession:
//   ABORTED, reason GRAPH_RESYNC_REQUIRED: the link is good for nothing any
//   more (410, syncStateNotFound and the like, a 404 that stays, a stored link
//   that counts as expired): read everything again.
//   RESOURCE_EXHAUSTED, reason GRAPH_ROUND_TOO_LARGE: past `limits`.
//   DATA_LOSS, reasons GRAPH_PAGE_LOOP, GRAPH_PAGES_ENDLESS,
//   GRAPH_PAGES_EXPIRE, GRAPH_PAGE_MALFORMED, GRAPH_PAGE_TOO_LARGE: this round
//   failed; the next may not.
absl::StatusOr<DeltaRound<UserChange>> WalkUserDelta(
    GraphSession& graph, absl::string_view link,
    const DeltaLimits& limits = {});
absl::StatusOr<DeltaRound<GroupChange>> WalkGroupDelta(
    GraphSession& graph, absl::string_view link,
    const DeltaLimits& limits = {});

// What we ask about users, everywhere, and no more (R20):
// `id,userPrincipalName,...`.
std::string UserSelect(bool with_phones);

// A link that tells the changes from now on, without the state of now. Objects
// that come in spite of that are ignored: they are read later.
absl::StatusOr<std::string> LatestUserDelta(GraphSession& graph,
                                            bool with_phones);
// Of these groups with their members, at most kGroupsPerDelta, or of all groups
// if there are none. INVALID_ARGUMENT, reason GRAPH_FILTER_TOO_LONG.
absl::StatusOr<std::string> LatestGroupDelta(GraphSession& graph,
                                             absl::Span<const SourceId> ids);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_DELTA_WALK_H_
