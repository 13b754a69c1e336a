#include "services/reconciliation/user_marks.h"

#include <algorithm>
#include <iterator>

namespace rollcall::reconciliation {
namespace {

store::UserMarkRow::Outcome OutcomeOf(Fate fate) {
  switch (fate) {
    case Fate::kCreate:
      return store::UserMarkRow::CREATED;
    case Fate::kMerge:
      return store::UserMarkRow::MERGED;
    case Fate::kUpdate:
    case Fate::kDropClaim:
    case Fate::kHold:
      return store::UserMarkRow::UPDATED;
    case Fate::kRestore:
      return store::UserMarkRow::RESTORED;
    case Fate::kUnchanged:
    case Fate::kRemove:
    case Fate::kSkip:
    case Fate::kWait:
      return store::UserMarkRow::UNCHANGED;
  }
  return store::UserMarkRow::UNCHANGED;
}

}  // namespace

store::UserMarkRow Marked(const store::UserMarkRow& before,
                          absl::string_view run, const UserDecision& decision,
                          int64_t memberships_added,
                          int64_t memberships_removed) {
  store::UserMarkRow mark;
  if (before.run() == run) mark = before;
  mark.set_run(std::string(run));
  // Who was created by this run stays created, whatever it changes afterwards.
  if (mark.outcome() == store::UserMarkRow::UNCHANGED ||
      mark.outcome() == store::UserMarkRow::UPDATED) {
    const store::UserMarkRow::Outcome outcome = OutcomeOf(decision.fate);
    if (outcome != store::UserMarkRow::UNCHANGED) mark.set_outcome(outcome);
  }
  mark.set_disabled(mark.disabled() || decision.disabled);
  mark.set_enabled(mark.enabled() || decision.enabled);
  mark.set_renamed(mark.renamed() || decision.renamed);
  mark.set_memberships_added(mark.memberships_added() + memberships_added);
  mark.set_memberships_removed(mark.memberships_removed() +
                               memberships_removed);
  return mark;
}

void CountSeen(const store::UserMarkRow& mark, v1::RunCounters* counters) {
  auto add = [counters](int64_t (v1::RunCounters::*get)() const,
                        void (v1::RunCounters::*set)(int64_t),
                        int64_t by) { Add(by, get, set, counters); };
  using C = v1::RunCounters;
  switch (mark.outcome()) {
    case store::UserMarkRow::CREATED:
      add(&C::users_created, &C::set_users_created, 1);
      break;
    case store::UserMarkRow::MERGED:
      add(&C::users_merged, &C::set_users_merged, 1);
      break;
    case store::UserMarkRow::UPDATED:
      add(&C::users_updated, &C::set_users_updated, 1);
      break;
    case store::UserMarkRow::RESTORED:
      add(&C::users_restored, &C::set_users_restored, 1);
      break;
    default:
      add(&C::users_unchanged, &C::set_users_unchanged, 1);
      break;
  }
  CountChanges(mark, counters);
}

void CountChanges(const store::UserMarkRow& mark, v1::RunCounters* counters) {
  auto add = [counters](int64_t (v1::RunCounters::*get)() const,
                        void (v1::RunCounters::*set)(int64_t),
                        int64_t by) { Add(by, get, set, counters); };
  using C = v1::RunCounters;
  add(&C::users_disabled, &C::set_users_disabled, mark.disabled());
  add(&C::users_enabled, &C::set_users_enabled, mark.enabled());
  add(&C::users_renamed, &C::set_users_renamed, mark.renamed());
  add(&C::memberships_added, &C::set_memberships_added,
      mark.memberships_added());
  add(&C::memberships_removed, &C::set_memberships_removed,
      mark.memberships_removed());
}

void Add(int64_t by, int64_t (v1::RunCounters::*get)() const,
         void (v1::RunCounters::*set)(int64_t), v1::RunCounters* counters) {
  (counters->*set)((counters->*get)() + by);
}

int64_t CountOnlyInFirst(const std::vector<std::string>& first,
                         const std::vector<std::string>& second) {
  std::vector<absl::string_view> rest;
  std::set_difference(first.begin(), first.end(), second.begin(), second.end(),
                      std::back_inserter(rest));
  return static_cast<int64_t>(rest.size());
}

}  // namespace rollcall::reconciliation
