// The steps of a trial, made from a seed.
#ifndef ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TRIAL_STEPS_H_
#define ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TRIAL_STEPS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace rollcall::directory {

struct Step {
  enum class Kind : uint8_t {
    kChange,      // Some changes of the tenant.
    kFullRead,    // Everything is read.
    kRound,       // Changes are read.
    kAudit,       // Some slices are verified.
    kSingleUser,  // One user is read, and compared with the truth.
    kRestart,     // The service begins anew over its store.
    kConfigure,   // The configuration changes.
    kVanish,      // A selected group vanishes, comes back or is made anew.
    kTime,        // Time passes: minutes to days.
    kFaultsOn,    // Another few faults of the catalogue.
    kFaultsOff,
  };
  Kind kind = Kind::kRound;
  uint64_t number = 0;  // Decides what exactly happens.

  std::string ToString() const;
};

// What happens in the trial of a seed, before the end, at which all faults
// stop and everything must be true.
std::vector<Step> StepsOf(uint64_t seed);

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TRIAL_STEPS_H_
