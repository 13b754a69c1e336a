#include "tests/system/differential/troubled_tenant.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/system/directory/world.h"

namespace rollcall::directory {
namespace {

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

std::string NewDirectory() {
  const char* parent = std::getenv("TEST_TMPDIR");
  std::string path =
      absl::StrCat(parent == nullptr ? "/tmp" : parent, "/entra.XXXXXX");
  return mkdtemp(path.data()) == nullptr ? "" : path;
}

}  // namespace

TroubledTenant::TroubledTenant(entra::Prng& prng, SimulatedClock& clock,
                               Story& story)
    : prng_(prng), clock_(clock), story_(story), ca_directory_(NewDirectory()) {
  StartEmulator();
  if (emulator_ == nullptr) return;
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
  sees_hidden_members_ = prng_.Chance(0.6);
  SwitchFaultsOff();
  for (const std::string& name : kDepartments) {
    groups_.push_back(tenant().FindGroup(name)->id);
  }
}

TroubledTenant::~TroubledTenant() {
  emulator_.reset();
  std::filesystem::remove_all(ca_directory_);
}

void TroubledTenant::StartEmulator() {
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
    return story_.Defect("no emulator: " +
                         std::string(emulator.status().message()));
  }
  emulator_ = *std::move(emulator);
}

void TroubledTenant::Begin() {
  entra::TimelineOptions kept;
  // They change by a step of their own.
  kept.keep_groups = groups_;
  timeline_ = std::make_unique<entra::RandomTimeline>(tenant(), prng_.Next(),
                                                      std::move(kept));
}

void TroubledTenant::LiveOn() { story_.Say("  " + timeline_->Step()); }

void TroubledTenant::SwitchFaultsOn() {
  for (uint64_t left = 1 + prng_.Below(4); left > 0; --left) {
    const absl::string_view fault = kFaults[prng_.Below(std::size(kFaults))];
    const double probability =
        0.05 + 0.05 * static_cast<double>(prng_.Below(6));
    story_.Say(absl::StrCat("  fault ", fault, " at ", probability));
    if (!emulator_->faults().Set(fault, probability).ok()) {
      story_.Defect("no such fault");
    }
  }
  faults_on_ = true;
}

void TroubledTenant::SwitchFaultsOff() {
  emulator_->faults().Clear();
  faults_on_ = false;
  if (sees_hidden_members_) return;
  // No fault, but how the tenant is.
  emulator_->faults().Add({.kind = entra::FaultKind::kMissingPermission,
                           .name = "Member.Read.Hidden"});
}

void TroubledTenant::StopLagging() {
  emulator_->delta().Edit(
      [](entra::DeltaSettings& settings) { settings.lag = {}; });
}

bool TroubledTenant::IsLive(const std::string& group) {
  return tenant().FindGroup(group).has_value();
}

bool TroubledTenant::ShowsEverything(const std::vector<std::string>& groups) {
  return std::all_of(groups.begin(), groups.end(),
                     [this](const auto& group) { return IsLive(group); }) &&
         (sees_hidden_members_ || HiddenGroups().empty());
}

std::string TroubledTenant::MakeAnew(const std::string& group,
                                     const std::vector<std::string>& users) {
  const std::string anew = *tenant().AddGroup("Anew");
  for (const std::string& user : users) {
    if (prng_.Chance(0.3)) (void)tenant().AddMember(anew, user).ok();
  }
  for (const std::string& other : groups_) {
    if (prng_.Chance(0.2)) (void)tenant().AddMember(anew, other).ok();
  }
  std::replace(groups_.begin(), groups_.end(), group, anew);
  story_.Say(absl::StrCat("  made anew: ", anew, " in place of ", group));
  return anew;
}

void TroubledTenant::ShowAllMembers() {
  for (const std::string& id : HiddenGroups()) {
    story_.Say("  shows its members: " + id);
    (void)tenant().SetHiddenMembership(id, false).ok();
  }
}

void TroubledTenant::CheckManners() {
  if (emulator_ == nullptr) return;
  const std::vector<std::string> broken = emulator_->manners().Sentences();
  if (!broken.empty()) story_.Defect("bad manners: " + broken.front());
}

std::vector<std::string> TroubledTenant::HiddenGroups() {
  return tenant().Read([](const entra::TenantState& state) {
    std::vector<std::string> ids;
    for (const entra::Group& group : state.groups()) {
      if (group.hidden_membership && group.life == entra::Life::kLive) {
        ids.push_back(group.id.ToString());
      }
    }
    return ids;
  });
}

}  // namespace rollcall::directory
