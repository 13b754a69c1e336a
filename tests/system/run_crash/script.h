// What happens to a tenant, step by step, and what is done about it: everything
// that runs can do, at a size that a killed process gets through.
#ifndef ROLLCALL_TESTS_SYSTEM_RUN_CRASH_SCRIPT_H_
#define ROLLCALL_TESTS_SYSTEM_RUN_CRASH_SCRIPT_H_

#include <functional>
#include <string>
#include <vector>

#include "services/reconciliation/fake_directory.h"

namespace rollcall::reconciliation {

struct Step {
  enum class Sync {
    kFull,
    kChanges,
    kSingle,
    kApproval,
    kDecision,  // At the collision desk (B10).
    kPlan,      // A plan, made and applied (B1).
    kUndo,      // Of an earlier step's run (B5).
    kCancel,    // Of a run that was asked for.
  };

  Sync sync = Sync::kFull;
  std::function<void(FakeTenant&)> change;
  std::string user = "";  // Of kSingle: the user principal name.
  int undone = 0;         // Of kUndo: the step.
};

// Always the same.
std::vector<Step> Script();

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_TESTS_SYSTEM_RUN_CRASH_SCRIPT_H_
