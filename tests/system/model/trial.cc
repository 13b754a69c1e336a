#include "tests/system/model/trial.h"

#include <iterator>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "tests/system/model/comparison.h"
#include "tests/system/model/driver.h"
#include "tests/system/model/edit_rules.h"
#include "tests/system/model/service_view.h"
#include "tests/system/model/state.h"
#include "tests/system/model/sync_rules.h"

namespace rollcall::model {
namespace {

using entra::Prng;

constexpr int64_t kDay = 24 * 3600;

class Trial {
 public:
  explicit Trial(const TrialOptions& options)
      : options_(options),
        prng_(options.seed),
        tenants_(FirstTenants(options.seed)) {
    for (const auto& [directory, tenant] : tenants_) {
      driver_.Configure(directory, tenant);
    }
  }

  Verdict Run() {
    for (const Step& step : options_.steps) {
      Say(step.ToString());
      prng_ = Prng(step.number);
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

 private:
  void Say(const std::string& line) { verdict_.story.push_back(line); }
  void Defect(const std::string& what) {
    if (verdict_.defect.empty() && !what.empty()) verdict_.defect = what;
  }

  template <typename Map>
  int Any(const Map& map) {
    auto entry = map.begin();
    std::advance(entry, prng_.Below(map.size()));
    return entry->first;
  }
  std::string AnyDirectory() { return prng_.Chance(0.7) ? "d1" : "d2"; }
  Status AnyStatus() { return static_cast<Status>(prng_.Below(3)); }

  void Take(Step::Kind kind) {
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
    }
  }

  void ChangeSource(Step::Kind kind) {
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

  void SyncEverything(bool of_changes) {
    const std::string directory = AnyDirectory();
    Say("  of " + directory);
    const Tenant& tenant = tenants_.at(directory);
    Sync sync(state_, directory, tenant, driver_.Now(), options_.planted);
    auto last = last_readings_.find(directory);
    const bool has_last = last != last_readings_.end();
    const Outcome outcome =
        of_changes && has_last ? sync.Changes(last->second) : sync.Full();
    last_readings_[directory] = ScopeOf(tenant);
    const std::string answer = of_changes ? driver_.SyncChanges(directory)
                                          : driver_.FullSync(directory);
    if (answer != "OK") return Defect("the run: " + answer);
    Compare(outcome);
  }

  void SyncOne() {
    const std::string directory = AnyDirectory();
    const Tenant& tenant = tenants_.at(directory);
    std::string upn = AnyUsername(prng_);
    if (!tenant.users.empty() && prng_.Chance(0.7)) {
      upn = tenant.users.at(Any(tenant.users)).upn;
    }
    if (upn.find('@') == std::string::npos) upn += "@a.test";
    Say(absl::StrCat("  ", upn, " of ", directory));
    const Outcome outcome =
        Sync(state_, directory, tenant, driver_.Now(), options_.planted)
            .One(upn);
    Judge(outcome, driver_.SyncUser(directory, upn));
  }

  // What is held, if anything is, and as it was a moment ago (B2).
  void Approve() {
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
    const Outcome outcome = Sync(state_, directory, tenants_.at(directory),
                                 driver_.Now(), options_.planted)
                                .Approved(danger);
    Judge(outcome, driver_.Approve(directory, danger, changes));
  }

  // A plan changes nothing. Applied it does what a run would do now, or, if the
  // source has moved since, nothing at all (B1).
  void PlanAndApply() {
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
    Outcome outcome =
        Sync(state_, directory, tenant, driver_.Now(), options_.planted).Full();
    outcome.run->kind = "PLAN";
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

  // Each call is told to the model and to the service.
  void EditUser() {
    Edit edit(state_, tenants_, driver_.Now(), options_.planted);
    UserEdit fields;
    if (state_.users.empty() || prng_.Chance(0.25)) {
      fields.username = AnyUsername(prng_);
      fields.email = "hand@m.test";
      fields.phones = {AnyPhone(prng_)};
      Say("  create " + *fields.username);
      const Outcome outcome = edit.CreateUser(fields);
      return Judge(outcome, driver_.CreateUser(fields));
    }
    const int user = Any(state_.users);
    Say(absl::StrCat("  of ", user, " ", state_.users.at(user).username));
    switch (prng_.Below(6)) {
      case 0: {
        const Status status = AnyStatus();
        Say(absl::StrCat("  status ", static_cast<int>(status)));
        const Outcome outcome = edit.SetStatus(user, status);
        return Judge(outcome, driver_.SetStatus(user, status));
      }
      case 1: {
        const std::string device = absl::StrCat("device", prng_.Below(2));
        const bool add = prng_.Chance(0.7);
        Say(absl::StrCat(add ? "  add " : "  remove ", device));
        const Outcome outcome = add ? edit.AddDevice(user, device)
                                    : edit.RemoveDevice(user, device);
        return Judge(outcome, add ? driver_.AddDevice(user, device)
                                  : driver_.RemoveDevice(user, device));
      }
      case 2: {
        Say("  delete");
        const Outcome outcome = edit.DeleteUser(user);
        return Judge(outcome, driver_.DeleteUser(user));
      }
      case 3: {
        const int deletions =
            static_cast<int>(prng_.Below(2)) + state_.users.at(user).deletions;
        Say(absl::StrCat("  purge deletion ", deletions));
        const Outcome outcome = edit.Purge(user, deletions);
        return Judge(outcome, driver_.Purge(user, deletions));
      }
      default:
        break;
    }
    if (prng_.Chance(0.3)) fields.username = AnyUsername(prng_);
    if (prng_.Chance(0.2)) fields.display_name = "By Hand";
    if (prng_.Chance(0.2)) fields.email = prng_.Chance(0.5) ? "" : "h@m.test";
    if (prng_.Chance(0.4)) fields.note = absl::StrCat("note ", prng_.Below(2));
    if (prng_.Chance(0.3)) fields.phones = {AnyPhone(prng_)};
    if (!fields.username && !fields.display_name && !fields.email &&
        !fields.phones) {
      fields.note = "only a note";
    }
    Say("  update");
    const Outcome outcome = edit.UpdateUser(user, fields);
    Judge(outcome, driver_.UpdateUser(user, fields));
  }

  void EditGroup() {
    Edit edit(state_, tenants_, driver_.Now(), options_.planted);
    const std::string name = AnyGroupName(prng_);
    if (state_.groups.empty() || prng_.Chance(0.2)) {
      Say("  create " + name);
      const Outcome outcome = edit.CreateGroup(name);
      return Judge(outcome, driver_.CreateGroup(name));
    }
    const int group = Any(state_.groups);
    Say(absl::StrCat("  of ", group, " ",
                     state_.groups.at(group).display_name));
    switch (prng_.Below(6)) {
      case 0: {
        Say("  name " + name);
        const Outcome outcome = edit.RenameGroup(group, name);
        return Judge(outcome, driver_.RenameGroup(group, name));
      }
      case 1: {
        const Status status = AnyStatus();
        Say(absl::StrCat("  status ", static_cast<int>(status)));
        const Outcome outcome = edit.SetGroupStatus(group, status);
        return Judge(outcome, driver_.SetGroupStatus(group, status));
      }
      case 2: {
        const bool force = prng_.Chance(0.6);
        Say(absl::StrCat("  delete, force ", force));
        const Outcome outcome = edit.DeleteGroup(group, force);
        return Judge(outcome, driver_.DeleteGroup(group, force));
      }
      default: {
        if (state_.users.empty()) return;
        const int user = Any(state_.users);
        const bool member = prng_.Chance(0.7);
        Say(absl::StrCat(member ? "  add " : "  remove ", user));
        const Outcome outcome = edit.SetMember(group, user, member);
        return Judge(outcome, driver_.SetMember(group, user, member));
      }
    }
  }

  // Whom the trash keeps no longer is purged, one after the other (R60).
  void PassTime() {
    const int64_t days = 1 + static_cast<int64_t>(prng_.Below(5));
    Say(absl::StrCat("  ", days, " days"));
    driver_.AdvanceSeconds(days * kDay);
    const std::map<int, User> users = state_.users;
    for (const auto& [number, user] : users) {
      if (!user.in_trash() || user.deleted + 7 * kDay > driver_.Now()) continue;
      Say("  purge " + user.username);
      const Outcome outcome =
          Edit(state_, tenants_, driver_.Now(), options_.planted)
              .Purge(number, user.deletions);
      Judge(outcome, driver_.Purge(number, user.deletions));
      if (!verdict_.defect.empty()) return;
    }
  }

  // A call that was asked again says what it finds, which is what it has done.
  void Judge(const Outcome& outcome, const std::string& answer) {
    if (outcome.answer != answer && !driver_.crashed()) {
      return Defect(absl::StrCat("answer\nmodel: ", outcome.answer,
                                 "\nservice: ", answer));
    }
    Compare(outcome);
  }

  void Compare(const Outcome& outcome) {
    Defect(CompareLines(LinesOf(state_), driver_.view().Lines()));
    driver_.view().LearnNumbers(state_);
    const Told told = driver_.view().NewEvents();
    Defect(CompareEvents(outcome.events, told.events));
    if (told.runs.size() != (outcome.run.has_value() ? 1u : 0u)) {
      Defect(absl::StrCat(told.runs.size(), " runs have ended"));
    } else if (outcome.run.has_value()) {
      Defect(CompareRuns(*outcome.run, told.runs[0]));
    }
    if (!told.run_is_last) Defect("changes after the end of a run");
    Defect(driver_.BrokenInvariants());
  }

  const TrialOptions options_;
  Prng prng_;
  std::map<std::string, Tenant> tenants_;
  // Who was in scope when everything was read, or what had changed.
  std::map<std::string, std::map<int, Wanted>> last_readings_;
  State state_;
  Driver driver_;
  Verdict verdict_;
};

}  // namespace

Verdict RunTrial(const TrialOptions& options) {
  SetLogSink([](absl::string_view) {});  // Much fails on purpose here.
  Verdict verdict = Trial(options).Run();
  SetLogSink(nullptr);
  return verdict;
}

}  // namespace rollcall::model
