#include "services/directory/delta_round.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "absl/strings/string_view.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/delta_walk.h"

namespace rollcall::directory {
namespace {

size_t Parts(size_t groups) {
  return (groups + kGroupsPerDelta - 1) / kGroupsPerDelta;
}

void LeaveOut(const absl::flat_hash_set<SourceId>& ids,
              DeltaRound<GroupChange>& round) {
  round.changes.erase(std::remove_if(round.changes.begin(), round.changes.end(),
                                     [&ids](const GroupChange& change) {
                                       return ids.contains(change.group.id);
                                     }),
                      round.changes.end());
  round.skipped.erase(std::remove_if(round.skipped.begin(), round.skipped.end(),
                                     [&ids](const SkippedObject& object) {
                                       return object.id.has_value() &&
                                              ids.contains(*object.id);
                                     }),
                      round.skipped.end());
}

}  // namespace

absl::StatusOr<FollowedLinks> FollowLinks(GraphSession& graph, WorkCrew& crew,
                                          std::vector<ChangeLink> links,
                                          RoundDigest digest) {
  // A task writes to its own place only.
  std::vector<DeltaRound<UserChange>> users(links.size());
  std::vector<DeltaRound<GroupChange>> groups(links.size());
  for (size_t i = 0; i < links.size(); ++i) {
    crew.Add([&graph, &links, &users, &groups, i]() -> absl::Status {
      if (links[i].users) {
        ASSIGN_OR_RETURN(users[i], WalkUserDelta(graph, links[i].link));
        links[i].link = std::move(users[i].delta_link);
      } else {
        ASSIGN_OR_RETURN(groups[i], WalkGroupDelta(graph, links[i].link));
        links[i].link = std::move(groups[i].delta_link);
      }
      return absl::OkStatus();
    });
  }
  RETURN_IF_ERROR(crew.Wait([] {}));
  const absl::flat_hash_set<SourceId> often = FollowedGroups(links);
  FollowedLinks followed{.digest = std::move(digest)};
  for (size_t i = 0; i < links.size(); ++i) {
    AddUsers(users[i].changes, users[i].skipped, followed.digest);
    users[i] = {};
    if (links[i].seldom) LeaveOut(often, groups[i]);
    AddGroups(groups[i].changes, groups[i].skipped, followed.digest);
    groups[i] = {};
  }
  followed.links = std::move(links);
  return followed;
}

std::vector<ChangeLink> SliceGroups(std::vector<SourceId> groups,
                                    const std::vector<SourceId>& deleted) {
  const size_t often = Parts(groups.size());
  groups.insert(groups.end(), deleted.begin(), deleted.end());
  std::vector<ChangeLink> links(Parts(groups.size()));
  for (size_t i = 0; i < links.size(); ++i) {
    const auto begin = groups.begin() + i * kGroupsPerDelta;
    const auto end =
        groups.begin() + std::min(groups.size(), (i + 1) * kGroupsPerDelta);
    links[i].groups.assign(begin, end);
    links[i].seldom = i >= often;
  }
  return links;
}

absl::StatusOr<std::vector<ChangeLink>> TakeGroupLinks(
    GraphSession& graph, WorkCrew& crew, std::vector<SourceId> groups,
    const std::vector<SourceId>& deleted) {
  std::vector<ChangeLink> links = SliceGroups(std::move(groups), deleted);
  for (ChangeLink& link : links) {
    crew.Add([&graph, &link]() -> absl::Status {
      ASSIGN_OR_RETURN(link.link, LatestGroupDelta(graph, link.groups));
      return absl::OkStatus();
    });
  }
  RETURN_IF_ERROR(crew.Wait([] {}));
  return links;
}

absl::flat_hash_set<SourceId> FollowedGroups(
    const std::vector<ChangeLink>& links) {
  absl::flat_hash_set<SourceId> ids;
  for (const ChangeLink& link : links) {
    if (!link.seldom) ids.insert(link.groups.begin(), link.groups.end());
  }
  return ids;
}

bool CallsForFullRead(const absl::Status& status) {
  static constexpr absl::string_view kReasons[] = {
      "GRAPH_RESYNC_REQUIRED", "GRAPH_ROUND_TOO_LARGE", "SEAL_BROKEN",
      "SEAL_KEY_UNKNOWN"};
  const std::string reason = ReasonOf(status);
  return std::find(std::begin(kReasons), std::end(kReasons), reason) !=
         std::end(kReasons);
}

}  // namespace rollcall::directory
