// What the application of a plan does: what the plan has said, and nothing else
// (B1).
#ifndef ROLLCALL_TESTS_SYSTEM_MODEL_PLAN_RULES_H_
#define ROLLCALL_TESTS_SYSTEM_MODEL_PLAN_RULES_H_

#include <cstdint>
#include <string>

#include "tests/system/model/outcome.h"
#include "tests/system/model/state.h"

namespace rollcall::model {

// A plan, made as of the time of its application.
struct MadePlan {
  std::string directory;
  State before;  // When it was made.
  State after;
  Outcome outcome;
};

// Whether what the plan changes is what it was.
bool IsAsPlanned(const MadePlan& plan, const State& state);

// Changes `state` at the time `now`.
Outcome ApplyPlan(const MadePlan& plan, State& state, int64_t now);

}  // namespace rollcall::model

#endif  // ROLLCALL_TESTS_SYSTEM_MODEL_PLAN_RULES_H_
