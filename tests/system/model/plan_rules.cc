#include "tests/system/model/plan_rules.h"

#include <algorithm>
#include <map>
#include <set>

namespace rollcall::model {
namespace {

template <typename Map>
std::set<int> ChangedIn(const Map& before, const Map& after) {
  std::set<int> changed;
  for (const auto& [number, value] : after) {
    auto known = before.find(number);
    if (known == before.end() || !(known->second == value)) {
      changed.insert(number);
    }
  }
  return changed;
}

template <typename Map>
bool AreAsBefore(const std::set<int>& changed, const Map& before,
                 const Map& now) {
  return std::all_of(changed.begin(), changed.end(), [&](int number) {
    auto known = before.find(number);
    auto found = now.find(number);
    return known == before.end() ||
           (found != now.end() && found->second == known->second);
  });
}

}  // namespace

bool IsAsPlanned(const MadePlan& plan, const State& state) {
  return AreAsBefore(ChangedIn(plan.before.users, plan.after.users),
                     plan.before.users, state.users) &&
         AreAsBefore(ChangedIn(plan.before.groups, plan.after.groups),
                     plan.before.groups, state.groups);
}

Outcome ApplyPlan(const MadePlan& plan, State& state, int64_t now) {
  // Whoever is new gets a number of his own: others may have come meanwhile.
  std::map<int, int> numbers;
  const auto number_of = [&](int number) {
    if (number < plan.before.next) return number;
    auto [entry, is_new] = numbers.insert({number, state.next});
    state.next += is_new;
    return entry->second;
  };
  for (const int group : ChangedIn(plan.before.groups, plan.after.groups)) {
    state.groups[number_of(group)] = plan.after.groups.at(group);
  }
  for (const int number : ChangedIn(plan.before.users, plan.after.users)) {
    User user = plan.after.users.at(number);
    std::set<int> groups;
    for (const int group : user.groups) groups.insert(number_of(group));
    user.groups = groups;
    state.users[number_of(number)] = user;
  }
  Batches& held = state.held[plan.directory];
  held = plan.after.held.at(plan.directory);
  for (auto& [danger, batch] : held) {
    for (auto& [object, taking] : batch.rows) {
      taking.user = number_of(taking.user);
      std::set<int> leave;
      for (const int group : taking.leave) leave.insert(number_of(group));
      taking.leave = leave;
    }
  }
  std::multiset<std::string> closed = plan.after.closed;
  for (const std::string& line : plan.before.closed) {
    closed.erase(closed.find(line));
  }
  state.closed.insert(closed.begin(), closed.end());

  Outcome outcome = plan.outcome;
  for (Event& event : outcome.events) event.number = number_of(event.number);
  // Nobody stays pinned (B5), whoever was meanwhile.
  for (auto& [number, user] : state.users) {
    if (user.pinned_by != plan.directory) continue;
    user.pinned_by.clear();
    user.updated = now;
    outcome.events.push_back(
        {.number = number,
         .kind = "UPDATED",
         .line = LineOf(user, state) + LeftLine(user, user, state),
         .rules = {"B5"}});
  }
  outcome.run->met.clear();  // The plan has met it.
  return outcome;
}

}  // namespace rollcall::model
