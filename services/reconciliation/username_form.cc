#include "services/reconciliation/username_form.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace rollcall::reconciliation {

std::string UsernameOf(absl::string_view user_principal_name,
                       bool normalization) {
  if (normalization) {
    user_principal_name =
        user_principal_name.substr(0, user_principal_name.rfind('@'));
  }
  return absl::AsciiStrToLower(user_principal_name);
}

bool IsUsernameOf(absl::string_view username,
                  absl::string_view user_principal_name) {
  return absl::EqualsIgnoreCase(username, user_principal_name) ||
         absl::EqualsIgnoreCase(
             username,
             user_principal_name.substr(0, user_principal_name.rfind('@')));
}

absl::optional<std::string> UsernameAfterSwitch(absl::string_view username,
                                                absl::string_view origin,
                                                bool normalization) {
  std::string wanted = UsernameOf(origin, normalization);
  if (wanted.empty() || username == wanted) return absl::nullopt;
  if (username != UsernameOf(origin, !normalization)) return absl::nullopt;
  return wanted;
}

}  // namespace rollcall::reconciliation
