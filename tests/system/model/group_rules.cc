// The groups of a sync: whose they are and what they are called (R24, R45, R46,
// A7, A8, A24).
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
// by a group that keeps it, or by one whose turn comes before.
void Sync::MatchGroups() {
  std::set<int> movers;
  for (const auto& [object, group] : tenant_.groups) {
    if (!group.selected || group.missing) continue;
    Count("groups_seen");
    const int own = state_.FindGroup(directory_, object);
    if (own == 0 || NameKey(state_.groups.at(own).display_name) !=
                        NameKey(group.display_name)) {
      movers.insert(object);
    }
  }
  for (bool settled = false; !settled;) {
    settled = true;
    for (const int object : std::set<int>(movers)) {
      if (MayHaveName(object, movers)) continue;
      movers.erase(object);
      settled = false;
      run_.problems.insert("GROUP_NAME_CONFLICT");
    }
  }
  // Whoever is in the way goes out of it first: two may swap their names.
  std::map<int, int> takes_over;
  for (const int object : movers) {
    const TenantGroup& wanted = tenant_.groups.at(object);
    const int namesake = state_.FindGroup(wanted.display_name);
    if (namesake == 0) continue;
    const Group& group = state_.groups.at(namesake);
    const bool moves_away =
        group.directory == directory_ && movers.count(group.object) > 0;
    if (!moves_away) takes_over[object] = namesake;
  }
  for (const auto& [object, wanted] : tenant_.groups) {
    if (!wanted.selected) continue;
    if (wanted.missing) {
      run_.problems.insert("GROUP_MISSING");
      continue;
    }
    const int own = state_.FindGroup(directory_, object);
    if (movers.count(object) == 0) {
      if (own == 0) continue;
      Group& group = state_.groups.at(own);
      const bool same_key =
          NameKey(group.display_name) == NameKey(wanted.display_name);
      if (!same_key || group.display_name == wanted.display_name) continue;
      group.display_name = wanted.display_name;  // Another case.
      Count("groups_updated");
      TellGroup(own, "A24");
      continue;
    }
    int number = own;
    std::string rule = "A24";
    if (own != 0) {
      Count("groups_updated");
    } else if (takes_over.count(object) > 0) {
      number = takes_over.at(object);
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
    group.display_name = wanted.display_name;
    group.directory = directory_;
    group.object = object;
    TellGroup(number, rule);
  }
}

bool Sync::MayHaveName(int object, const std::set<int>& movers) const {
  const std::string name = NameKey(tenant_.groups.at(object).display_name);
  for (const int other : movers) {
    if (other >= object) break;
    if (NameKey(tenant_.groups.at(other).display_name) == name) return false;
  }
  const int namesake = state_.FindGroup(name);
  if (namesake == 0) return true;
  const Group& group = state_.groups.at(namesake);
  auto selected = tenant_.groups.find(group.object);
  const bool is_ours = group.directory == directory_ &&
                       selected != tenant_.groups.end() &&
                       selected->second.selected;
  if (is_ours) return movers.count(group.object) > 0;
  return state_.FindGroup(directory_, object) == 0;
}

void Sync::NoteLinks() {
  for (const auto& [object, group] : tenant_.groups) {
    const int own = state_.FindGroup(directory_, object);
    if (!group.selected || own == 0) continue;
    linked_[object] = own;
    if (group.missing) missing_.insert(own);
  }
}

// R45, R46: members whom the directory does not know leave a group that it has
// taken over.
void Sync::ClearStrangers() {
  for (const auto& [object, number] : linked_) {
    Group& group = state_.groups.at(number);
    if (!group.has_strangers || missing_.count(number) > 0) continue;
    for (auto& [member, user] : state_.users) {
      if (user.groups.count(number) == 0) continue;
      auto claim = user.claims.find(directory_);
      if (claim != user.claims.end() && !user.in_trash()) continue;
      const User before = user;
      user.groups.erase(number);
      Tell(member, before, "UPDATED", {"R45", "R46"});
    }
    group.has_strangers = false;
  }
}

// A8: unmanaged from now on, and without synced members, whichever directory's
// they are: nobody has put them there by hand (R95).
void Sync::ReleaseGroups() {
  for (auto& [number, group] : state_.groups) {
    if (group.directory != directory_ || linked_.count(group.object) > 0) {
      continue;
    }
    for (auto& [member, user] : state_.users) {
      if (user.groups.count(number) == 0) continue;
      if (!user.managed()) continue;
      const User before = user;
      user.groups.erase(number);
      Tell(member, before, "UPDATED", {"A8"});
    }
    group.directory.clear();
    group.object = 0;
    group.has_strangers = false;
    Count("groups_released");
    TellGroup(number, "A8");
  }
}

}  // namespace rollcall::model
