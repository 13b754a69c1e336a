// The groups of a sync: whose they are and what they are called (R24, R45, R46,
// A7, A8, A24).
#include <algorithm>
#include <vector>

#include "tests/system/model/sync_rules.h"

namespace rollcall::model {

bool Sync::IsOwn(int group) const {
  return state_.groups.at(group).directory == directory_;
}

void Sync::TellGroup(int number, const std::string& rule) {
  state_.groups.at(number).updated = now_;
  outcome_.events.push_back({.of_group = true,
                             .number = number,
                             .kind = "CHANGED",
                             .line = FieldsOf(state_.groups.at(number)),
                             .rules = {rule}});
}

// The groups that want another name than they have get it, unless it is taken:
// by a group that keeps it, or by one whose turn comes before. Those that were
// adopted come first, then those of smaller ids (B10).
std::map<int, GroupFate> Sync::PlanGroups(
    const std::map<int, Decision>& desk) const {
  using Kind = GroupFate::Kind;
  const auto decision_of = [&](int object) {
    auto found = desk.find(object);
    return found == desk.end() ? Decision() : found->second;
  };
  std::map<int, GroupFate> fates;
  std::vector<int> turns;
  for (const auto& [object, group] : tenant_.groups) {
    if (!group.selected) continue;
    const Decision decision = decision_of(object);
    const int own = state_.FindGroup(directory_, object);
    GroupFate& fate = fates[object];
    fate.name =
        decision.choice == Choice::kRename ? decision.name : group.display_name;
    if (group.missing) {
      fate.kind = Kind::kMissing;
    } else if (own == 0 && decision.choice == Choice::kSkip) {
      fate.kind = Kind::kLeftOut;
    } else if (own == 0 || NameKey(state_.groups.at(own).display_name) !=
                               NameKey(fate.name)) {
      fate.kind = Kind::kNamed;
      turns.push_back(object);
    }
  }
  std::stable_partition(turns.begin(), turns.end(), [&](int object) {
    return decision_of(object).choice == Choice::kAdopt;
  });
  // Whoever is in the way goes out of it first: two may swap their names.
  const auto may_have = [&](int object) {
    const std::string name = NameKey(fates.at(object).name);
    for (const int other : turns) {
      if (other == object) break;
      const GroupFate& before = fates.at(other);
      if (before.kind == Kind::kNamed && NameKey(before.name) == name) {
        return false;
      }
    }
    const int namesake = state_.FindGroup(name);
    if (namesake == 0) return true;
    const Group& group = state_.groups.at(namesake);
    auto selected = fates.find(group.object);
    if (group.directory == directory_ && selected != fates.end()) {
      return selected->second.kind == Kind::kNamed;
    }
    return state_.FindGroup(directory_, object) == 0 &&
           decision_of(object).choice != Choice::kRename;
  };
  for (bool settled = false; !settled;) {
    settled = true;
    for (const int object : turns) {
      GroupFate& fate = fates.at(object);
      if (fate.kind != Kind::kNamed || may_have(object)) continue;
      fate.kind = Kind::kConflict;
      settled = false;
    }
  }
  for (auto& [object, fate] : fates) {
    if (fate.kind != Kind::kNamed) continue;
    const int namesake = state_.FindGroup(fate.name);
    if (namesake == 0) continue;
    const Group& group = state_.groups.at(namesake);
    auto other = fates.find(group.object);
    if (group.directory == directory_ && other != fates.end()) continue;
    fate.kind = Kind::kTakesOver;
    fate.taken_over = namesake;
  }
  return fates;
}

void Sync::MatchGroups() {
  using Kind = GroupFate::Kind;
  NoteGroups();
  for (const auto& [object, fate] : PlanGroups(desk_.groups)) {
    if (fate.kind == Kind::kMissing) {
      run_.problems.insert("GROUP_MISSING");
      continue;
    }
    Count("groups_seen");
    if (fate.kind == Kind::kLeftOut)
      Count("warnings GROUP_SKIPPED_BY_DECISION");
    if (fate.kind == Kind::kConflict)
      run_.problems.insert("GROUP_NAME_CONFLICT");
    if (fate.kind == Kind::kLeftOut || fate.kind == Kind::kConflict) continue;
    const int own = state_.FindGroup(directory_, object);
    if (own != 0 && state_.groups.at(own).display_name == fate.name) continue;
    int number = own;
    std::string rule = "A24";
    if (own != 0) {
      if (desk_.OfGroup(object).choice == Choice::kRename) rule = "B10";
      Count("groups_updated");
    } else if (fate.kind == Kind::kTakesOver) {
      number = fate.taken_over;
      rule = state_.groups.at(number).directory.empty() ? "R45" : "R46";
      state_.groups.at(number).has_strangers = true;
      Count("groups_merged");
    } else {
      number = state_.next++;
      rule = "R24";
      state_.groups[number].created = now_;
      Count("groups_created");
    }
    Group& group = state_.groups.at(number);
    group.display_name = fate.name;
    group.directory = directory_;
    group.object = object;
    TellGroup(number, rule);
  }
}

void Sync::NoteLinks() {
  for (const auto& [object, group] : tenant_.groups) {
    const int own = state_.FindGroup(directory_, object);
    if (!group.selected || own == 0) continue;
    linked_[object] = own;
    if (group.missing) missing_.insert(own);
  }
}

bool Sync::LosesStrangers(int number) const {
  const Group& group = state_.groups.at(number);
  return IsOwn(number) && group.has_strangers &&
         linked_.count(group.object) > 0 && missing_.count(number) == 0;
}

bool Sync::IsUnknownIn(const User& user, int group) const {
  if (user.groups.count(group) == 0) return false;
  return user.claims.count(directory_) == 0 || user.in_trash();
}

bool Sync::IsStranger(const User& user, int group) const {
  return IsUnknownIn(user, group) && !user.pinned();  // B5
}

// R45, R46: members whom the directory does not know leave a group that it has
// taken over, if they are not too many (B2); those who are pinned when they may
// (B5).
void Sync::GuardStrangers() {
  int64_t strangers = 0, members = 0;
  for (const auto& [number, group] : state_.groups) {
    if (!IsOwn(number)) continue;
    for (const auto& [member, user] : state_.users) {
      members += user.groups.count(number) > 0;
      strangers += LosesStrangers(number) && IsStranger(user, number);
    }
  }
  Judge("MEMBERS_REMOVED", strangers, members);
}

void Sync::ClearStrangers() {
  const std::string danger = "MEMBERS_REMOVED";
  for (const auto& [object, number] : linked_) {
    if (!LosesStrangers(number)) continue;
    bool have_all_left = held_.count(danger) == 0;
    for (auto& [member, user] : state_.users) {
      if (user.pinned() && IsUnknownIn(user, number)) have_all_left = false;
      if (!IsStranger(user, number)) continue;
      if (held_.count(danger) > 0) {
        HoldStranger(member, number);
        continue;
      }
      NoteTaken(danger, 1);
      if (state_.held[directory_].count(danger) > 0) {
        state_.held[directory_].at(danger).rows.erase(-member);
      }
      LeaveAsStranger(member, {number});
    }
    if (have_all_left) state_.groups.at(number).has_strangers = false;
  }
}

// Who knows everything says anew what is held; a run of changes adds to it.
void Sync::HoldStranger(int member, int group) {
  const std::string danger = "MEMBERS_REMOVED";
  Taking& row = state_.held[directory_][danger].rows[-member];
  const bool is_first = held_[danger].count(-member) == 0;
  if (is_first && run_.kind == "FULL") row = Taking();
  if (!row.leave.insert(group).second) return;
  row.user = member;
  if (is_first) Count("held " + danger);
  held_[danger].insert(-member);
}

void Sync::LeaveAsStranger(int member, const std::set<int>& groups) {
  User& user = state_.users.at(member);
  const User before = user;
  for (const int group : groups) user.groups.erase(group);
  Tell(member, before, "UPDATED", {"R45", "R46"});
}

void Sync::CarryOutStranger(const Taking& held) {
  if (state_.users.count(held.user) == 0) return;
  std::set<int> groups;
  for (const int group : held.leave) {
    if (state_.groups.count(group) > 0 && LosesStrangers(group) &&
        IsStranger(state_.users.at(held.user), group)) {
      groups.insert(group);
    }
  }
  LeaveAsStranger(held.user, groups);
}

// A8: unmanaged from now on, and without synced members, whichever directory's
// they are: nobody has put them there by hand (R95). Not before those who are
// pinned may leave it (B5).
void Sync::ReleaseGroups() {
  std::map<int, int> released;  // Our numbers, by object.
  for (const auto& [number, group] : state_.groups) {
    if (group.directory != directory_) continue;
    if (linked_.count(group.object) == 0) released[group.object] = number;
  }
  for (const auto& [object, number] : released) {
    Group& group = state_.groups.at(number);
    bool is_kept = false;
    for (auto& [member, user] : state_.users) {
      if (user.groups.count(number) == 0 || !user.managed()) continue;
      is_kept |= user.pinned();
      if (user.pinned()) continue;
      const User before = user;
      user.groups.erase(number);
      Tell(member, before, "UPDATED", {"A8"});
    }
    if (is_kept) continue;
    group.directory.clear();
    group.object = 0;
    group.has_strangers = false;
    Count("groups_released");
    TellGroup(number, "A8");
  }
}

}  // namespace rollcall::model
