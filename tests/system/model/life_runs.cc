// The half of Life that has runs made.
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/system/model/life.h"

namespace rollcall::model {

void Life::SyncEverything(bool of_changes) {
  const std::string directory = AnyDirectory();
  Say("  of " + directory);
  const Tenant& tenant = tenants_.at(directory);
  Sync sync = SyncOf(directory);
  auto last = last_readings_.find(directory);
  const bool has_last = last != last_readings_.end();
  const Outcome outcome =
      of_changes && has_last ? sync.Changes(last->second) : sync.Full();
  last_readings_[directory] = ScopeOf(tenant);
  const std::string answer =
      of_changes ? driver_.SyncChanges(directory) : driver_.FullSync(directory);
  if (answer != "OK") return Defect("the run: " + answer);
  Compare(outcome);
}

void Life::SyncOne() {
  const std::string directory = AnyDirectory();
  const Tenant& tenant = tenants_.at(directory);
  std::string upn = AnyUsername(prng_);
  if (!tenant.users.empty() && prng_.Chance(0.7)) {
    upn = tenant.users.at(Any(tenant.users)).upn;
  }
  if (upn.find('@') == std::string::npos) upn += "@a.test";
  Say(absl::StrCat("  ", upn, " of ", directory));
  const Outcome outcome = SyncOf(directory).One(upn);
  Judge(outcome, driver_.SyncUser(directory, upn));
}

// What is held, if anything is, and as it was a moment ago (B2).
void Life::Approve() {
  std::vector<std::pair<std::string, std::string>> held;
  for (const auto& [directory, batches] : state_.held) {
    for (const auto& [danger, batch] : batches) {
      held.push_back({directory, danger});
    }
  }
  if (held.empty()) return;
  const auto& [directory, danger] = held[prng_.Below(held.size())];
  const int64_t changes = state_.held.at(directory).at(danger).changes;
  Say(absl::StrCat("  of ", changes, " ", danger, " of ", directory));
  if (prng_.Chance(0.2)) {
    return Judge({.answer = "BATCH_MOVED"},
                 driver_.Approve(directory, danger, changes + 1));
  }
  const Outcome outcome = SyncOf(directory).Approved(danger);
  Judge(outcome, driver_.Approve(directory, danger, changes));
}

// A plan changes nothing. Applied it does what a run would do now, or, if the
// source has moved since, nothing at all (B1).
void Life::PlanAndApply() {
  const std::string directory = AnyDirectory();
  Say("  of " + directory);
  const std::string planned = driver_.Plan(directory);
  if (planned != "OK") return Defect("the plan: " + planned);
  Compare(Outcome());
  driver_.AdvanceSeconds(60);
  const bool moves = prng_.Chance(0.4);
  if (moves) ChangeSource(Step::Kind::kTenant);

  const Tenant& tenant = tenants_.at(directory);
  const State before = state_;
  Outcome outcome = SyncOf(directory).Planned();
  outcome.run->met.clear();  // The plan has met it.
  const std::string answer = driver_.ApplyPlan(directory);
  if (answer == "OK") {
    last_readings_[directory] = ScopeOf(tenant);
    state_.taken = before.taken;  // Somebody has asked for it.
    return Compare(outcome);
  }
  Say("  " + answer);
  const bool may_be_refused = answer == "PLAN_SOURCE_UNPROVEN"
                                  ? !tenant.readings_complete
                                  : moves && answer == "PLAN_SOURCE_MOVED";
  if (!may_be_refused) return Defect("the application: " + answer);
  state_ = before;
  Compare({.run = RunResult{
               .kind = "PLAN", .state = "FAILED", .problems = {answer}}});
}

// One that was not long ago: runs of changes are not kept for ever.
void Life::Undo() {
  constexpr int64_t kKept = 20 * 24 * 3600;
  const size_t count = history_.runs().size();
  if (count == 0) return;
  // Rather one of the last ones: others have changed much since.
  const size_t back = prng_.Below(prng_.Chance(0.7) ? 3 : 10);
  if (back >= count) return;
  const DoneRun& run = history_.runs()[count - 1 - back];
  if (run.ended + kKept < driver_.Now()) return;
  const std::string name = run.name;
  Say(absl::StrCat("  of ", run.kind, " of ", run.directory, ", ", back,
                   " runs ago"));
  const Outcome outcome =
      history_.Undo(count - 1 - back, state_, driver_.Now());
  Judge(outcome, driver_.Revert(name));
}

}  // namespace rollcall::model
