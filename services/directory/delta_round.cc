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
  FollowedLinks followed{.digest = std::move(digest)};
  for (size_t i = 0; i < links.size(); ++i) {
    AddUsers(users[i].changes, users[i].skipped, followed.digest);
    users[i] = {};
    AddGroups(groups[i].changes, groups[i].skipped, followed.digest);
    groups[i] = {};
  }
  followed.links = std::move(links);
  return followed;
}

std::vector<ChangeLink> SliceGroups(const std::vector<SourceId>& groups) {
  std::vector<ChangeLink> links((groups.size() + kGroupsPerDelta - 1) /
                                kGroupsPerDelta);
  for (size_t i = 0; i < links.size(); ++i) {
    const auto begin = groups.begin() + i * kGroupsPerDelta;
    const auto end =
        groups.begin() + std::min(groups.size(), (i + 1) * kGroupsPerDelta);
    links[i].groups.assign(begin, end);
  }
  return links;
}

absl::StatusOr<std::vector<ChangeLink>> TakeGroupLinks(
    GraphSession& graph, WorkCrew& crew, const std::vector<SourceId>& groups) {
  std::vector<ChangeLink> links = SliceGroups(groups);
  for (ChangeLink& link : links) {
    crew.Add([&graph, &link]() -> absl::Status {
      ASSIGN_OR_RETURN(link.link, LatestGroupDelta(graph, link.groups));
      return absl::OkStatus();
    });
  }
  RETURN_IF_ERROR(crew.Wait([] {}));
  return links;
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
