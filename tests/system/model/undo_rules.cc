#include "tests/system/model/undo_rules.h"

namespace rollcall::model {
namespace {

bool IsTaken(const State& state, int number, const User& before) {
  for (const auto& [directory, claim] : before.claims) {
    const int linked = state.FindUser(directory, claim.object);
    if (linked != 0 && linked != number) return true;
  }
  return false;
}

// Those of whom the run knows what they were, and who can be it again: nobody
// else has what was theirs, but for those who give it back as well.
std::map<int, User> PutBack(const DoneRun& run, const State& state) {
  std::map<int, User> ways;
  for (const auto& [number, before] : run.before) {
    const bool may = state.users.count(number) > 0 && before.has_value() &&
                     run.changed_since.count(number) == 0 &&
                     !IsTaken(state, number, *before);
    if (may) ways[number] = *before;
  }
  for (bool settled = false; !settled;) {
    settled = true;
    for (auto way = ways.begin(); way != ways.end();) {
      const int holder = state.FindUser(way->second.username);
      auto other = ways.find(holder);
      const bool is_free =
          holder == 0 || holder == way->first ||
          (other != ways.end() &&
           other->second.username != state.users.at(holder).username);
      if (is_free) {
        ++way;
        continue;
      }
      way = ways.erase(way);
      settled = false;
    }
  }
  return ways;
}

// Devices and notes are nobody's but the user's. Who was in the trash goes
// there again with seven full days.
User Reverted(const User& now_is, const User& before, const State& state,
              int64_t now) {
  User after = before;
  after.note = now_is.note;
  after.devices = now_is.devices;
  after.created = now_is.created;
  after.deletions = now_is.deletions;
  std::erase_if(after.groups,
                [&](int group) { return state.groups.count(group) == 0; });
  if (!before.in_trash()) {
    after.deleted = 0;
  } else if (now_is.in_trash()) {
    after.deleted = now_is.deleted;
  } else {
    after.deleted = now;
    ++after.deletions;
  }
  return after;
}

User Uncreated(const User& now_is, int64_t now) {
  User after = now_is;
  after.groups.clear();
  if (after.in_trash()) return after;
  after.deleted = now;
  ++after.deletions;
  return after;
}

// R45, R46: a group that was taken over since lets them go again one day.
void LetStrangersIn(const User& user, State& state) {
  for (const int number : user.groups) {
    Group& group = state.groups.at(number);
    if (group.directory.empty()) continue;
    const bool is_known = user.claims.count(group.directory) > 0;
    if (!is_known || user.in_trash()) group.has_strangers = true;
  }
}

}  // namespace

void History::Add(const State& before, const Outcome& outcome,
                  const std::string& name, const std::string& directory,
                  int64_t now) {
  for (const Event& event : outcome.events) {
    if (event.of_group) continue;
    for (DoneRun& run : runs_) {
      if (run.before.count(event.number) > 0) {
        run.changed_since.insert(event.number);
      }
    }
  }
  if (!outcome.run.has_value()) return;
  DoneRun& run = runs_.emplace_back();
  run.name = name;
  run.directory = directory;
  run.kind = outcome.run->kind;
  run.ended = now;
  for (const Event& event : outcome.events) {
    if (event.of_group) {
      ++run.group_changes;
      continue;
    }
    auto user = before.users.find(event.number);
    run.before[event.number] = user == before.users.end()
                                   ? std::nullopt
                                   : std::optional<User>(user->second);
  }
}

Outcome History::Undo(size_t index, State& state, int64_t now) {
  DoneRun& run = runs_.at(index);
  if (run.kind == "REVERT") return {.answer = "RUN_NOT_REVERTIBLE"};
  if (run.undone) return {.answer = "RUN_REVERTED"};
  run.undone = true;
  Outcome outcome{.answer = "OK"};
  RunResult result{.kind = "REVERT", .state = "SUCCEEDED"};
  const std::map<int, User> ways = PutBack(run, state);
  for (const auto& [number, before] : run.before) {
    std::string reason;
    if (state.users.count(number) == 0) {
      reason = "PURGED";
    } else if (run.changed_since.count(number) > 0) {
      reason = "CHANGED_SINCE";
    } else if (before.has_value() && ways.count(number) == 0) {
      reason = "NAME_TAKEN";
    }
    if (!reason.empty()) {
      ++result.counters["not_reverted " + reason];
      result.state = "PARTIAL";
      result.problems = {"USERS_NOT_REVERTED"};
      continue;
    }
    User& user = state.users.at(number);
    const User now_is = user;
    user = before.has_value() ? Reverted(now_is, *before, state, now)
                              : Uncreated(now_is, now);
    user.pinned_by = run.directory;
    user.updated = now;
    LetStrangersIn(user, state);
    ++result.counters["users_reverted"];
    const std::string kind = user.in_trash() == now_is.in_trash() ? "UPDATED"
                             : user.in_trash()                    ? "REMOVED"
                                                                  : "RESTORED";
    outcome.events.push_back(
        {.number = number,
         .kind = kind,
         .line = LineOf(user, state) + LeftLine(now_is, user, state),
         .rules = {"B5"}});
  }
  // Groups keep their names and links.
  if (run.group_changes > 0) {
    result.counters["warnings GROUP_KEPT"] = run.group_changes;
  }
  outcome.run = result;
  return outcome;
}

}  // namespace rollcall::model
