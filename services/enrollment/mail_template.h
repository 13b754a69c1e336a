// The subject and the body of a mail as an account has set them (R91), and how
// their placeholders are filled. Pure.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_MAIL_TEMPLATE_H_
#define ROLLCALL_SERVICES_ENROLLMENT_MAIL_TEMPLATE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall::enrollment {

inline constexpr absl::string_view kDefaultSubject =
    "Set up your second factor";
inline constexpr absl::string_view kDefaultBody =
    "Hello {name},\n"
    "\n"
    "your organisation asks you to set up a second factor for signing in.\n"
    "Open this link on the device that you want to use:\n"
    "\n"
    "{link}\n"
    "\n"
    "The link is for you alone and is valid for 30 days.\n";

// INVALID_ARGUMENT with the field's name: reason SUBJECT_INVALID unless the
// subject is one line of at most 200 bytes of UTF-8 without `{link}`, which has
// no place in a header; an empty one is fine: the default.
absl::Status ValidateSubject(absl::string_view subject);

// INVALID_ARGUMENT: reason BODY_WITHOUT_LINK unless it holds `{link}` (R91);
// reason BODY_INVALID if it is not UTF-8, holds control characters other than
// line ends and tabs, or has more than 16 KiB. An empty one is fine: the
// default.
absl::Status ValidateBody(absl::string_view body);

// What the placeholders stand for.
struct Placeholders {
  std::string link;
  std::string name;
};

// Fills `{link}` and `{name}` in, once: what is filled in is not looked at
// again. Anything else in braces stays.
std::string Fill(absl::string_view text, const Placeholders& placeholders);

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_MAIL_TEMPLATE_H_
