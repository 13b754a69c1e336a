#include "tests/system/differential/trial.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
#include "common/http/client.h"
#include "common/log/log.h"
#include "common/status/errors.h"
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
#include "tests/fakes/entra/emulator.h"
#include "tests/fakes/entra/prng.h"
#include "tests/fakes/entra/random_timeline.h"
#include "tests/system/differential/token_desk.h"
#include "tests/system/directory/world.h"

namespace rollcall::directory {
namespace {

using entra::Prng;
using v1::StreamDesiredStateRequest;

constexpr char kConnection[] = "accounts/acme/connections/c1";
constexpr char kDirectory[] = "accounts/acme/directories/d1";

// All that can happen to this client. Not 12: it never walks an initial round.
// Not 27: it takes no notifications. Of 28 only half: it never asks for minimal
// rounds.
constexpr absl::string_view kFaults[] = {
    "1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",  "10",
    "11", "13", "14", "15", "16", "17", "18", "19", "20", "21",
    "22", "23", "24", "25", "26", "28", "29", "30"};
// Of the tenant, in ten seconds; 0: as much as one likes. What the client
// allows itself after any number of refusals is less than the least of them.
constexpr int64_t kThrottleLimits[] = {0, 0, 200, 500, 2000};
// Nobody begins two things within one instant.
constexpr absl::Duration kBetweenOperations = absl::Seconds(1);

std::string IdOfLine(const std::string& line) {
  return line.substr(0, line.find(' '));
}

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

class Trial {
 public:
  explicit Trial(const TrialOptions& options)
      : options_(options),
        prng_(options.seed),
        ca_directory_(NewDirectory()),
        clock_(absl::Now()),
        waiter_(clock_, [this] {
          return graph_->Quota(emulator_->tenant_id()).in_flight > 0;
        }) {
    entra::TenantOptions tenant;
    tenant.users = 15 + static_cast<int64_t>(prng_.Below(40));
    tenant.groups = 8 + static_cast<int64_t>(prng_.Below(8));
    tenant.seed = prng_.Next();
    tenant.depth = 1 + static_cast<int>(prng_.Below(4));
    tenant.guests = 0.15;
    tenant.same_short_names = 1;
    tenant.security_group_soft_delete = prng_.Chance(0.5);
    auto emulator =
        entra::Emulator::Start({.ca_directory = ca_directory_,
                                .tenant = tenant,
                                .now = [this] { return clock_.TimeNow(); },
                                .notify_in_background = false});
    if (!emulator.ok()) {
      Defect("no emulator: " + std::string(emulator.status().message()));
      return;
    }
    emulator_ = *std::move(emulator);
    emulator_->faults().Reseed(prng_.Next());
    emulator_->delta().Edit([this](entra::DeltaSettings& settings) {
      settings.page_size = 1 + static_cast<int64_t>(prng_.Below(30));
      settings.slice_size = 1 + static_cast<int64_t>(prng_.Below(10));
      settings.every_step = prng_.Chance(0.5);
      if (prng_.Chance(0.3)) {
        settings.lag =
            absl::Milliseconds(static_cast<int64_t>(prng_.Below(900'000)));
      }
    });
    if (prng_.Chance(0.5)) {
      emulator_->graph_knobs().get_by_ids_page_size =
          1 + static_cast<int64_t>(prng_.Below(20));
    }
    emulator_->SetThrottleLimit(
        kThrottleLimits[prng_.Below(std::size(kThrottleLimits))]);
    http_ = *http::Client::Create(
        {.ca_file = emulator_->ca_file(), .max_parallel = kParallelism});
    desk_ = std::make_unique<TokenDesk>(*emulator_, *http_, clock_);
    store_ = *rollcall::store::OpenInMemory();
    sees_hidden_members_ = prng_.Chance(0.6);
    SwitchFaultsOff();
    for (const std::string& name : kDepartments) {
      departments_.push_back(emulator_->tenant().FindGroup(name)->id);
    }
    Restart();
    Configure(/*everything=*/true);
    entra::TimelineOptions kept;
    // They change by a step of their own.
    kept.keep_groups = departments_;
    timeline_ = std::make_unique<entra::RandomTimeline>(
        emulator_->tenant(), prng_.Next(), std::move(kept));
  }

  ~Trial() {
    keeper_.reset();
    manager_.reset();
    graph_.reset();
    desk_.reset();
    emulator_.reset();
    std::filesystem::remove_all(ca_directory_);
  }

  Verdict Run() {
    for (const Step& step : options_.steps) {
      if (!verdict_.defect.empty()) break;
      Say(step.ToString());
      prng_ = Prng(step.number);
      Take(step.kind);
      CheckManners();
    }
    if (verdict_.defect.empty()) End();
    CheckManners();
    if (emulator_ != nullptr) verdict_.requests = emulator_->request_count();
    return std::move(verdict_);
  }

 private:
  static constexpr int kParallelism = 4;

  struct Stream {
    absl::Status status;
    absl::optional<v1::DesiredStateHeader> header;
    std::vector<v1::DesiredUser> users;
    std::vector<v1::GoneUser> gone;
    absl::optional<v1::DesiredStateTrailer> trailer;
  };

  static std::string NewDirectory() {
    const char* parent = std::getenv("TEST_TMPDIR");
    std::string path =
        absl::StrCat(parent == nullptr ? "/tmp" : parent, "/entra.XXXXXX");
    return mkdtemp(path.data()) == nullptr ? "" : path;
  }

  void Say(std::string line) { verdict_.story.push_back(std::move(line)); }
  void Defect(const std::string& what) {
    if (!verdict_.defect.empty()) return;
    verdict_.defect = what;
    Say("DEFECT: " + what);
  }

  void Take(Step::Kind kind) {
    clock_.AdvanceTime(kBetweenOperations);
    switch (kind) {
      case Step::Kind::kChange:
        return ChangeTenant();
      case Step::Kind::kFullRead:
        return ReadEverything();
      case Step::Kind::kRound:
        return ReadChanges();
      case Step::Kind::kAudit:
        return Audit(1 + static_cast<int>(prng_.Below(3)));
      case Step::Kind::kSingleUser:
        return ReadOneUser();
      case Step::Kind::kRestart:
        return Restart();
      case Step::Kind::kConfigure:
        Configure(/*everything=*/false);
        return;
      case Step::Kind::kVanish:
        return ChangeSelectedGroup();
      case Step::Kind::kTime:
        return PassTime();
      case Step::Kind::kFaultsOn:
        return SwitchFaultsOn();
      case Step::Kind::kFaultsOff:
        return SwitchFaultsOff();
    }
  }

  void ChangeTenant() {
    for (uint64_t left = 1 + prng_.Below(6); left > 0; --left) {
      Say("  " + timeline_->Step());
      NoteWhoIsOut();
    }
  }

  void PassTime() {
    const absl::Duration by = prng_.Chance(0.2)
                                  ? absl::Hours(24 * (1 + prng_.Below(9)))
                                  : absl::Minutes(1 + prng_.Below(90));
    Say("  " + absl::FormatDuration(by));
    clock_.AdvanceTime(by);
  }

  void SwitchFaultsOn() {
    for (uint64_t left = 1 + prng_.Below(4); left > 0; --left) {
      const absl::string_view fault = kFaults[prng_.Below(std::size(kFaults))];
      const double probability =
          0.05 + 0.05 * static_cast<double>(prng_.Below(6));
      Say(absl::StrCat("  fault ", fault, " at ", probability));
      if (!emulator_->faults().Set(fault, probability).ok()) {
        Defect("no such fault");
      }
    }
    faults_on_ = true;
  }

  void SwitchFaultsOff() {
    emulator_->faults().Clear();
    faults_on_ = false;
    if (sees_hidden_members_) return;
    // No fault, but how the tenant is.
    emulator_->faults().Add({.kind = entra::FaultKind::kMissingPermission,
                             .name = "Member.Read.Hidden"});
  }

  bool IsLive(const std::string& group) {
    return emulator_->tenant().FindGroup(group).has_value();
  }

  void ChangeSelectedGroup() {
    const std::string group = groups_[prng_.Below(groups_.size())];
    entra::Tenant& tenant = emulator_->tenant();
    if (IsLive(group)) {
      Say("  vanishes: " + group);
      if (!tenant.DeleteGroup(group).ok()) Defect("a group cannot be deleted");
    } else if (prng_.Chance(0.6) && tenant.RestoreGroup(group).ok()) {
      Say("  comes back: " + group);
    } else {
      Recreate(group);
    }
    NoteWhoIsOut();
  }

  // R19: another group in its place, which the operator selects instead.
  void Recreate(const std::string& group) {
    entra::Tenant& tenant = emulator_->tenant();
    const std::string anew = *tenant.AddGroup("Anew");
    for (const auto& [id, user] : users_) {
      if (prng_.Chance(0.3)) (void)tenant.AddMember(anew, id).ok();
    }
    for (const std::string& other : departments_) {
      if (prng_.Chance(0.2)) (void)tenant.AddMember(anew, other).ok();
    }
    std::replace(departments_.begin(), departments_.end(), group, anew);
    std::replace(groups_.begin(), groups_.end(), group, anew);
    Say(absl::StrCat("  made anew: ", anew, " in place of ", group));
    PutConfiguration();
  }

  // What an operator does who wants everything to be in order again.
  void PutGroupsInOrder() {
    const std::vector<std::string> selected = groups_;
    for (const std::string& group : selected) {
      if (IsLive(group) || emulator_->tenant().RestoreGroup(group).ok()) {
        continue;
      }
      Recreate(group);
    }
    for (const std::string& id : HiddenGroups()) {
      Say("  shows its members: " + id);
      (void)emulator_->tenant().SetHiddenMembership(id, false).ok();
    }
    NoteWhoIsOut();
  }

  std::vector<std::string> HiddenGroups() {
    return emulator_->tenant().Read([](const entra::TenantState& state) {
      std::vector<std::string> ids;
      for (const entra::Group& group : state.groups()) {
        if (group.hidden_membership && group.life == entra::Life::kLive) {
          ids.push_back(group.id.ToString());
        }
      }
      return ids;
    });
  }

  // Whether something is out of sight without being gone.
  bool SeesEverything() {
    return std::all_of(groups_.begin(), groups_.end(),
                       [this](const auto& group) { return IsLive(group); }) &&
           (sees_hidden_members_ || HiddenGroups().empty());
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
      for (const std::string& group : departments_) {
        if (prng_.Chance(0.6)) groups_.push_back(group);
      }
      if (groups_.empty()) groups_.push_back(departments_[1]);
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
    Say("  " + absl::StrJoin(groups_, ", "));
    absl::Status status;
    if (configured_) {
      v1::UpdateDirectoryRequest update;
      *update.mutable_directory() = configuration_;
      update.mutable_directory()->set_name(kDirectory);
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
    if (!status.ok()) Defect("not configured: " + status.ToString());
    NoteWhoIsOut();
  }

  std::vector<std::string> Truth() {
    return ExpectedLines(*emulator_, groups_, configuration_);
  }

  std::set<std::string> IdsInTruth() {
    std::set<std::string> ids;
    for (const std::string& line : Truth()) ids.insert(IdOfLine(line));
    return ids;
  }

  // Whoever is not in scope now may be taken away, until it is told again.
  void NoteWhoIsOut() {
    const std::set<std::string> in = IdsInTruth();
    for (const auto& [id, user] : users_) {
      if (in.count(id) == 0) was_out_.insert(id);
    }
  }

  Stream Open(StreamDesiredStateRequest request) {
    clock_.AdvanceTime(kBetweenOperations);
    request.set_name(kDirectory);
    Stream stream;
    std::string last;
    stream.status = keeper_->StreamDesiredState(
        request, [] { return false; },
        [&](const v1::StreamDesiredStateResponse& response) {
          if (stream.trailer.has_value()) Defect("a message after the trailer");
          const auto in_order = [&](const std::string& id) {
            if (id <= last) Defect("not in key order: " + id);
            last = id;
          };
          if (response.has_header()) stream.header = response.header();
          if (response.has_user()) {
            in_order(response.user().source_id());
            stream.users.push_back(response.user());
          }
          if (response.has_gone_user()) {
            in_order(response.gone_user().source_id());
            stream.gone.push_back(response.gone_user());
          }
          if (response.has_trailer()) stream.trailer = response.trailer();
          return true;
        });
    if (stream.status.ok() != stream.trailer.has_value()) {
      Defect("a trailer without success, or success without a trailer");
    }
    if (!stream.status.ok()) {
      Say(absl::StrCat("  failed: ", stream.status.ToString()));
    }
    return stream;
  }

  void ReadEverything() {
    StreamDesiredStateRequest request;
    request.set_mode(StreamDesiredStateRequest::FULL);
    const Stream stream = Open(request);
    if (!Usable(stream)) return;
    if (stream.trailer->user_count() !=
        static_cast<int64_t>(stream.users.size())) {
      Defect("the trailer counts other users than were told");
    }
    std::set<std::string> told;
    for (const v1::DesiredUser& user : stream.users) {
      told.insert(user.source_id());
      Upsert(user);
    }
    cursor_ = stream.trailer->change_cursor();
    complete_ = stream.trailer->complete();
    needs_full_ = !complete_;
    if (!complete_) {
      Say("  incomplete: " +
          absl::StrJoin(stream.trailer->incomplete_reasons(), " "));
      return;
    }
    std::vector<std::string> candidates;
    for (const auto& [id, user] : users_) {
      if (told.count(id) == 0) candidates.push_back(id);
    }
    for (const std::string& id : candidates) SecondLook(id);
  }

  void ReadChanges() {
    if (cursor_.empty()) return ReadEverything();
    StreamDesiredStateRequest request;
    request.set_mode(StreamDesiredStateRequest::CHANGES);
    request.set_change_cursor(cursor_);
    const Stream stream = Open(request);
    if (ReasonOf(stream.status) == "CHANGE_CURSOR_EXPIRED") {
      return ReadEverything();
    }
    if (!Usable(stream)) return;
    for (const v1::DesiredUser& user : stream.users) Upsert(user);
    for (const v1::GoneUser& gone : stream.gone) {
      if (users_.count(gone.source_id()) > 0) SecondLook(gone.source_id());
    }
    cursor_ = stream.trailer->change_cursor();
    complete_ = stream.trailer->complete();
    needs_full_ |= !complete_;
  }

  bool Usable(const Stream& stream) {
    if (!stream.status.ok() && !faults_on_) {
      Defect("failed without a fault: " + stream.status.ToString());
    }
    return stream.status.ok();
  }

  void Upsert(const v1::DesiredUser& user) {
    users_[user.source_id()] = user;
    doubtful_.erase(user.source_id());
    was_out_.erase(user.source_id());
    if (IdsInTruth().count(user.source_id()) == 0) {
      was_out_.insert(user.source_id());
    }
  }

  absl::StatusOr<v1::ReadSourceUserResponse> ReadUser(const std::string& id) {
    clock_.AdvanceTime(kBetweenOperations);
    v1::ReadSourceUserRequest request;
    request.set_name(kDirectory);
    request.set_source_id(id);
    return keeper_->ReadSourceUser(request, [] { return false; });
  }

  // B3: nobody is taken away without being looked at again.
  void SecondLook(const std::string& id) {
    if (!options_.trusts_gone_users) {
      const auto user = ReadUser(id);
      if (!user.ok() || !user->complete() || user->in_scope()) {
        doubtful_.insert(id);
        return;
      }
    }
    doubtful_.erase(id);
    users_.erase(id);
    Say("  taken away: " + id);
    if (was_out_.erase(id) == 0) {
      Defect("taken away, though in scope all the time: " + id);
    }
  }

  void ReadOneUser() {
    std::vector<std::string> ids;
    for (const auto& [id, user] : users_) ids.push_back(id);
    for (const std::string& id : IdsInTruth()) ids.push_back(id);
    if (ids.empty()) return;
    const std::string id = ids[prng_.Below(ids.size())];
    const auto user = ReadUser(id);
    if (faults_on_) return;
    if (!user.ok()) {
      return Defect("one user cannot be read: " + user.status().ToString());
    }
    if (!SeesEverything()) return;
    const std::vector<std::string> truth = Truth();
    const auto line = std::find_if(
        truth.begin(), truth.end(),
        [&](const auto& candidate) { return IdOfLine(candidate) == id; });
    if (user->in_scope() != (line != truth.end())) {
      return Defect(absl::StrCat("one user: ", id, " in scope ",
                                 user->in_scope(), ", which is not true"));
    }
    if (!user->in_scope()) return;
    std::vector<std::string> groups;
    for (const auto& path : user->paths()) {
      groups.push_back(path.groups(0).source_id());
    }
    const std::string told = absl::StrJoin(groups, ",");
    if (line->substr(line->size() - told.size()) != told) {
      Defect(absl::StrCat("one user: in ", told, "; truth ", *line));
    }
  }

  store::StoredAudit AuditState() {
    const auto name = DirectoryName::Parse(kDirectory);
    const auto mirror = FindMirror(*store_, *name);
    return mirror.ok() && mirror->has_value() ? (*mirror)->audit()
                                              : store::StoredAudit();
  }

  void Audit(int slices) {
    MirrorAuditor auditor(*store_, *keeper_);
    for (; slices > 0; --slices) {
      clock_.AdvanceTime(absl::Hours(20));
      const auto pace = auditor.RunOnce(clock_.TimeNow());
      if (!pace.ok() && !faults_on_) {
        Defect("audit: " + pace.status().ToString());
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
    Defect("the audit does not come round");
  }

  void CheckManners() {
    if (emulator_ == nullptr) return;
    const std::vector<std::string> broken = emulator_->manners().Sentences();
    if (!broken.empty()) Defect("bad manners: " + broken.front());
  }

  void End() {
    Say("the end");
    SwitchFaultsOff();
    PutGroupsInOrder();
    emulator_->delta().Edit(
        [](entra::DeltaSettings& settings) { settings.lag = {}; });
    clock_.AdvanceTime(absl::Hours(1));
    if (options_.misses_last_round) {
      ReadEverything();
      for (int i = 0; i < 30; ++i) timeline_->Step();
      PutGroupsInOrder();
    } else if (options_.seed % 2 == 0) {
      ReadChanges();
      if (verdict_.defect.empty()) AuditEverything();
      if (verdict_.defect.empty()) ReadChanges();
      if (needs_full_) ReadEverything();
    } else {
      ReadEverything();
    }
    if (!complete_) Defect("incomplete without a fault");
    // Whom only the faults kept.
    const std::set<std::string> doubtful = doubtful_;
    for (const std::string& id : doubtful) SecondLook(id);
    if (!verdict_.defect.empty()) return;
    Streamed ours;
    for (const auto& [id, user] : users_) ours.users.push_back(user);
    const std::string difference = Difference(Lines(ours), Truth());
    if (!difference.empty()) return Defect(difference);
    if (options_.misses_last_round) return;
    emulator_->SetThrottleLimit(0);
    ReadChanges();
    const int64_t before = emulator_->request_count();
    ReadChanges();
    const int64_t requests = emulator_->request_count() - before;
    if (requests > 2) {
      Defect(
          absl::StrCat("a round without changes took ", requests, " requests"));
    }
  }

  const TrialOptions options_;
  Prng prng_;
  const std::string ca_directory_;
  SimulatedClock clock_;
  SimulatedWaiter waiter_;
  std::unique_ptr<entra::Emulator> emulator_;
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<TokenDesk> desk_;
  std::unique_ptr<GraphClient> graph_;
  std::unique_ptr<rollcall::store::Store> store_;
  std::unique_ptr<DirectoryManager> manager_;
  std::unique_ptr<MirrorKeeper> keeper_;
  std::unique_ptr<entra::RandomTimeline> timeline_;

  bool configured_ = false;
  bool faults_on_ = false;
  std::vector<std::string> departments_;  // By id; what may be selected.
  std::vector<std::string> groups_;       // Those that are.
  v1::Directory configuration_;
  bool sees_hidden_members_ = true;

  // The follower.
  std::map<std::string, v1::DesiredUser> users_;
  std::set<std::string> doubtful_;  // Said to be gone, and not proved to be.
  std::string cursor_;
  bool complete_ = false;
  // Once something was incomplete, the cursor may be past a removal that was
  // not believed: as reconciliation does, everything is read again, later.
  bool needs_full_ = false;

  // Whom the truth had out of scope at some time since we were told of it.
  std::set<std::string> was_out_;

  Verdict verdict_;
};

}  // namespace

std::string Step::ToString() const {
  constexpr absl::string_view kNames[] = {
      "the tenant changes", "everything is read",
      "changes are read",   "audit",
      "one user is read",   "restart",
      "configuration",      "a selected group",
      "time passes",        "faults on",
      "faults off"};
  return absl::StrCat(kNames[static_cast<int>(kind)], " (", number, ")");
}

std::vector<Step> StepsOf(uint64_t seed) {
  using Kind = Step::Kind;
  constexpr Kind kDeck[] = {
      Kind::kChange,    Kind::kChange,     Kind::kChange,   Kind::kChange,
      Kind::kRound,     Kind::kRound,      Kind::kRound,    Kind::kRound,
      Kind::kFullRead,  Kind::kAudit,      Kind::kRestart,  Kind::kSingleUser,
      Kind::kConfigure, Kind::kTime,       Kind::kFaultsOn, Kind::kFaultsOn,
      Kind::kFaultsOff, Kind::kSingleUser, Kind::kVanish,   Kind::kVanish};
  Prng prng(seed ^ 0x5eed);
  std::vector<Step> steps = {{Kind::kFullRead, prng.Next()}};
  for (uint64_t left = 8 + prng.Below(10); left > 0; --left) {
    const Kind kind = kDeck[prng.Below(std::size(kDeck))];
    steps.push_back({kind, prng.Next()});
    // A change that nobody reads is a lost chance.
    if (kind == Kind::kChange && prng.Chance(0.5)) {
      steps.push_back({Kind::kRound, prng.Next()});
    }
  }
  return steps;
}

Verdict RunTrial(const TrialOptions& options) {
  SetLogSink([](absl::string_view) {});  // Much fails on purpose here.
  Verdict verdict = Trial(options).Run();
  SetLogSink(nullptr);
  return verdict;
}

}  // namespace rollcall::directory
