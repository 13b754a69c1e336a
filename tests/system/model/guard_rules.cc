// The guard (B2): what a sync would take too often is held as a batch, until
// somebody approves it or the source no longer asks for it.
#include <algorithm>

#include "tests/system/model/sync_rules.h"

namespace rollcall::model {

int64_t Sync::CountLive() const {
  return std::count_if(state_.users.begin(), state_.users.end(),
                       [&](const auto& entry) {
                         return entry.second.claims.count(directory_) > 0 &&
                                !entry.second.in_trash();
                       });
}

// A run of changes adds to what is held already: many small steps are one large
// one.
void Sync::Guard(bool complete) {
  int64_t removed = 0, disabled = 0, merged = 0, cleared = 0;
  // Users, by group; and those of them who would go to the trash.
  std::map<int, std::set<int>> leaving, leaving_removed;
  const auto count = [&](int object, const Taking& taking) {
    merged += taking.merge;
    cleared += taking.clear_email;
    if (!complete) return;
    disabled += taking.disable;
    const int number =
        taking.user != 0 ? taking.user : state_.FindUser(directory_, object);
    auto found = state_.users.find(number);
    if (found == state_.users.end()) return;
    const User& user = found->second;
    const bool stays =
        std::any_of(user.groups.begin(), user.groups.end(),
                    [&](const int group) { return missing_.count(group) > 0; });
    const bool is_removed =
        taking.absent && !user.in_trash() && !stays && user.claims.size() == 1;
    removed += is_removed;
    for (const int group : user.groups) {
      const bool leaves = taking.absent
                              ? IsOwn(group) && missing_.count(group) == 0
                              : taking.leave.count(group) > 0;
      if (!leaves) continue;
      (is_removed ? leaving_removed : leaving)[group].insert(number);
    }
  };
  for (const auto& [object, taking] : takings_) count(object, taking);
  if (run_.kind == "CHANGES") {
    for (const auto& [danger, batch] : state_.held[directory_]) {
      if (danger == "MEMBERS_REMOVED") continue;  // Counted anew.
      for (const auto& [object, taking] : batch.rows) {
        if (told_.count(object) == 0) count(object, taking);
      }
    }
  }
  Judge("REMOVED", removed, live_);
  if (held_.count("REMOVED") == 0) {
    for (const auto& [group, users] : leaving_removed) {
      leaving[group].insert(users.begin(), users.end());
    }
  }
  int64_t live_groups = 0;
  std::set<int> emptied;
  for (const auto& [number, group] : state_.groups) {
    if (group.directory != directory_) continue;
    const auto members = static_cast<size_t>(std::count_if(
        state_.users.begin(), state_.users.end(), [&, n = number](auto& user) {
          return user.second.groups.count(n) > 0;
        }));
    live_groups += members > 0;
    if (members > 0 && leaving[number].size() == members) {
      emptied.insert(number);
    }
  }
  Judge("DISABLED", disabled, live_);
  Judge("GROUPS_EMPTIED", static_cast<int64_t>(emptied.size()), live_groups);
  Judge("MERGED", merged, std::max(live_, run_.counters["users_seen"]));
  Judge("EMAILS_CLEARED", cleared, live_);
  if (complete) GuardStrangers();
  (held_.count("GROUPS_EMPTIED") > 0 ? emptied_ : emptying_) = emptied;
}

// Of those that it was let to empty: a source that contradicts itself keeps
// somebody.
void Sync::NoteEmptied() {
  const auto emptied =
      std::count_if(emptying_.begin(), emptying_.end(), [&](const int group) {
        return std::none_of(
            state_.users.begin(), state_.users.end(),
            [&](auto& user) { return user.second.groups.count(group) > 0; });
      });
  if (emptied > 0) NoteTaken("GROUPS_EMPTIED", emptied);
}

void Sync::NoteTaken(const std::string& danger, int64_t rows) {
  state_.taken[directory_ + danger].push_back({now_ / 3600, rows});
}

// From somebody who was not in the trash.
void Sync::NoteTaken(const User& before, const User& after) {
  if (before.in_trash() || at_once_) return;
  const bool merged = !before.managed() && after.managed();
  if (merged) NoteTaken("MERGED", 1);
  if (after.in_trash()) NoteTaken("REMOVED", 1);
  if (before.status != Status::kDisabled && after.status == Status::kDisabled) {
    NoteTaken("DISABLED", 1);
  }
  if (!merged && !before.email.empty() && after.email.empty()) {
    NoteTaken("EMAILS_CLEARED", 1);
  }
}

int64_t Sync::TakenWithinADay(const std::string& danger) const {
  int64_t sum = 0;
  auto taken = state_.taken.find(directory_ + danger);
  if (taken == state_.taken.end()) return 0;
  for (const auto& [hour, rows] : taken->second) {
    if (hour > now_ / 3600 - 24) sum += rows;
  }
  return sum;
}

// With what was taken within a day: many small steps are one large one.
void Sync::Judge(const std::string& danger, int64_t rows, int64_t live) {
  if (planted_ == Planted::kGuardSleeps || rows == 0) return;
  const int64_t taken = TakenWithinADay(danger);
  rows += taken;
  if (danger == "REMOVED" || danger == "GROUPS_EMPTIED" ||
      danger == "MEMBERS_REMOVED") {
    live += taken;
  }
  const auto is_over = [&](const GuardLimit& limit) {
    return rows > limit.count && rows * 100 > live * limit.percent;
  };
  const GuardLimit highest = {.percent = 50, .count = 5};
  const bool over_own = is_over(tenant_.limit);
  if (!over_own && !is_over(highest)) return;
  const GuardLimit& limit = over_own ? tenant_.limit : highest;
  held_[danger];
  run_.problems.insert("CHANGES_HELD");
  Batch& batch = state_.held[directory_][danger];
  batch.count = rows;
  batch.live = live;
  batch.percent = limit.percent;
  batch.limit = limit.count;
}

// Whoever goes leaves his groups, too.
std::string Sync::DangerOfRemoving(int number) const {
  const User& user = state_.users.at(number);
  bool stays = false, empties = false;
  for (const int group : user.groups) {
    stays = stays || missing_.count(group) > 0;
    empties = empties || emptied_.count(group) > 0;
  }
  const bool goes = !stays && user.claims.size() == 1;
  if (goes && held_.count("REMOVED") > 0) return "REMOVED";
  return empties ? "GROUPS_EMPTIED" : "";
}

void Sync::Hold(const std::string& danger, int object, const Taking& taking) {
  state_.held[directory_][danger].rows[object] = taking;
  held_[danger].insert(object);
  Count("held " + danger);
}

// What is left is not held.
void Sync::HoldPartsOf(int object, int number, Taking* taking) {
  if (taking->clear_email && held_.count("EMAILS_CLEARED") > 0) {
    Hold("EMAILS_CLEARED", object, {.user = number, .clear_email = true});
    taking->clear_email = false;
  }
  if (taking->disable && held_.count("DISABLED") > 0) {
    Hold("DISABLED", object, {.user = number, .disable = true});
    taking->disable = false;
  }
  Taking emptying = {.user = number};
  for (const int group : emptied_) {
    if (taking->leave.erase(group) > 0) emptying.leave.insert(group);
  }
  if (!emptying.empty()) Hold("GROUPS_EMPTIED", object, emptying);
}

// The source has said something newer about this object.
void Sync::DropHeld(int object) {
  for (auto& [danger, batch] : state_.held[directory_]) {
    if (danger == "MEMBERS_REMOVED") continue;  // Not about objects.
    batch.rows.erase(object);
  }
}

// Only who has read everything knows what is no longer asked for.
void Sync::Settle(bool knows_all) {
  Batches& batches = state_.held[directory_];
  for (auto entry = batches.begin(); entry != batches.end();) {
    auto& [danger, batch] = *entry;
    if (knows_all) {
      std::erase_if(batch.rows, [&](const auto& row) {
        return held_[entry->first].count(row.first) == 0;
      });
    }
    batch.changes = static_cast<int64_t>(batch.rows.size());
    if (batch.changes > 0) {
      ++entry;
      continue;
    }
    state_.closed.insert(LineOf(directory_, danger, "DISSOLVED", batch));
    entry = batches.erase(entry);
  }
}

// What was approved and nothing else, as far as the source still says so.
Outcome Sync::Approved(const std::string& danger) {
  at_once_ = true;
  run_.kind = "HELD_BATCH";
  NoteLinks();
  const Batch batch = state_.held.at(directory_).at(danger);
  for (const auto& [object, held] : batch.rows) {
    if (danger == "MEMBERS_REMOVED") {
      CarryOutStranger(held);
    } else {
      CarryOutApproved(object, held);
    }
  }
  state_.closed.insert(LineOf(directory_, danger, "APPLIED", batch));
  state_.held.at(directory_).erase(danger);
  outcome_.answer = "OK";
  return Finish();
}

void Sync::CarryOutApproved(int object, const Taking& held) {
  auto wanted = scope_.find(object);
  const bool in_scope = wanted != scope_.end();
  if (held.merge) {
    Taking none;
    if (in_scope) fates_[object] = Seen(wanted->second, true, &none);
    return;
  }
  const int number = held.user;
  if (state_.FindUser(directory_, object) != number) return;
  User& user = state_.users.at(number);
  if (LeavesPinned(user)) return;
  if (held.absent && user.in_trash()) return;
  if (held.absent && !in_scope) {
    Remove(number);
    return;
  }
  if (held.absent) {
    Count("users_kept");
    Count("removals_contradicted");
    return;
  }
  if (!in_scope) return;
  Taking due;
  due.disable = held.disable && !wanted->second.user.enabled;
  due.clear_email = held.clear_email && wanted->second.user.email.empty();
  const std::set<int> groups = WantedGroups(wanted->second);
  for (const int group : held.leave) {
    const bool leaves =
        IsOwn(group) && groups.count(group) == 0 && missing_.count(group) == 0;
    if (leaves) due.leave.insert(group);
  }
  const User before = user;
  Rules rules;
  Take(due, user, &rules);
  Tell(number, before, "UPDATED", rules);
}

}  // namespace rollcall::model
