// The half of Life that has runs made.
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/system/model/comparison.h"
#include "tests/system/model/life.h"
#include "tests/system/model/plan_rules.h"

namespace rollcall::model {
namespace {

// Whether a reading would say anything else.
bool HasMoved(const Tenant& before, const Tenant& now) {
  const auto groups = [](const Tenant& tenant) {
    std::map<int, std::string> names;
    for (const auto& [object, group] : tenant.groups) {
      if (!group.selected) continue;
      names[object] = group.missing ? "" : group.display_name;
    }
    return names;
  };
  return ScopeOf(before) != ScopeOf(now) || groups(before) != groups(now);
}

bool HaveOtherNames(const std::map<int, Group>& before,
                    const std::map<int, Group>& now) {
  for (const auto& [number, group] : before) {
    auto found = now.find(number);
    if (found != now.end() &&
        found->second.display_name != group.display_name) {
      return true;
    }
  }
  return false;
}

}  // namespace

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

// A plan changes nothing. Applied it does what it has said and nothing else,
// or, if the source or what it changes has moved since, nothing at all (B1).
void Life::PlanAndApply() {
  constexpr int64_t kMinute = 60;
  constexpr Step::Kind kMeanwhile[] = {
      Step::Kind::kTenant, Step::Kind::kTenant, Step::Kind::kUser,
      Step::Kind::kUser,   Step::Kind::kGroup,  Step::Kind::kDesk,
      Step::Kind::kSingle, Step::Kind::kFull,   Step::Kind::kUndo};
  const Step meanwhile{.kind = kMeanwhile[prng_.Below(std::size(kMeanwhile))]};
  const bool moves = prng_.Chance(0.5);
  const std::string directory = AnyDirectory();
  Say("  of " + directory);
  const Tenant source = tenants_.at(directory);
  MadePlan plan{.directory = directory, .before = state_, .after = state_};
  plan.outcome = Sync(plan.after, directory, source, driver_.Now() + kMinute,
                      options_.planted)
                     .Planned();
  MakePlan(directory, plan.outcome);
  if (moves) {
    Say("  meanwhile " + meanwhile.ToString());
    Take(meanwhile.kind);
  }
  if (!verdict_.defect.empty()) return;
  driver_.AdvanceSeconds(kMinute);

  const Tenant& tenant = tenants_.at(directory);
  const bool source_moved = HasMoved(source, tenant);
  // A sync that finds nothing to do notes that it has looked.
  const bool has_looked = moves && (meanwhile.kind == Step::Kind::kSingle ||
                                    meanwhile.kind == Step::Kind::kFull);
  const bool target_moved =
      LinesOf(state_) != LinesOf(plan.before) || has_looked;
  // What the plan tells of users names groups as they were called then.
  if (HaveOtherNames(plan.before.groups, state_.groups)) return;
  const std::string answer = driver_.ApplyPlan(directory);
  if (answer == "OK") {
    if (source_moved) return Defect("applied, and the source has moved");
    if (!IsAsPlanned(plan, state_)) {
      return Defect("applied, and what it changes has moved");
    }
    last_readings_[directory] = ScopeOf(tenant);
    return Compare(ApplyPlan(plan, state_, driver_.Now()));
  }
  Say("  " + answer);
  const bool may_be_refused =
      answer == "PLAN_SOURCE_UNPROVEN" ? !tenant.readings_complete
      : answer == "PLAN_SOURCE_MOVED"
          ? source_moved
          : answer == "PLAN_TARGET_MOVED" && !source_moved && target_moved;
  if (!may_be_refused) return Defect("the application: " + answer);
  Compare({.run = RunResult{
               .kind = "PLAN", .state = "FAILED", .problems = {answer}}});
}

void Life::MakePlan(const std::string& directory, const Outcome& expected) {
  const std::string planned = driver_.Plan(directory);
  if (planned != "OK") return Defect("the plan: " + planned);
  Compare(Outcome());
  RunResult run = *expected.run;
  run.kind = "FULL";
  run.state = "PLANNED";
  for (auto& [what, holder] : run.met) {
    if (holder >= state_.next) holder = 0;  // There only as it is planned.
  }
  Defect(CompareRuns(run, driver_.Planned(directory), driver_.crashed()));
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
