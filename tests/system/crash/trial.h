// Kills a directory service again and again, in the middle of whatever it does
// with its one store and a tenant that changes all the time, and looks after
// every death whether the next life still has the truth.
#ifndef ROLLCALL_TESTS_SYSTEM_CRASH_TRIAL_H_
#define ROLLCALL_TESTS_SYSTEM_CRASH_TRIAL_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/system/crash/fated_life.h"

namespace rollcall::directory {

struct TrialOptions {
  uint64_t seed = 1;
  int kills = 200;
  std::vector<Death> deaths;
};

struct Findings {
  // The first thing that was not true, or nothing.
  std::string defect;
  // What happened until then, in lines.
  std::vector<std::string> story;
  int kills = 0;
  int early_kills = 0;  // Before the life had caught up with the tenant.
  int changes = 0;      // Of the tenant.
  std::map<std::string, int> interrupted;  // Operations, by kind.
  int incomplete_mirrors = 0;  // Whom rounds alone did not complete.
  // Somebody who left out one stream that told something: how often looked at,
  // and how often not true.
  int careless_followers = 0;
  int careless_followers_wrong = 0;
};

// Stops at the first defect.
Findings RunTrial(const TrialOptions& options);

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_CRASH_TRIAL_H_
