#include "services/directory/group_fold.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>

#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/read_store.h"
#include "services/directory/source_objects.h"

namespace rollcall::directory {
namespace {

using store::StoredGroup;

std::string JoinIds(const std::vector<SourceId>& ids) {
  std::string bytes;
  bytes.reserve(ids.size() * SourceId::kSize);
  for (const SourceId& id : ids) bytes += id.Bytes();
  return bytes;
}

void Describe(const SourceGroup& told, StoredGroup& row) {
  if (!told.display_name.is_absent()) {
    row.set_display_name(told.display_name.value());
  }
  if (!told.description.is_absent()) {
    row.set_description(told.description.value());
  }
  if (!told.visibility.is_absent()) {
    row.set_visibility(told.visibility.value());
  }
}

}  // namespace

absl::StatusOr<FoldedGroups> GroupFold::Fold(const RoundDigest& digest,
                                             const RoundAnswers& answers) {
  absl::flat_hash_set<SourceId> whole;
  for (const WholeGroup& group : answers.groups) {
    whole.insert(group.id);
    if (folded_.table.Find(group.id) != nullptr) continue;
    const uint32_t number = folded_.next_number++;
    folded_.table.Add(group.id, number);
    folded_.new_groups.insert(number);
  }
  for (const WholeGroup& group : answers.groups) {
    RETURN_IF_ERROR(FoldWhole(group));
  }
  for (const auto& [id, news] : digest.groups) {
    StoredGroup* row = folded_.table.FindMutable(id);
    if (row == nullptr || whole.contains(id)) continue;
    RETURN_IF_ERROR(FoldNews(news, *row));
  }
  RETURN_IF_ERROR(FoldAppearances(answers));
  return std::move(folded_);
}

// It is what was read; what it was before does not matter.
absl::Status GroupFold::FoldWhole(const WholeGroup& group) {
  StoredGroup& row = *folded_.table.FindMutable(group.id);
  const uint32_t number = row.number();
  row.set_missing(group.missing);
  row.set_cut(false);
  row.clear_error();
  row.set_inner_groups(JoinIds(group.members.groups));
  row.set_members(static_cast<int64_t>(group.members.size()));
  row.set_unreadable(group.members.unreadable);
  // A vanished group keeps the name that it had.
  if (!group.missing) {
    row.set_described(group.described);
    row.set_skip_reason(group.skip_reason);
    Describe(group.description, row);
  }
  if (folded_.new_groups.contains(number)) {
    AppendMembers(rows_.place(), group.id, group.members.users, batch_);
    for (const SourceId& user : group.members.users) {
      folded_.memberships[user].push_back({number, true});
    }
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<SourceId> known, rows_.Members(group.id));
  std::vector<SourceId> different;
  std::set_symmetric_difference(
      known.begin(), known.end(), group.members.users.begin(),
      group.members.users.end(), std::back_inserter(different));
  for (const SourceId& user : different) {
    const bool is_member = std::binary_search(group.members.users.begin(),
                                              group.members.users.end(), user);
    folded_.memberships[user].push_back({number, is_member});
  }
  // Counted above already.
  folded_.member_delta[number] -=
      static_cast<int64_t>(group.members.users.size()) -
      static_cast<int64_t>(known.size());
  return absl::OkStatus();
}

absl::Status GroupFold::FoldNews(const GroupNews& news, StoredGroup& row) {
  Describe(news.group, row);
  if (news.group.display_name.has_value()) {
    row.set_described(true);
    row.clear_skip_reason();
  }
  for (const auto& [user, came] : news.users) {
    folded_.memberships[user].push_back({row.number(), came});
  }
  if (news.groups.empty()) return absl::OkStatus();
  std::vector<SourceId> ids;
  RETURN_IF_ERROR(AppendIds(row.inner_groups(), ids));
  std::set<SourceId> inner(ids.begin(), ids.end());
  for (const auto& [id, came] : news.groups) {
    // Every group that came is known by now.
    if (came && folded_.table.Find(id) == nullptr) {
      return Internal("FOLD_WITHOUT_ANSWER", "A nested group was not read.");
    }
    const bool moved = came ? inner.insert(id).second : inner.erase(id) > 0;
    if (moved) row.set_members(row.members() + (came ? 1 : -1));
  }
  row.set_inner_groups(
      JoinIds(std::vector<SourceId>(inner.begin(), inner.end())));
  return absl::OkStatus();
}

absl::Status GroupFold::FoldAppearances(const RoundAnswers& answers) {
  for (const auto& [inner, outer] : answers.outer_groups) {
    if (folded_.table.Find(inner) == nullptr) continue;
    for (const SourceId& id : outer) {
      StoredGroup* row = folded_.table.FindMutable(id);
      if (row == nullptr) continue;
      std::vector<SourceId> ids;
      RETURN_IF_ERROR(AppendIds(row->inner_groups(), ids));
      const auto place = std::lower_bound(ids.begin(), ids.end(), inner);
      if (place != ids.end() && *place == inner) continue;
      ids.insert(place, inner);
      row->set_inner_groups(JoinIds(ids));
      row->set_members(row->members() + 1);
    }
  }
  for (const auto& [user, groups] : answers.user_groups) {
    for (const SourceId& id : groups) {
      const StoredGroup* row = folded_.table.Find(id);
      // A list that was read just now has everybody.
      if (row == nullptr || folded_.new_groups.contains(row->number()))
        continue;
      folded_.memberships[user].push_back({row->number(), true});
    }
  }
  return absl::OkStatus();
}

}  // namespace rollcall::directory
