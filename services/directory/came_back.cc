#include "services/directory/came_back.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/membership_questions.h"
#include "services/directory/round_digest.h"

namespace rollcall::directory {
namespace {

void Insert(const SourceId& id, std::vector<SourceId>& ids) {
  const auto place = std::lower_bound(ids.begin(), ids.end(), id);
  if (place == ids.end() || *place != id) ids.insert(place, id);
}

// Who is there in the end, ascending.
template <typename News>
std::vector<SourceId> Present(const absl::flat_hash_map<SourceId, News>& told) {
  std::vector<SourceId> ids;
  for (const auto& [id, news] : told) {
    if (!news.removed) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace

absl::Status AskWhoCameBack(GraphSession& graph, WorkCrew& crew,
                            const GroupTable& groups,
                            const std::vector<ChangeLink>& links, size_t most,
                            RoundAnswers& answers) {
  ASSIGN_OR_RETURN(const FollowedLinks since, FollowLinks(graph, crew, links));
  if (since.digest.users.size() + since.digest.groups.size() > most) {
    return ResourceExhausted(
        "GRAPH_ROUND_TOO_LARGE",
        "Too much changes while a round asks; a full read is cheaper.");
  }
  for (const auto& [id, news] : since.digest.users) {
    if (news.removed) {
      answers.users[id] = {.kind = UserAnswer::Kind::kAbsent};
    }
  }
  absl::flat_hash_map<SourceId, WholeGroup*> whole;
  for (WholeGroup& group : answers.groups) {
    if (!group.missing) whole[group.id] = &group;
  }
  const auto is_known = [&](const SourceId& id) {
    return whole.contains(id) || groups.Find(id) != nullptr;
  };
  ASSIGN_OR_RETURN(const DirectGroups users,
                   AskForDirectGroups(graph, crew, MemberKind::kUser,
                                      Present(since.digest.users), is_known));
  for (const auto& [user, outer] : users.groups) {
    for (const SourceId& id : outer) {
      const auto list = whole.find(id);
      if (list != whole.end()) {
        Insert(user, list->second->members.users);
      } else {
        Insert(id, answers.user_groups[user]);
      }
    }
  }
  std::vector<SourceId> inner_groups;
  for (const SourceId& id : Present(since.digest.groups)) {
    if (is_known(id)) inner_groups.push_back(id);
  }
  // No link tells of a group that is new in the mirror when it came back.
  for (const auto& [id, group] : whole) {
    if (groups.Find(id) == nullptr) Insert(id, inner_groups);
  }
  ASSIGN_OR_RETURN(const DirectGroups nested,
                   AskForDirectGroups(graph, crew, MemberKind::kGroup,
                                      inner_groups, is_known));
  for (const auto& [inner, outer] : nested.groups) {
    for (const SourceId& id : outer) {
      const auto list = whole.find(id);
      if (list != whole.end()) {
        Insert(inner, list->second->members.groups);
      } else {
        Insert(id, answers.outer_groups[inner]);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace rollcall::directory
