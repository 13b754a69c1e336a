#include "tests/system/model/life.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/log/log.h"
#include "tests/system/model/comparison.h"
#include "tests/system/model/service_view.h"

namespace rollcall::model {
namespace {

constexpr int64_t kDay = 24 * 3600;

// `accounts/acme/directories/d1/runs/...` is of d1.
std::string DirectoryIn(const std::string& run) {
  const std::vector<std::string> parts = absl::StrSplit(run, '/');
  return parts.at(3);
}

}  // namespace

Life::Life(const TrialOptions& options)
    : options_(options),
      prng_(options.seed),
      tenants_(FirstTenants(options.seed)) {
  for (const auto& [directory, tenant] : tenants_) {
    driver_.Configure(directory, tenant);
  }
}

Verdict Life::Live() {
  for (const Step& step : options_.steps) {
    Say(step.ToString());
    prng_ = entra::Prng(step.number);
    driver_.AdvanceSeconds(60);
    Crash crash;
    if (step.crashes) {
      crash.at_commit = 1 + static_cast<int>(prng_.Below(8));
      crash.written = prng_.Chance(0.5);
      crash.reading_lost = prng_.Chance(0.3);
    }
    driver_.set_crash(crash);
    Take(step.kind);
    if (!verdict_.defect.empty()) break;
  }
  return std::move(verdict_);
}

void Life::Take(Step::Kind kind) {
  switch (kind) {
    case Step::Kind::kTenant:
    case Step::Kind::kConfigure:
      return ChangeSource(kind);
    case Step::Kind::kFull:
      return SyncEverything(/*of_changes=*/false);
    case Step::Kind::kChanges:
      return SyncEverything(/*of_changes=*/true);
    case Step::Kind::kSingle:
      return SyncOne();
    case Step::Kind::kUser:
      return EditUser();
    case Step::Kind::kGroup:
      return EditGroup();
    case Step::Kind::kTime:
      return PassTime();
    case Step::Kind::kApprove:
      return Approve();
    case Step::Kind::kPlan:
      return PlanAndApply();
    case Step::Kind::kUndo:
      return Undo();
    case Step::Kind::kDesk:
      return Decide();
  }
}

void Life::ChangeSource(Step::Kind kind) {
  const std::string directory = AnyDirectory();
  Tenant& tenant = tenants_.at(directory);
  for (uint64_t left = 1 + prng_.Below(4); left > 0; --left) {
    Say(absl::StrCat("  ", directory, ": ",
                     kind == Step::Kind::kTenant
                         ? ChangeTenant(prng_, tenant)
                         : ChangeConfiguration(prng_, tenant)));
  }
  driver_.Configure(directory, tenant);
}

Sync Life::SyncOf(const std::string& directory) {
  return Sync(state_, directory, tenants_.at(directory), driver_.Now(),
              options_.planted);
}

// Whom the trash keeps no longer is purged, one after the other (R60).
void Life::PassTime() {
  const int64_t days = 1 + static_cast<int64_t>(prng_.Below(5));
  Say(absl::StrCat("  ", days, " days"));
  driver_.AdvanceSeconds(days * kDay);
  const std::map<int, User> users = state_.users;
  for (const auto& [number, user] : users) {
    if (!user.in_trash() || user.deleted + 7 * kDay > driver_.Now()) continue;
    Say("  purge " + user.username);
    const Outcome outcome = NewEdit().Purge(number, user.deletions);
    Judge(outcome, driver_.Purge(number, user.deletions));
    if (!verdict_.defect.empty()) return;
  }
}

void Life::Judge(const Outcome& outcome, const std::string& answer) {
  if (outcome.answer != answer && !driver_.crashed()) {
    return Defect(
        absl::StrCat("answer\nmodel: ", outcome.answer, "\nservice: ", answer));
  }
  Compare(outcome);
}

void Life::Compare(const Outcome& outcome) {
  Defect(CompareLines(LinesOf(state_), driver_.view().Lines()));
  driver_.view().LearnNumbers(state_);
  const Told told = driver_.view().NewEvents();
  Defect(CompareEvents(outcome.events, told.events));
  if (told.runs.size() != (outcome.run.has_value() ? 1u : 0u)) {
    Defect(absl::StrCat(told.runs.size(), " runs have ended"));
  } else if (outcome.run.has_value()) {
    Defect(CompareRuns(*outcome.run, told.runs[0], driver_.crashed()));
  }
  if (!told.runs.empty()) {
    history_.Add(before_, outcome, told.runs[0].name,
                 DirectoryIn(told.runs[0].name), driver_.Now());
  } else {
    history_.Add(before_, outcome, "", "", driver_.Now());
  }
  before_ = state_;
  if (!told.run_is_last) Defect("changes after the end of a run");
  Defect(driver_.BrokenInvariants());
}

Verdict RunTrial(const TrialOptions& options) {
  SetLogSink([](absl::string_view) {});  // Much fails on purpose here.
  Verdict verdict = Life(options).Live();
  SetLogSink(nullptr);
  return verdict;
}

}  // namespace rollcall::model
