// Says in a sentence for people what a rule of behaviour has done to a user.
// Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RULE_TEXT_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RULE_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace rollcall::reconciliation {

// Empty for a rule that no change of a user is made by.
std::string RuleText(absl::string_view rule);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RULE_TEXT_H_
