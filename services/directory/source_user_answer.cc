#include "services/directory/source_user_answer.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "services/directory/completeness.h"
#include "services/directory/desired_state.h"
#include "services/directory/graph_page.h"
#include "services/directory/group_table.h"
#include "services/directory/mirror_rounds.h"
#include "services/directory/page_walk.h"
#include "services/directory/source_user_reader.h"
#include "services/directory/user_row.h"

namespace rollcall::directory {
namespace {

using store::StoredDirectory;
using store::StoredUser;

// What the tenant says of the selected groups at this moment.
struct SelectedGroups {
  std::vector<SourceId> ids;  // Ascending.
  absl::flat_hash_map<SourceId, SourceGroup> shown;
};

absl::StatusOr<SelectedGroups> ReadSelectedGroups(
    GraphSession& graph, const StoredDirectory& directory) {
  SelectedGroups selected;
  for (const std::string& bytes : directory.selected_groups()) {
    if (const auto id = SourceId::FromBytes(bytes)) selected.ids.push_back(*id);
  }
  std::sort(selected.ids.begin(), selected.ids.end());
  ASSIGN_OR_RETURN(Page<SourceGroup> page,
                   GetByIds(graph, "group", "id,displayName,visibility",
                            selected.ids, ParseGroupPage));
  for (SourceGroup& group : page.items) {
    if (group.is_limited()) continue;
    const SourceId id = group.id;
    selected.shown[id] = std::move(group);
  }
  return selected;
}

// The groups, selected or known to be nested, that hide who is in them.
std::vector<SourceId> HiddenGroups(const SelectedGroups& selected,
                                   const GroupTable& known) {
  std::vector<SourceId> hidden;
  for (const auto& [id, group] : selected.shown) {
    if (HidesMembers(group.visibility.value())) hidden.push_back(id);
  }
  for (const GroupRow& group : known.rows()) {
    if (HidesMembers(group.row.visibility()) && !group.row.missing()) {
      hidden.push_back(group.id);
    }
  }
  std::sort(hidden.begin(), hidden.end());
  hidden.erase(std::unique(hidden.begin(), hidden.end()), hidden.end());
  return hidden;
}

// A shortest way from a group down to one of `direct`; empty if none is known.
std::vector<SourceId> WayDown(const GroupTable& groups, const SourceId& from,
                              const std::vector<SourceId>& direct) {
  absl::flat_hash_map<SourceId, SourceId> came_from = {{from, from}};
  std::deque<SourceId> to_visit = {from};
  while (!to_visit.empty()) {
    const SourceId group = to_visit.front();
    to_visit.pop_front();
    if (std::binary_search(direct.begin(), direct.end(), group)) {
      std::vector<SourceId> way = {group};
      while (way.back() != from) way.push_back(came_from.at(way.back()));
      std::reverse(way.begin(), way.end());
      return way;
    }
    const store::StoredGroup* row = groups.Find(group);
    std::vector<SourceId> inner;
    if (row == nullptr || !AppendIds(row->inner_groups(), inner).ok()) continue;
    for (const SourceId& id : inner) {
      if (came_from.insert({id, group}).second) to_visit.push_back(id);
    }
  }
  return {};
}

// The groups that the user is a direct member of: as the tenant says now, or,
// if it does not, as the mirror has it.
absl::StatusOr<std::vector<SourceId>> DirectGroupsOf(
    const SourceUserReading& reading, const GroupTable& groups,
    const MirrorView* mirror) {
  if (!reading.direct_groups.empty() || mirror == nullptr) {
    return reading.direct_groups;
  }
  ASSIGN_OR_RETURN(const absl::optional<StoredUser> row,
                   mirror->rows().FindUser(reading.user.id));
  std::vector<SourceId> direct;
  if (!row.has_value()) return direct;
  for (const GroupRow& group : groups.rows()) {
    const auto& numbers = row->direct_groups();
    if (std::binary_search(numbers.begin(), numbers.end(),
                           group.row.number())) {
      direct.push_back(group.id);
    }
  }
  return direct;
}

// The way as far as it is known: the selected group first, the group whose
// direct member the user is last.
std::vector<SourceId> PathTo(const GroupTable& groups, const SourceId& selected,
                             const std::vector<SourceId>& direct) {
  std::vector<SourceId> way = WayDown(groups, selected, direct);
  if (!way.empty()) return way;
  way.push_back(selected);
  if (!direct.empty()) way.push_back(direct.front());
  return way;
}

void AddPaths(const GroupTable& groups, const SelectedGroups& selected,
              const std::vector<SourceId>& in,
              const std::vector<SourceId>& direct,
              v1::ReadSourceUserResponse& response) {
  for (const SourceId& id : in) {
    v1::MembershipPath& path = *response.add_paths();
    for (const SourceId& group : PathTo(groups, id, direct)) {
      v1::MembershipPath::Step& step = *path.add_groups();
      step.set_source_id(group.ToString());
      const auto shown = selected.shown.find(group);
      const store::StoredGroup* known = groups.Find(group);
      if (shown != selected.shown.end()) {
        step.set_display_name(shown->second.display_name.value());
      } else if (known != nullptr) {
        step.set_display_name(known->display_name());
      }
    }
  }
}

// Why absence from a selected group is not a fact.
void AddDoubts(const SelectedGroups& selected, const SourceUserReading& reading,
               v1::ReadSourceUserResponse& response) {
  for (const std::string& doubt : reading.doubts) {
    response.add_incomplete_reasons(doubt);
  }
  for (const SourceId& id : selected.ids) {
    if (selected.shown.contains(id)) continue;
    response.add_incomplete_reasons(absl::StrCat(
        "Selected group ", id.ToString(), " was not found in the tenant."));
  }
}

// Whether the mirror has the user in scope, or cannot know better: then a
// tenant that does not find it contradicts itself.
absl::StatusOr<bool> IsExpected(const SourceId& id, absl::string_view tenant_id,
                                const StoredDirectory& directory,
                                const MirrorView* mirror) {
  if (mirror == nullptr || mirror->header().tenant_id() != tenant_id ||
      !FollowsConfiguration(mirror->header().directory(), directory)) {
    return true;
  }
  ASSIGN_OR_RETURN(const absl::optional<StoredUser> row,
                   mirror->rows().FindUser(id));
  if (!row.has_value()) return !mirror->mirror().complete();
  return row->presence() != StoredUser::ABSENT;
}

absl::StatusOr<bool> Collides(const SourceId& id, const std::string& username,
                              const StoredDirectory& directory,
                              const MirrorView* mirror) {
  if (mirror == nullptr || username.empty() ||
      !directory.username_normalization_enabled() ||
      !mirror->header().directory().username_normalization_enabled()) {
    return false;
  }
  ASSIGN_OR_RETURN(const std::vector<SourceId> holders,
                   mirror->rows().UsersNamed(username));
  return std::any_of(holders.begin(), holders.end(),
                     [&id](const SourceId& holder) { return holder != id; });
}

}  // namespace

absl::StatusOr<v1::ReadSourceUserResponse> AnswerSourceUser(
    GraphSession& graph, const UserToRead& whom,
    const StoredDirectory& directory, const MirrorView* mirror) {
  GroupTable groups;
  if (mirror != nullptr) {
    ASSIGN_OR_RETURN(std::vector<GroupRow> rows, mirror->rows().Groups());
    groups = GroupTable(std::move(rows));
  }
  ASSIGN_OR_RETURN(const SelectedGroups selected,
                   ReadSelectedGroups(graph, directory));
  const SourceUserOptions options{
      .with_phones = directory.phone_import_enabled(),
      .candidates = selected.ids,
      .hidden = HiddenGroups(selected, groups),
      .is_expected = [&](const SourceId& id) {
        return IsExpected(id, graph.tenant_id(), directory, mirror);
      }};
  ASSIGN_OR_RETURN(
      const SourceUserReading reading,
      whom.id.has_value()
          ? ReadSourceUserById(graph, *whom.id, options)
          : ReadSourceUserByName(graph, whom.user_principal_name, options));

  v1::ReadSourceUserResponse response;
  response.set_found(reading.found);
  if (!reading.found) {
    for (const std::string& doubt : reading.doubts) {
      response.add_incomplete_reasons(doubt);
    }
    // Who does not exist is in no group.
    response.set_complete(reading.doubts.empty());
    return response;
  }
  std::vector<SourceId> in;
  std::set_intersection(selected.ids.begin(), selected.ids.end(),
                        reading.groups.begin(), reading.groups.end(),
                        std::back_inserter(in));
  StoredUser row = MapToRow(reading.user, directory);
  response.set_in_scope(!in.empty() && row.presence() == StoredUser::PRESENT);
  ASSIGN_OR_RETURN(
      const bool collides,
      Collides(reading.user.id, UsernameOf(row), directory, mirror));
  row.set_username_collides(collides);
  *response.mutable_user() = DesiredUserOf(reading.user.id, std::move(row));
  for (const SourceId& id : in) {
    response.mutable_user()->add_group_source_ids(id.ToString());
  }
  ASSIGN_OR_RETURN(const std::vector<SourceId> direct,
                   DirectGroupsOf(reading, groups, mirror));
  AddPaths(groups, selected, in, direct, response);
  AddDoubts(selected, reading, response);
  response.set_complete(response.incomplete_reasons().empty());
  return response;
}

}  // namespace rollcall::directory
