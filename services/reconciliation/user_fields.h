// Parses the fields of users and groups that people type. Pure.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_FIELDS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_FIELDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall::reconciliation {

// A name of a person or a device: up to 1024 bytes of UTF-8 on one line; may be
// empty. INVALID_ARGUMENT, reason DISPLAY_NAME_INVALID, with `field`.
absl::StatusOr<std::string> ParseDisplayName(absl::string_view text,
                                             absl::string_view field);

// A name of a group: the same, and not empty.
absl::StatusOr<std::string> ParseGroupName(absl::string_view text);

// Up to 4096 bytes of UTF-8. INVALID_ARGUMENT, reason NOTE_INVALID.
absl::StatusOr<std::string> ParseNote(absl::string_view text);

// Empty, or an address that can be mailed to (EmailAddress).
absl::StatusOr<std::string> ParseEmail(absl::string_view text);

// `+`, a country code, digits, 7 to 17 in all: longer than E.164's 15, because
// people keep the national 0 after the country code (R40). Spaces, hyphens,
// dots and parentheses are taken out. INVALID_ARGUMENT, reason PHONE_INVALID.
absl::StatusOr<std::string> ParsePhoneNumber(absl::string_view text);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_FIELDS_H_
