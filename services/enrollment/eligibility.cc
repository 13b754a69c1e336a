#include "services/enrollment/eligibility.h"

#include "common/identity/values.h"

namespace rollcall::enrollment {

Eligibility Judge(const Candidate& user, const DirectoryOptions& directory) {
  if (!directory.enrollment_mail) return Eligibility::kMailOff;
  if (user.state == UserState::kPendingDeletion) return Eligibility::kTrashed;
  if (!user.managed) return Eligibility::kNotManaged;
  if (user.pinned) return Eligibility::kPinned;
  if (user.state == UserState::kDisabled) return Eligibility::kDisabled;
  if (user.state == UserState::kBypass) return Eligibility::kBypass;
  if (user.device_count > 0) return Eligibility::kHasDevice;
  if (!EmailAddress::Parse(user.email).ok()) return Eligibility::kNoEmail;
  // The model looks at the source's phone data of this user, malformed values
  // included, and only if phones are imported (R41, A17).
  if (directory.phone_import && user.source_has_phone_data) {
    return Eligibility::kHasPhoneData;
  }
  return Eligibility::kEligible;
}

absl::string_view EligibilityName(Eligibility eligibility) {
  switch (eligibility) {
    case Eligibility::kEligible:
      return "ELIGIBLE";
    case Eligibility::kMailOff:
      return "MAIL_OFF";
    case Eligibility::kNotManaged:
      return "NOT_MANAGED";
    case Eligibility::kPinned:
      return "USER_PINNED";
    case Eligibility::kTrashed:
      return "USER_PENDING_DELETION";
    case Eligibility::kDisabled:
      return "USER_DISABLED";
    case Eligibility::kBypass:
      return "USER_BYPASS";
    case Eligibility::kNoEmail:
      return "NO_EMAIL";
    case Eligibility::kHasDevice:
      return "HAS_DEVICE";
    case Eligibility::kHasPhoneData:
      return "HAS_PHONE_DATA";
  }
  return "UNKNOWN";
}

}  // namespace rollcall::enrollment
