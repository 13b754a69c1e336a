// What a sync takes: users who are gone, statuses, emails, memberships (R30,
// R50, R56, A5 to A7).
#include "tests/system/model/sync_rules.h"

namespace rollcall::model {

Outcome Sync::TakeAndFinish() {
  const bool complete =
      tenant_.readings_complete || planted_ == Planted::kIncompleteRemoves;
  if (!tenant_.readings_complete) run_.problems.insert("READ_INCOMPLETE");
  Guard(complete);
  SettleNames();
  for (const auto& [object, taking] : takings_) {
    CarryOut(object, taking, complete);
  }
  if (complete) ClearStrangers();
  NoteEmptied();
  if (complete) ReleaseGroups();
  Settle(/*knows_all=*/complete && run_.kind == "FULL");
  return Finish();
}

void Sync::Take(const Taking& taking, User& user, Rules* rules) {
  if (taking.disable && user.status != Status::kDisabled) {
    user.status = Status::kDisabled;
    Count("users_disabled");
    rules->insert("R50");
  }
  if (taking.clear_email && !user.email.empty()) {
    user.email.clear();
    rules->insert("A5");
  }
  for (const int group : taking.leave) {
    if (user.groups.erase(group) > 0) rules->insert("R25");
  }
}

// Without proof nobody is removed, disabled, or taken out of a group (R30).
void Sync::CarryOut(int object, Taking taking, bool complete) {
  if (taking.merge && held_.count("MERGED") > 0) {
    Hold("MERGED", object, {.user = taking.user, .merge = true});
    fates_[object] = "UNCHANGED";
    return;
  }
  if (taking.merge) {
    taking = Taking();
    fates_[object] = Seen(scope_.at(object), /*may_merge=*/true, &taking);
    if (fates_[object] == "SKIPPED") return;
  }
  const int number = state_.FindUser(directory_, object);
  if (taking.absent) {
    const std::string danger = complete ? DangerOfRemoving(number) : "";
    if (!complete) {
      Count("users_kept");
    } else if (!danger.empty()) {
      Hold(danger, object, {.user = number, .absent = true});
    } else {
      Remove(number);
    }
    return;
  }
  if (!complete) {
    taking.disable = false;
    taking.leave.clear();
  }
  HoldPartsOf(object, number, &taking);
  User& user = state_.users.at(number);
  const User before = user;
  Rules rules;
  Take(taking, user, &rules);
  if (Tell(number, before, "UPDATED", rules) && fates_[object] == "UNCHANGED") {
    fates_[object] = "UPDATED";
  }
}

std::string Sync::Remove(int number) {
  User& user = state_.users.at(number);
  const User before = user;
  bool held = false;
  for (const int group : before.groups) {
    if (missing_.count(group) > 0) {
      held = true;
    } else if (IsOwn(group)) {
      user.groups.erase(group);
    }
  }
  if (held) {
    Count("users_kept");
    Tell(number, before, "UPDATED", {"A7", "R25"});
    return "KEPT";
  }
  if (before.claims.size() > 1 && planted_ != Planted::kDirectoriesForget) {
    user.claims.erase(directory_);
    std::erase_if(user.phones, [&](const Phone& phone) {
      return phone.directory == directory_;
    });
    Count("users_updated");
    Tell(number, before, "UPDATED", {"A6"});
    return "UPDATED";
  }
  user.deleted = now_;
  ++user.deletions;
  Count("users_removed");
  Tell(number, before, "REMOVED", {"R56"});
  return "REMOVED";
}

}  // namespace rollcall::model
