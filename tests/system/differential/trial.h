// One random life of a directory: a tenant, what happens to it, what goes wrong
// between it and us, and somebody who follows the directory as reconciliation
// does. Judged against the tenant's truth at every step.
#ifndef ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TRIAL_H_
#define ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TRIAL_H_

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

struct TrialOptions {
  uint64_t seed = 1;
  std::vector<Step> steps;
  // Negative controls: a follower that takes away whoever is said to be gone,
  // and one that is told nothing of the last change.
  bool trusts_gone_users = false;
  bool misses_last_round = false;
};

struct Verdict {
  std::string defect;  // Empty: none.
  std::vector<std::string> story;
  int64_t requests = 0;
};

Verdict RunTrial(const TrialOptions& options);

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TRIAL_H_
