// A local Entra to which everything happens: a random tenant with a random
// life, and the faults of the catalogue between it and whoever reads it.
#ifndef ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TROUBLED_TENANT_H_
#define ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TROUBLED_TENANT_H_

#include <memory>
#include <string>
#include <vector>

#include "common/testing/simulated_clock.h"
#include "tests/fakes/entra/emulator.h"
#include "tests/fakes/entra/prng.h"
#include "tests/fakes/entra/random_timeline.h"
#include "tests/system/differential/story.h"

namespace rollcall::directory {

// One thread, but for the emulator.
class TroubledTenant {
 public:
  // All must outlive it. Draws what the tenant is like.
  TroubledTenant(entra::Prng& prng, SimulatedClock& clock, Story& story);
  ~TroubledTenant();

  // Null if it could not be started, which is a defect.
  entra::Emulator* emulator() { return emulator_.get(); }
  entra::Tenant& tenant() { return emulator_->tenant(); }
  // By id, departments at first: the groups that may be selected.
  const std::vector<std::string>& groups() const { return groups_; }

  // Its life begins, and changes all but those groups.
  void Begin();
  void LiveOn();

  // Some more faults, or none.
  void SwitchFaultsOn();
  void SwitchFaultsOff();
  bool has_faults() const { return faults_on_; }
  // What happens shows at once from now on.
  void StopLagging();

  bool IsLive(const std::string& group);
  // Whether something of these groups is out of sight without being gone.
  bool ShowsEverything(const std::vector<std::string>& groups);
  // Another group in the place of one, with some of these users; its id.
  std::string MakeAnew(const std::string& group,
                       const std::vector<std::string>& users);
  // No group hides its members any more.
  void ShowAllMembers();
  // The bad manners it has met so far are defects.
  void CheckManners();

 private:
  void StartEmulator();
  std::vector<std::string> HiddenGroups();

  entra::Prng& prng_;
  SimulatedClock& clock_;
  Story& story_;
  const std::string ca_directory_;
  std::unique_ptr<entra::Emulator> emulator_;
  std::unique_ptr<entra::RandomTimeline> timeline_;
  std::vector<std::string> groups_;
  bool faults_on_ = false;
  bool sees_hidden_members_ = true;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TROUBLED_TENANT_H_
