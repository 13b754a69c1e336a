// Which username somebody gets who has one already (R33, R36, A3, B10), and who
// gets a name that has come free.
#include <algorithm>
#include <vector>

#include "tests/system/model/sync_rules.h"

namespace rollcall::model {

// R36: nothing but these changes a username. R33: normalization is switched,
// and the name is still what was made of the user's old or new form. A3: the
// source calls him otherwise, and the directory follows renames.
NewName Sync::NameDue(const Wanted& wanted, const User& user) const {
  const std::string& origin = user.claims.at(directory_).origin;
  const std::string due = UsernameFrom(origin, tenant_.normalization);
  const std::string other = UsernameFrom(origin, !tenant_.normalization);
  if (user.username != due && user.username != other) return {};
  if (tenant_.follow_renames && wanted.username != due) {
    return {wanted.username, "A3"};
  }
  if (user.username == due) return {};
  return {due, "R33"};
}

// Two objects never share a name (A4). Whoever is in the way may be about to go
// out of it, if he is of this directory.
void Sync::Rename(const Wanted& wanted, bool may_wait, User& user,
                  Rules* rules) {
  if (planted_ == Planted::kRenameFollows && !at_once_ &&
      !wanted.username.empty() && state_.FindUser(wanted.username) == 0) {
    user.username = wanted.username;
  }
  if (at_once_) return;
  const std::string& origin = user.claims.at(directory_).origin;
  NewName due = NameDue(wanted, user);
  // B10: what was decided counts where a name would change.
  const Decision decision = desk_.OfUser(wanted.object);
  const bool is_given = decision.choice == Choice::kRename;
  const bool is_kept = decision.choice == Choice::kSkip;
  // A3: whom the source has renamed and who does not follow it is told of by
  // each sync.
  const bool follows = due.rule == "A3" && !is_given && !is_kept;
  if (!follows && UsernameFrom(wanted.user.upn, tenant_.normalization) !=
                      UsernameFrom(origin, tenant_.normalization)) {
    Count("warnings RENAME_PENDING");
  }
  if (due.name.empty() || is_kept) return;
  if (is_given) due = {decision.name, "B10"};
  if (due.name == user.username) return;
  const bool collides = wanted.collides && decision.choice == Choice::kPreset;
  const int holder = state_.FindUser(due.name);
  const bool is_awaited = may_wait && IsAwaited(due.name);
  if (holder != 0 && !collides && !is_awaited && may_wait && IsOurs(holder)) {
    waiting_[wanted.object] = due;
    return;
  }
  if (collides || is_awaited || holder != 0) {
    Count("warnings USERNAME_COLLISION");
    return;
  }
  GiveName(due, user, rules);
}

void Sync::GiveName(const NewName& name, User& user, Rules* rules) {
  user.username = name.name;
  Claim& claim = user.claims.at(directory_);
  // The user principal name is the new one by now, or is about to be.
  if (name.rule == "A3") claim.origin = scope_.at(claim.object).user.upn;
  Count("users_renamed");
  rules->insert(name.rule);
}

bool Sync::IsOurs(int number) const {
  return state_.users.at(number).claims.count(directory_) > 0;
}

// The first one who wants a name that may come free gets it, if it does.
bool Sync::IsAwaited(const std::string& name) const {
  return std::any_of(waiting_.begin(), waiting_.end(), [&](const auto& entry) {
    return entry.second.name == name;
  });
}

// Each has the name that the one before him waits for. The last one's comes
// free if nobody has it, or if the first one has: then all of them move.
void Sync::SettleNames() {
  for (const auto& [first, ignored] : std::map(waiting_)) {
    std::vector<int> queue;
    int holder = 0;
    for (int object = first; waiting_.count(object) > 0;) {
      if (std::count(queue.begin(), queue.end(), object) > 0) break;
      queue.push_back(object);
      holder = state_.FindUser(waiting_.at(object).name);
      if (holder == 0 || !IsOurs(holder)) break;
      object = state_.users.at(holder).claims.at(directory_).object;
    }
    if (queue.empty()) continue;  // Has moved already.
    const bool moves =
        holder == 0 || (holder == state_.FindUser(directory_, first) &&
                        planted_ != Planted::kSwapsWait);
    if (!moves) {
      const bool is_new = state_.FindUser(directory_, first) == 0;
      if (is_new) fates_[first] = "SKIPPED";
      Count(is_new ? "skipped USERNAME_COLLISION"
                   : "warnings USERNAME_COLLISION");
      NoteKept(first);
      waiting_.erase(first);
      continue;
    }
    for (auto object = queue.rbegin(); object != queue.rend(); ++object) {
      const int number = state_.FindUser(directory_, *object);
      if (number == 0) {
        fates_[*object] = Create(scope_.at(*object), waiting_.at(*object).name);
        waiting_.erase(*object);
        continue;
      }
      const User before = state_.users.at(number);
      Rules rules;
      GiveName(waiting_.at(*object), state_.users.at(number), &rules);
      Tell(number, before, "UPDATED", rules);
      if (fates_[*object] == "UNCHANGED") fates_[*object] = "UPDATED";
      waiting_.erase(*object);
    }
  }
}

}  // namespace rollcall::model
