#include "tests/system/model/sync_rules.h"

#include <algorithm>
#include <vector>

namespace rollcall::model {

Outcome Sync::Full() {
  MatchGroups();
  NoteLinks();
  live_ = CountLive();
  for (const auto& [object, wanted] : scope_) {
    Meet(wanted);
  }
  for (const auto& [number, user] : state_.users) {
    auto claim = user.claims.find(directory_);
    if (claim == user.claims.end() || user.in_trash()) continue;
    Miss(claim->second.object);
  }
  run_.kind = "FULL";
  return TakeAndFinish();
}

// B5: what is planned is planned for the directory's pinned users, too; whom it
// does not change is pinned until it is applied.
Outcome Sync::Planned() {
  is_plan_ = true;
  std::set<int> pinned;
  for (auto& [number, user] : state_.users) {
    if (user.pinned_by != directory_) continue;
    pinned.insert(number);
    user.pinned_by.clear();
  }
  Outcome outcome = Full();
  outcome.run->kind = "PLAN";
  for (const Event& event : outcome.events) {
    if (!event.of_group) pinned.erase(event.number);
  }
  for (const int number : pinned) {
    state_.users.at(number).pinned_by = directory_;
  }
  return outcome;
}

Outcome Sync::Changes(const std::map<int, Wanted>& last_reading) {
  MatchGroups();
  NoteLinks();
  live_ = CountLive();
  for (const auto& [object, wanted] : scope_) {
    auto before = last_reading.find(object);
    if (before != last_reading.end() && before->second == wanted) continue;
    told_.insert(object);
    Meet(wanted);
  }
  for (const auto& [object, before] : last_reading) {
    if (scope_.count(object) == 0) told_.insert(object);
    if (planted_ != Planted::kChangesForgetTheGone) Miss(object);
  }
  run_.kind = "CHANGES";
  if (tenant_.readings_complete) {
    for (const int object : told_) DropHeld(object);  // R30
  }
  return TakeAndFinish();
}

void Sync::Meet(const Wanted& wanted) {
  Count("users_seen");
  NoteUser(wanted);
  Taking rest;
  fates_[wanted.object] = Seen(wanted, /*may_merge=*/false, &rest);
  if (!rest.empty()) takings_[wanted.object] = rest;
}

void Sync::Miss(int object) {
  const int number = state_.FindUser(directory_, object);
  if (number == 0 || state_.users.at(number).in_trash()) return;
  if (scope_.count(object) > 0) return;
  if (!LeavesPinned(state_.users.at(number))) takings_[object].absent = true;
}

// Now, or when his username was made; rather not somebody in the trash.
int Sync::ObjectCalled(const std::string& upn) const {
  std::vector<int> numbers = {state_.FindUser(UsernameFrom(upn, false)),
                              state_.FindUser(UsernameFrom(upn, true))};
  for (const auto& [number, user] : state_.users) numbers.push_back(number);
  int found = 0;
  for (const int number : numbers) {
    if (number == 0) continue;
    const User& user = state_.users.at(number);
    auto claim = user.claims.find(directory_);
    if (claim == user.claims.end()) continue;
    const bool is_meant = Lower(claim->second.upn) == Lower(upn) ||
                          Lower(claim->second.origin) == Lower(upn);
    if (!is_meant) continue;
    if (!user.in_trash()) return claim->second.object;
    if (found == 0) found = claim->second.object;
  }
  return found;
}

Outcome Sync::One(const std::string& upn) {
  at_once_ = true;
  run_.kind = "SINGLE_USER";
  NoteLinks();
  int object = 0;
  for (const auto& [candidate, user] : tenant_.users) {
    if (Lower(user.upn) == Lower(upn)) object = candidate;
  }
  // A name that the tenant does not know may be an old one of a user whom the
  // directory manages.
  if (object == 0) object = ObjectCalled(upn);
  const int number = object == 0 ? 0 : state_.FindUser(directory_, object);
  DropHeld(object);
  Settle(/*knows_all=*/false);
  auto wanted = scope_.find(object);
  if (wanted != scope_.end()) {
    Count("users_seen");
    Taking none;
    fates_[object] = Seen(wanted->second, /*may_merge=*/true, &none);
    outcome_.answer = fates_[object];
  } else if (number == 0) {
    outcome_.answer = "NOT_IN_SCOPE";  // R76
  } else if (state_.users.at(number).in_trash()) {
    outcome_.answer = "UNCHANGED";  // R63
  } else if (LeavesPinned(state_.users.at(number))) {
    outcome_.answer = "UNCHANGED";
  } else {
    outcome_.answer = Remove(number);
  }
  return Finish();
}

std::string Sync::Seen(const Wanted& wanted, bool may_merge, Taking* rest) {
  if (const int number = state_.FindUser(directory_, wanted.object)) {
    User& user = state_.users.at(number);
    if (LeavesPinned(user)) return "UNCHANGED";
    const User before = user;
    Rules rules;
    *rest = Give(wanted, !may_merge, user, &rules);
    if (at_once_) Take(*rest, user, &rules);
    const std::string kind = before.in_trash() ? "RESTORED" : "UPDATED";
    return Tell(number, before, kind, rules) ? kind : "UNCHANGED";
  }
  const Decision decision = planted_ == Planted::kDeskIsDeaf
                                ? Decision()
                                : desk_.OfUser(wanted.object);
  const bool is_given = decision.choice == Choice::kRename;
  const std::string name = is_given ? decision.name : wanted.username;
  const int namesake = name.empty() ? 0 : state_.FindUser(name);
  const bool may_wait = !may_merge;
  const bool collides =
      (wanted.collides && decision.choice == Choice::kPreset) ||
      (may_wait && IsAwaited(name));
  std::string reason;
  if (decision.choice == Choice::kSkip) {
    reason = "SKIPPED_BY_DECISION";  // B10
  } else if (name.empty()) {
    reason = "USERNAME_EMPTY";  // R37
  } else if (!collides && may_wait && namesake != 0 && IsOurs(namesake)) {
    waiting_[wanted.object] = {name, ""};
    return "";
  } else if (collides || (namesake != 0 && (is_given || IsOurs(namesake)))) {
    // Two objects never share a user, and nobody decided to merge with whoever
    // has got the given name since (A4, B10).
    reason = "USERNAME_COLLISION";
  }
  if (!reason.empty()) {
    Count("skipped " + reason);
    return "SKIPPED";
  }
  if (namesake == 0) return Create(wanted, name);
  if (LeavesPinned(state_.users.at(namesake))) return "UNCHANGED";
  if (!state_.users.at(namesake).managed() && !may_merge) {
    *rest = {.user = namesake, .merge = true};
    return "";
  }
  return Merge(wanted, namesake, rest);
}

// B5: whoever a run was undone for is left as he is.
bool Sync::LeavesPinned(const User& user) {
  if (!user.pinned() || planted_ == Planted::kPinsDoNotHold) return false;
  Count("users_pinned");
  return true;
}

std::string Sync::Create(const Wanted& wanted, const std::string& username) {
  const int number = state_.next++;
  User& user = state_.users[number];
  user.username = username;
  user.display_name = wanted.user.display_name;
  user.email = wanted.user.email;
  user.status = wanted.user.enabled ? Status::kActive : Status::kDisabled;
  user.claims[directory_] = {wanted.object, wanted.user.upn, wanted.user.upn};
  user.groups = WantedGroups(wanted);
  Rules ignored;
  SetPhones(wanted, user, &ignored);
  user.source_has_phone_data = wanted.user.has_phone_data;
  user.created = now_;
  if (!wanted.user.enabled) Count("users_disabled");
  Tell(number, User(), "CREATED", {wanted.user.enabled ? "R18" : "A11"});
  return "CREATED";
}

std::string Sync::Merge(const Wanted& wanted, int number, Taking* rest) {
  User& user = state_.users.at(number);
  const User before = user;
  Rules rules = {before.managed() ? "R44" : "R43"};
  user.claims[directory_] = {wanted.object, wanted.user.upn, wanted.user.upn};
  *rest = Give(wanted, false, user, &rules);
  if (at_once_) Take(*rest, user, &rules);
  const std::string kind = before.in_trash() ? "RESTORED" : "CREATED";
  Tell(number, before, kind, rules);
  return before.in_trash() ? "RESTORED" : "MERGED";
}

Taking Sync::Give(const Wanted& wanted, bool may_wait, User& user,
                  Rules* rules) {
  Taking taking;
  const bool back = user.in_trash();
  if (back) {
    rules->insert("R61");
    user.deleted = 0;
    // The others had lost the user: this directory alone manages it now (A6).
    std::erase_if(user.claims,
                  [&](const auto& claim) { return claim.first != directory_; });
    std::erase_if(user.phones, [&](const Phone& phone) {
      return !phone.directory.empty() && phone.directory != directory_;
    });
  }
  Rename(wanted, may_wait, user, rules);
  if (user.display_name != wanted.user.display_name) {
    user.display_name = wanted.user.display_name;
    rules->insert("R28");
  }
  // The guard counts emails before they are cleared (A5, B2), but for those of
  // manual users, whom it has counted, and of users back from the trash.
  const bool merged = user.claims.size() == 1 && rules->count("R43") > 0;
  if (wanted.user.email.empty() && !merged && !back) {
    taking.clear_email = !user.email.empty();
  } else if (user.email != wanted.user.email) {
    user.email = wanted.user.email;
    rules->insert("R28");
  }
  Claim& claim = user.claims.at(directory_);
  if (claim.upn != wanted.user.upn) {
    claim.upn = wanted.user.upn;
    rules->insert("A3");
  }
  SetPhones(wanted, user, rules);
  if (user.source_has_phone_data != wanted.user.has_phone_data) {
    user.source_has_phone_data = wanted.user.has_phone_data;
    rules->insert({"R38", "R41", "R28"});
  }
  if (wanted.user.enabled) {
    if (user.status == Status::kDisabled) {
      user.status = Status::kActive;
      Count("users_enabled");
      rules->insert({"R52", "A13"});
    }
    if (planted_ == Planted::kSyncClearsBypass) user.status = Status::kActive;
  } else if (user.status == Status::kDisabled) {
    rules->insert("A13");  // By hand before, by the source from now on.
  } else {
    if (back) {  // Never active for a moment.
      user.status = Status::kDisabled;
      Count("users_disabled");
      rules->insert("R50");
    } else {
      taking.disable = true;
    }
  }
  const std::set<int> groups = WantedGroups(wanted);
  for (const int group : groups) {
    if (user.groups.insert(group).second) rules->insert("R25");
  }
  for (const int group : user.groups) {
    if (!IsOwn(group) || groups.count(group) > 0) continue;
    if (missing_.count(group) == 0) taking.leave.insert(group);
  }
  return taking;
}

void Sync::SetPhones(const Wanted& wanted, User& user, Rules* rules) const {
  if (!tenant_.phone_import) return;
  std::vector<Phone> phones;
  for (const Phone& phone : user.phones) {
    const bool stays = phone.directory != directory_ &&
                       planted_ != Planted::kPhonesAreReplaced;
    if (stays) phones.push_back(phone);
  }
  for (const std::string& number : wanted.user.phones) {
    const bool known =
        std::any_of(phones.begin(), phones.end(),
                    [&](const Phone& phone) { return phone.number == number; });
    if (!known) phones.push_back({number, directory_});
  }
  if (phones == user.phones) return;
  user.phones = phones;
  rules->insert("R38");
}

std::set<int> Sync::WantedGroups(const Wanted& wanted) const {
  std::set<int> groups;
  for (const int object : wanted.groups) {
    auto link = linked_.find(object);
    if (link != linked_.end()) groups.insert(link->second);
  }
  return groups;
}

bool Sync::Tell(int number, const User& before, const std::string& kind,
                const Rules& rules) {
  User& user = state_.users.at(number);
  if (user == before) return false;
  if (before.created != 0) NoteTaken(before, user);
  user.updated = now_;
  for (const int group : user.groups) {
    if (before.groups.count(group) == 0) Count("memberships_added");
  }
  for (const int group : before.groups) {
    if (user.groups.count(group) == 0) Count("memberships_removed");
  }
  outcome_.events.push_back(
      {.number = number,
       .kind = kind,
       .line = LineOf(user, state_) + LeftLine(before, user, state_),
       .rules = rules});
  return true;
}

void Sync::Count(const std::string& counter, int64_t by) {
  run_.counters[counter] += by;
}

Outcome Sync::Finish() {
  for (const auto& [object, fate] : fates_) {
    if (!fate.empty()) Count("users_" + Lower(fate));
  }
  const bool is_silent = run_.kind == "SINGLE_USER" && outcome_.events.empty();
  if (is_silent) return outcome_;
  run_.state = run_.problems.empty() ? "SUCCEEDED" : "PARTIAL";
  outcome_.run = run_;
  return outcome_;
}

}  // namespace rollcall::model
