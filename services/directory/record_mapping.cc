#include "services/directory/record_mapping.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "common/identity/values.h"
#include "common/status/errors.h"

namespace rollcall::directory {
namespace {

bool IsGuest(const SourceUser& user) {
  return absl::StrContains(user.user_principal_name.value(), "#EXT#") ||
         absl::EqualsIgnoreCase(user.user_type.value(), "Guest");
}

// R31: the whole UPN; R32: the part before the domain, if it has one.
absl::string_view UsernameSource(absl::string_view upn,
                                 const MappingOptions& options) {
  const size_t at = upn.rfind('@');
  const bool has_domain = at != absl::string_view::npos;
  return options.normalize_usernames && has_domain ? upn.substr(0, at) : upn;
}

}  // namespace

absl::StatusOr<Username> UsernameOf(absl::string_view user_principal_name,
                                    const MappingOptions& options) {
  return Username::Parse(UsernameSource(user_principal_name, options));
}

MappedUser MapUser(const SourceUser& user, const MappingOptions& options) {
  if (user.is_limited()) return SkippedUser(std::string(kSourceHidden));
  MappedUser mapped;
  mapped.display_name = user.display_name.value();
  mapped.guest = IsGuest(user);
  // A null says nothing about the account; only `false` disables (R28).
  mapped.enabled =
      !user.account_enabled.has_value() || user.account_enabled.value();

  const absl::StatusOr<Username> username =
      UsernameOf(user.user_principal_name.value(), options);
  if (username.ok()) {
    mapped.username = username->value();
  } else {
    mapped.skip_reason = ReasonOf(username.status());
  }

  const absl::string_view mail = absl::StripAsciiWhitespace(user.mail.value());
  if (!mail.empty()) {
    if (EmailAddress::IsValid(mail)) {
      mapped.email = mail;
    } else {
      mapped.warnings.emplace_back(kEmailMalformed);
    }
  }
  return mapped;
}

MappedUser SkippedUser(std::string skip_reason) {
  MappedUser mapped;
  mapped.skip_reason = std::move(skip_reason);
  return mapped;
}

}  // namespace rollcall::directory
