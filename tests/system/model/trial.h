// One random life of an account, lived by the real service and by the
// reference model side by side, and compared after every step.
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_TRIAL_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_TRIAL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/system/model/outcome.h"
#include "tests/system/model/timeline.h"

namespace rollcall::model {

struct TrialOptions {
  uint64_t seed = 1;
  std::vector<Step> steps;
  Planted planted = Planted::kNothing;  // A wrong rule of the model.
};

struct Verdict {
  std::string defect;  // The first difference; empty: none.
  std::vector<std::string> story;
};

Verdict RunTrial(const TrialOptions& options);

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_TRIAL_H_
