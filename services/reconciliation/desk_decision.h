// What an administrator has decided about one object of the source at the
// collision desk (B10). Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_DESK_DECISION_H_
#define ROLLCALL_SERVICES_RECONCILIATION_DESK_DECISION_H_

#include <string>

namespace rollcall::reconciliation {

// The numbers are those of the contract.
enum class DeskChoice {
  kPreset = 1,  // The model's behaviour.
  kAdopt = 2,   // It gets its name, as far as there can be one owner.
  kSkip = 3,    // It stays out.
  kRename = 4,  // It gets another name.
};

struct DeskDecision {
  DeskChoice choice = DeskChoice::kPreset;
  std::string name;  // Of kRename.

  friend bool operator==(const DeskDecision&, const DeskDecision&) = default;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_DESK_DECISION_H_
