#include "services/directory/mirror_fold.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/directory/mirror_keys.h"
#include "services/directory/mirror_verdict.h"
#include "services/directory/user_row.h"

namespace rollcall::directory {
namespace {

using ::rollcall::store::Parse;
using ::rollcall::store::Serialize;
using store::StoredGroup;
using store::StoredMemberChange;
using store::StoredMirror;
using store::StoredUser;

// What a stream tells of a user, its groups left out.
std::string Shown(StoredUser row) {
  row.clear_direct_groups();
  return Serialize(row);
}

// What was told of a group; the rest follows from others.
std::string WithoutCounts(StoredGroup row) {
  row.clear_member_count();
  row.clear_members();
  return Serialize(row);
}

}  // namespace

absl::StatusOr<FoldResult> MirrorFold::Fold(const RoundDigest& digest,
                                            const RoundAnswers& answers,
                                            StoredMirror mirror) {
  result_.mirror = std::move(mirror);
  ASSIGN_OR_RETURN(scope_before_, ScopeView::Of(before_));
  ASSIGN_OR_RETURN(
      groups_,
      GroupFold(rows_, before_, result_.mirror.next_group_number(), batch_)
          .Fold(digest, answers));
  result_.mirror.set_next_group_number(groups_.next_number);
  result_.mirror.set_group_count(
      static_cast<int64_t>(groups_.table.rows().size()));
  ASSIGN_OR_RETURN(scope_after_, ScopeView::Of(groups_.table));
  count_delta_.assign(scope_after_->selected().size(), 0);
  for (const GroupRow& group : groups_.table.rows()) {
    group_ids_[group.row.number()] = group.id;
  }
  RETURN_IF_ERROR(FoldUsers(digest, answers));
  RETURN_IF_ERROR(FoldNestings());
  RETURN_IF_ERROR(SettleCollisions());
  RETURN_IF_ERROR(WriteRows());
  result_.mirror.set_unknown_changes(result_.mirror.unknown_changes() +
                                     static_cast<int64_t>(digest.nameless));
  JudgeMirror(groups_.table, *scope_after_, result_.mirror);
  result_.changed.assign(changed_.begin(), changed_.end());
  std::sort(result_.changed.begin(), result_.changed.end());
  return std::move(result_);
}

absl::Status MirrorFold::FoldUsers(const RoundDigest& digest,
                                   const RoundAnswers& answers) {
  std::vector<SourceId> ids;
  for (const auto& [id, memberships] : groups_.memberships) ids.push_back(id);
  for (const auto& [id, news] : digest.users) ids.push_back(id);
  for (const auto& [id, answer] : answers.users) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  for (const SourceId& id : ids) {
    ASSIGN_OR_RETURN(const absl::optional<StoredUser> base, rows_.FindUser(id));
    // Of no group of ours, now as before.
    if (!base.has_value() && !groups_.memberships.contains(id)) continue;
    ASSIGN_OR_RETURN(absl::optional<StoredUser> row,
                     NextRow(id, base, digest, answers));
    RETURN_IF_ERROR(Touch(id, base, std::move(row)));
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::optional<StoredUser>> MirrorFold::NextRow(
    const SourceId& id, const absl::optional<StoredUser>& base,
    const RoundDigest& digest, const RoundAnswers& answers) {
  const auto memberships = groups_.memberships.find(id);
  const bool comes =
      memberships != groups_.memberships.end() &&
      std::any_of(memberships->second.begin(), memberships->second.end(),
                  [](const auto& membership) { return membership.second; });
  if (!base.has_value() && !comes) return absl::optional<StoredUser>();

  StoredUser row;
  const auto answer = answers.users.find(id);
  const auto news = digest.users.find(id);
  if (answer != answers.users.end()) {
    row = answer->second.kind == UserAnswer::Kind::kShown
              ? MapToRow(answer->second.user, options_)
          : answer->second.kind == UserAnswer::Kind::kUnreadable
              ? SkippedRow(answer->second.reason)
              : AbsentRow();
  } else if (news != digest.users.end() && news->second.removed) {
    row = AbsentRow();
  } else if (news != digest.users.end()) {
    // Of somebody who was not there, the news are everything.
    const bool is_known = base.has_value() &&
                          base->presence() != StoredUser::ABSENT &&
                          base->presence() != StoredUser::UNREAD;
    if (!is_known && !IsWhole(news->second)) {
      return Internal("FOLD_WITHOUT_ANSWER", "A user was not read.");
    }
    SourceUser known;
    if (is_known) known = SourceOf(id, *base);
    row = MapToRow(Merge(std::move(known), news->second.user), options_);
  } else if (base.has_value()) {
    row = *base;
    row.clear_direct_groups();
  } else {
    return Internal("FOLD_WITHOUT_ANSWER", "A member was not read.");
  }
  if (base.has_value()) {
    *row.mutable_direct_groups() = base->direct_groups();
    row.set_username_collides(base->username_collides());
  }
  FoldMemberships(id, row);
  // Who is in no group any more is nobody's concern here.
  if (row.direct_groups().empty()) return absl::optional<StoredUser>();
  return absl::make_optional(std::move(row));
}

void MirrorFold::FoldMemberships(const SourceId& id, StoredUser& row) {
  const auto found = groups_.memberships.find(id);
  if (found == groups_.memberships.end()) return;
  std::set<uint32_t> numbers(row.direct_groups().begin(),
                             row.direct_groups().end());
  for (const auto& [number, is_member] : found->second) {
    const bool moved =
        is_member ? numbers.insert(number).second : numbers.erase(number) > 0;
    if (!moved) continue;
    if (groups_.new_groups.contains(number))
      continue;  // Its list is new anyway.
    groups_.member_delta[number] += is_member ? 1 : -1;
    StoredMemberChange change;
    change.set_removed(!is_member);
    batch_.Put(
        mirror_keys::MemberChange(rows_.place(), group_ids_.at(number), id),
        Serialize(change));
  }
  row.clear_direct_groups();
  for (const uint32_t number : numbers) row.add_direct_groups(number);
}

absl::Status MirrorFold::FoldNestings() {
  for (const GroupRow& group : before_.rows()) {
    const uint32_t number = group.row.number();
    if (scope_before_->GroupsAbove(number) ==
        scope_after_->GroupsAbove(number)) {
      continue;
    }
    ASSIGN_OR_RETURN(const std::vector<SourceId> members,
                     rows_.Members(group.id));
    for (const SourceId& id : members) {
      if (touched_.contains(id)) continue;
      ASSIGN_OR_RETURN(absl::optional<StoredUser> row, rows_.FindUser(id));
      if (!row.has_value()) return MirrorDamaged("a member without a row");
      absl::optional<StoredUser> same = row;
      RETURN_IF_ERROR(Touch(id, row, std::move(same)));
    }
  }
  return absl::OkStatus();
}

absl::Status MirrorFold::Touch(const SourceId& id,
                               const absl::optional<StoredUser>& base,
                               absl::optional<StoredUser> row) {
  if (!touched_.insert(id).second) return absl::OkStatus();
  if (touched_.size() > limits_.round_objects) {
    return ResourceExhausted(
        "GRAPH_ROUND_TOO_LARGE",
        absl::StrCat("A round touches more than ", limits_.round_objects,
                     " users; a full read is cheaper."));
  }
  std::vector<uint32_t> places_before;
  std::vector<uint32_t> places_after;
  if (base.has_value()) scope_before_->GroupsOf(*base, places_before);
  if (row.has_value()) scope_after_->GroupsOf(*row, places_after);
  store::StoredCounts& counts = *result_.mirror.mutable_counts();
  if (base.has_value()) CountUser(*base, !places_before.empty(), -1, counts);
  if (row.has_value()) CountUser(*row, !places_after.empty(), +1, counts);
  if (counts.has_rows()) {
    counts.set_rows(counts.rows() + (row.has_value() ? 1 : 0) -
                    (base.has_value() ? 1 : 0));
  }

  const bool was_in = base.has_value() && !places_before.empty() &&
                      base->presence() == StoredUser::PRESENT;
  const bool is_in = row.has_value() && !places_after.empty() &&
                     row->presence() == StoredUser::PRESENT;
  if (was_in) {
    for (const uint32_t place : places_before) --count_delta_[place];
  }
  if (is_in) {
    for (const uint32_t place : places_after) ++count_delta_[place];
  }
  const std::string name_before = was_in ? UsernameOf(*base) : "";
  const std::string name_after = is_in ? UsernameOf(*row) : "";
  if (name_before != name_after && row.has_value()) {
    row->set_username_collides(false);  // Until that is settled.
  }
  if (options_.username_normalization_enabled()) {
    MoveName(id, name_before, name_after);
  }

  const bool is_different =
      base.has_value() != row.has_value() ||
      (row.has_value() && Serialize(*base) != Serialize(*row));
  if (is_different) {
    ++result_.objects;
    written_[id] =
        row.has_value() ? absl::make_optional(Serialize(*row)) : absl::nullopt;
  }
  if (was_in != is_in || (is_in && (places_before != places_after ||
                                    Shown(*base) != Shown(*row)))) {
    changed_.insert(id);
  }
  return absl::OkStatus();
}

void MirrorFold::MoveName(const SourceId& id, const std::string& from,
                          const std::string& to) {
  if (from == to) return;
  if (!from.empty()) {
    names_[from][id] = false;
    batch_.Delete(mirror_keys::ShortName(rows_.place(), from, id));
  }
  if (!to.empty()) {
    names_[to][id] = true;
    batch_.Put(mirror_keys::ShortName(rows_.place(), to, id), "");
  }
}

// Only now, when everybody has the name that the round gave them: two users who
// swap theirs do not collide on the way.
absl::Status MirrorFold::SettleCollisions() {
  for (const auto& [name, moves] : names_) {
    ASSIGN_OR_RETURN(const std::vector<SourceId> known, rows_.UsersNamed(name));
    std::set<SourceId> holders(known.begin(), known.end());
    for (const auto& [id, has_it] : moves) {
      if (has_it) {
        holders.insert(id);
      } else {
        holders.erase(id);
      }
    }
    const bool collides = holders.size() > 1;
    for (const SourceId& id : holders) {
      StoredUser row;
      const auto written = written_.find(id);
      if (written != written_.end()) {
        ASSIGN_OR_RETURN(row, Parse<StoredUser>(*written->second));
      } else {
        ASSIGN_OR_RETURN(absl::optional<StoredUser> found, rows_.FindUser(id));
        if (!found.has_value()) return MirrorDamaged("a name without a user");
        row = *std::move(found);
      }
      if (row.username_collides() == collides) continue;
      row.set_username_collides(collides);
      written_[id] = Serialize(row);
      changed_.insert(id);
    }
  }
  return absl::OkStatus();
}

absl::Status MirrorFold::WriteRows() {
  for (auto& [id, row] : written_) {
    if (row.has_value()) {
      batch_.Put(mirror_keys::User(rows_.place(), id), *std::move(row));
    } else {
      batch_.Delete(mirror_keys::User(rows_.place(), id));
    }
  }
  const std::vector<SourceId>& selected = scope_after_->selected();
  for (size_t place = 0; place < selected.size(); ++place) {
    StoredGroup& row = *groups_.table.FindMutable(selected[place]);
    row.set_member_count(row.member_count() + count_delta_[place]);
  }
  for (const auto& [number, delta] : groups_.member_delta) {
    StoredGroup& row = *groups_.table.FindMutable(group_ids_.at(number));
    row.set_members(std::max<int64_t>(0, row.members() + delta));
  }
  store::StoredCounts& counts = *result_.mirror.mutable_counts();
  for (const GroupRow& group : groups_.table.rows()) {
    const StoredGroup* known = before_.Find(group.id);
    const std::string bytes = Serialize(group.row);
    if (known != nullptr && Serialize(*known) == bytes) continue;
    if (known != nullptr) CountGroup(*known, -1, counts);
    CountGroup(group.row, +1, counts);
    if (known == nullptr || WithoutCounts(*known) != WithoutCounts(group.row)) {
      ++result_.objects;
    }
    batch_.Put(mirror_keys::Group(rows_.place(), group.id), bytes);
  }
  return absl::OkStatus();
}

}  // namespace rollcall::directory
