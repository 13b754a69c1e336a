// The idempotency key of a mail (R94): one user, one cycle, one kind, one mail.
// Pure.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_MAIL_KEY_H_
#define ROLLCALL_SERVICES_ENROLLMENT_MAIL_KEY_H_

#include <string>

#include "absl/strings/string_view.h"

namespace rollcall::enrollment {

// The kinds so far; reminders and resends come with their own.
inline constexpr absl::string_view kInitialMail = "initial";

// `u1.1.initial`: a mail's id, too.
std::string MailKey(absl::string_view user, int cycle, absl::string_view kind);

// What all keys of a user begin with. Ids of users hold no dot.
std::string MailKeyPrefix(absl::string_view user);

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_MAIL_KEY_H_
