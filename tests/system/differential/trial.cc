#include "tests/system/differential/trial.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/http/client.h"
#include "common/log/log.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/simulated_clock.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/directory/auditor.h"
#include "services/directory/graph_client.h"
#include "services/directory/manager.h"
#include "services/directory/mirror_keeper.h"
#include "services/directory/mirror_view.h"
#include "services/directory/test_sealer.h"
#include "services/directory/waiter.h"
#include "tests/fakes/entra/prng.h"
#include "tests/system/differential/story.h"
#include "tests/system/differential/token_desk.h"
#include "tests/system/differential/trial_follower.h"
#include "tests/system/differential/troubled_tenant.h"
#include "tests/system/directory/world.h"

namespace rollcall::directory {
namespace {

using entra::Prng;

constexpr char kConnection[] = "accounts/acme/connections/c1";
constexpr int kParallelism = 4;

// The first difference of two sorted lists of lines.
std::string Difference(const std::vector<std::string>& ours,
                       const std::vector<std::string>& truth) {
  for (size_t i = 0; i < std::max(ours.size(), truth.size()); ++i) {
    const std::string mine = i < ours.size() ? ours[i] : "(nobody)";
    const std::string real = i < truth.size() ? truth[i] : "(nobody)";
    if (mine != real) return absl::StrCat("ours ", mine, "; truth ", real);
  }
  return "";
}

// Time passes for who waits, but not while a request is under way: it would
// arrive long after another one was told to wait.
class SimulatedWaiter : public Waiter {
 public:
  SimulatedWaiter(SimulatedClock& clock, std::function<bool()> is_under_way)
      : clock_(clock), is_under_way_(std::move(is_under_way)) {}

  void Wait(absl::Duration duration) override {
    while (is_under_way_()) std::this_thread::yield();
    clock_.AdvanceTime(duration);
  }

 private:
  SimulatedClock& clock_;
  const std::function<bool()> is_under_way_;
};

// The service over its store, its operator, and whoever follows it.
class Trial {
 public:
  explicit Trial(const TrialOptions& options)
      : options_(options),
        prng_(options.seed),
        clock_(absl::Now()),
        tenant_(prng_, clock_, story_),
        follower_({.clock = clock_,
                   .story = story_,
                   .truth = [this] { return Truth(); },
                   .is_troubled = [this] { return tenant_.has_faults(); },
                   .trusts_gone_users = options.trusts_gone_users}),
        waiter_(clock_, [this] {
          return graph_->Quota(emulator().tenant_id()).in_flight > 0;
        }) {
    if (!story_.is_sound()) return;
    http_ = *http::Client::Create(
        {.ca_file = emulator().ca_file(), .max_parallel = kParallelism});
    desk_ = std::make_unique<TokenDesk>(emulator(), *http_, clock_);
    store_ = *rollcall::store::OpenInMemory();
    Restart();
    Configure(/*everything=*/true);
    tenant_.Begin();
  }

  Verdict Run() {
    for (const Step& step : options_.steps) {
      if (!story_.is_sound()) break;
      story_.Say(step.ToString());
      prng_ = Prng(step.number);
      Take(step.kind);
      tenant_.CheckManners();
    }
    if (story_.is_sound()) End();
    tenant_.CheckManners();
    return {.defect = story_.defect(),
            .story = story_.lines(),
            .requests =
                tenant_.emulator() == nullptr ? 0 : emulator().request_count()};
  }

 private:
  entra::Emulator& emulator() { return *tenant_.emulator(); }

  void Take(Step::Kind kind) {
    clock_.AdvanceTime(kBetweenOperations);
    switch (kind) {
      case Step::Kind::kChange:
        return ChangeTenant();
      case Step::Kind::kFullRead:
        return follower_.ReadEverything(*keeper_);
      case Step::Kind::kRound:
        return follower_.ReadChanges(*keeper_);
      case Step::Kind::kAudit:
        return Audit(1 + static_cast<int>(prng_.Below(3)));
      case Step::Kind::kSingleUser:
        return ReadOneUser();
      case Step::Kind::kRestart:
        return Restart();
      case Step::Kind::kConfigure:
        return Configure(/*everything=*/false);
      case Step::Kind::kVanish:
        return ChangeSelectedGroup();
      case Step::Kind::kTime:
        return PassTime();
      case Step::Kind::kFaultsOn:
        return tenant_.SwitchFaultsOn();
      case Step::Kind::kFaultsOff:
        return tenant_.SwitchFaultsOff();
    }
  }

  void ChangeTenant() {
    for (uint64_t left = 1 + prng_.Below(6); left > 0; --left) {
      tenant_.LiveOn();
      follower_.NoteWhoIsOut();
    }
  }

  void PassTime() {
    const absl::Duration by = prng_.Chance(0.2)
                                  ? absl::Hours(24 * (1 + prng_.Below(9)))
                                  : absl::Minutes(1 + prng_.Below(90));
    story_.Say("  " + absl::FormatDuration(by));
    clock_.AdvanceTime(by);
  }

  void ChangeSelectedGroup() {
    const std::string group = groups_[prng_.Below(groups_.size())];
    entra::Tenant& tenant = tenant_.tenant();
    if (tenant_.IsLive(group)) {
      story_.Say("  vanishes: " + group);
      if (!tenant.DeleteGroup(group).ok()) {
        story_.Defect("a group cannot be deleted");
      }
    } else if (prng_.Chance(0.6) && tenant.RestoreGroup(group).ok()) {
      story_.Say("  comes back: " + group);
    } else {
      Recreate(group);
    }
    follower_.NoteWhoIsOut();
  }

  // R19: another group in its place, which the operator selects instead.
  void Recreate(const std::string& group) {
    std::vector<std::string> users;
    for (const auto& [id, user] : follower_.users()) users.push_back(id);
    const std::string anew = tenant_.MakeAnew(group, users);
    std::replace(groups_.begin(), groups_.end(), group, anew);
    PutConfiguration();
  }

  // What an operator does who wants everything to be in order again.
  void PutGroupsInOrder() {
    const std::vector<std::string> selected = groups_;
    for (const std::string& group : selected) {
      if (tenant_.IsLive(group) || tenant_.tenant().RestoreGroup(group).ok()) {
        continue;
      }
      Recreate(group);
    }
    tenant_.ShowAllMembers();
    follower_.NoteWhoIsOut();
  }

  void Restart() {
    keeper_.reset();
    manager_.reset();
    graph_ =
        std::make_unique<GraphClient>(*http_, *desk_, *store_, clock_, waiter_);
    manager_ =
        std::make_unique<DirectoryManager>(*store_, *desk_, *graph_, clock_);
    keeper_ = std::make_unique<MirrorKeeper>(
        *store_, *desk_, *graph_, TestSealer(), clock_,
        FullReadOptions{.parallelism = kParallelism,
                        .user_source = prng_.Chance(0.5) ? UserSource::kList
                                                         : UserSource::kByIds});
  }

  void Configure(bool everything) {
    if (everything || prng_.Chance(0.5)) {
      groups_.clear();
      for (const std::string& group : tenant_.groups()) {
        if (prng_.Chance(0.6)) groups_.push_back(group);
      }
      if (groups_.empty()) groups_.push_back(tenant_.groups()[1]);
    }
    configuration_.set_display_name("Trial");
    configuration_.set_connection(kConnection);
    configuration_.set_phone_import_enabled(prng_.Chance(0.5));
    configuration_.set_username_normalization_enabled(prng_.Chance(0.4));
    configuration_.set_guest_policy(prng_.Chance(0.3) ? v1::Directory::EXCLUDE
                                                      : v1::Directory::IMPORT);
    PutConfiguration();
  }

  void PutConfiguration() {
    configuration_.clear_selected_groups();
    for (const std::string& id : groups_) {
      configuration_.add_selected_groups()->set_source_id(id);
    }
    story_.Say("  " + absl::StrJoin(groups_, ", "));
    absl::Status status;
    if (configured_) {
      v1::UpdateDirectoryRequest update;
      *update.mutable_directory() = configuration_;
      update.mutable_directory()->set_name(kTrialDirectory);
      for (const char* path :
           {"selected_groups", "phone_import_enabled", "guest_policy",
            "username_normalization_enabled"}) {
        update.mutable_update_mask()->add_paths(path);
      }
      status = manager_->Update(update).status();
    } else {
      v1::CreateDirectoryRequest create;
      create.set_parent("accounts/acme");
      create.set_directory_id("d1");
      *create.mutable_directory() = configuration_;
      status = manager_->Create(create).status();
    }
    configured_ = true;
    if (!status.ok()) story_.Defect("not configured: " + status.ToString());
    follower_.NoteWhoIsOut();
  }

  std::vector<std::string> Truth() {
    return ExpectedLines(emulator(), groups_, configuration_);
  }

  void ReadOneUser() {
    std::vector<std::string> ids;
    for (const auto& [id, user] : follower_.users()) ids.push_back(id);
    const std::vector<std::string> truth = Truth();
    std::set<std::string> in_truth;
    for (const std::string& line : truth) in_truth.insert(IdOfLine(line));
    ids.insert(ids.end(), in_truth.begin(), in_truth.end());
    if (ids.empty()) return;
    const std::string id = ids[prng_.Below(ids.size())];
    const auto user = follower_.ReadUser(*keeper_, id);
    if (tenant_.has_faults()) return;
    if (!user.ok()) {
      return story_.Defect("one user cannot be read: " +
                           user.status().ToString());
    }
    if (!tenant_.ShowsEverything(groups_)) return;
    const auto line = std::find_if(
        truth.begin(), truth.end(),
        [&](const auto& candidate) { return IdOfLine(candidate) == id; });
    if (user->in_scope() != (line != truth.end())) {
      return story_.Defect(absl::StrCat("one user: ", id, " in scope ",
                                        user->in_scope(),
                                        ", which is not true"));
    }
    if (!user->in_scope()) return;
    std::vector<std::string> groups;
    for (const auto& path : user->paths()) {
      groups.push_back(path.groups(0).source_id());
    }
    const std::string told = absl::StrJoin(groups, ",");
    if (line->substr(line->size() - told.size()) != told) {
      story_.Defect(absl::StrCat("one user: in ", told, "; truth ", *line));
    }
  }

  store::StoredAudit AuditState() {
    const auto name = DirectoryName::Parse(kTrialDirectory);
    const auto mirror = FindMirror(*store_, *name);
    return mirror.ok() && mirror->has_value() ? (*mirror)->audit()
                                              : store::StoredAudit();
  }

  void Audit(int slices) {
    MirrorAuditor auditor(*store_, *keeper_);
    for (; slices > 0; --slices) {
      clock_.AdvanceTime(absl::Hours(20));
      const auto pace = auditor.RunOnce(clock_.TimeNow());
      if (!pace.ok() && !tenant_.has_faults()) {
        story_.Defect("audit: " + pace.status().ToString());
      }
    }
  }

  // A whole round of the audit, however many slices it has.
  void AuditEverything() {
    std::string end = AuditState().last_cycle_end_time().SerializeAsString();
    int ends = 0;
    for (int slices = 0; slices < 200; ++slices) {
      Audit(1);
      const std::string now =
          AuditState().last_cycle_end_time().SerializeAsString();
      // The first one may have begun long ago.
      if (now != end && ++ends == 2) return;
      end = now;
    }
    story_.Defect("the audit does not come round");
  }

  void End() {
    story_.Say("the end");
    tenant_.SwitchFaultsOff();
    PutGroupsInOrder();
    tenant_.StopLagging();
    clock_.AdvanceTime(absl::Hours(1));
    if (options_.misses_last_round) {
      follower_.ReadEverything(*keeper_);
      for (int i = 0; i < 30; ++i) tenant_.LiveOn();
      PutGroupsInOrder();
    } else if (options_.seed % 2 == 0) {
      follower_.ReadChanges(*keeper_);
      if (story_.is_sound()) AuditEverything();
      if (story_.is_sound()) follower_.ReadChanges(*keeper_);
      if (follower_.needs_everything()) follower_.ReadEverything(*keeper_);
    } else {
      follower_.ReadEverything(*keeper_);
    }
    if (!follower_.is_complete()) story_.Defect("incomplete without a fault");
    follower_.LookAgain(*keeper_);
    if (!story_.is_sound()) return;
    Streamed ours;
    for (const auto& [id, user] : follower_.users()) ours.users.push_back(user);
    const std::string difference = Difference(Lines(ours), Truth());
    if (!difference.empty()) return story_.Defect(difference);
    if (!options_.misses_last_round) ExpectCheapRound();
  }

  // Nothing happens any more.
  void ExpectCheapRound() {
    emulator().SetThrottleLimit(0);
    follower_.ReadChanges(*keeper_);
    const int64_t before = emulator().request_count();
    follower_.ReadChanges(*keeper_);
    const int64_t requests = emulator().request_count() - before;
    if (requests > 2) {
      story_.Defect(
          absl::StrCat("a round without changes took ", requests, " requests"));
    }
  }

  const TrialOptions options_;
  Story story_;
  Prng prng_;
  SimulatedClock clock_;
  TroubledTenant tenant_;
  TrialFollower follower_;
  SimulatedWaiter waiter_;
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<TokenDesk> desk_;
  std::unique_ptr<rollcall::store::Store> store_;
  std::unique_ptr<GraphClient> graph_;
  std::unique_ptr<DirectoryManager> manager_;
  std::unique_ptr<MirrorKeeper> keeper_;

  bool configured_ = false;
  std::vector<std::string> groups_;  // Those that are selected.
  v1::Directory configuration_;
};

}  // namespace

Verdict RunTrial(const TrialOptions& options) {
  SetLogSink([](absl::string_view) {});  // Much fails on purpose here.
  Verdict verdict = Trial(options).Run();
  SetLogSink(nullptr);
  return verdict;
}

}  // namespace rollcall::directory
