// One random life of a directory: a tenant, what happens to it, what goes wrong
// between it and us, and somebody who follows the directory as reconciliation
// does. Judged against the tenant's truth at every step.
#ifndef ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TRIAL_H_
#define ROLLCALL_TESTS_SYSTEM_DIFFERENTIAL_TRIAL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/system/differential/trial_steps.h"

namespace rollcall::directory {

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
