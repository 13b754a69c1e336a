// Writes a mail as RFC 5322, 2045 and 2047 want it.
//
// The promise: the result parses to exactly the headers written here, whatever
// the subject and the body hold.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_MAIL_MESSAGE_H_
#define ROLLCALL_SERVICES_ENROLLMENT_MAIL_MESSAGE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/values.h"

namespace rollcall::enrollment {

struct MailContent {
  EmailAddress sender;
  EmailAddress recipient;
  std::string subject;     // One line of UTF-8.
  std::string body;        // Plain text in UTF-8; any line ends.
  std::string message_id;  // Without angle brackets.
  absl::Time date;
};

// The message with CR LF line ends, ready for DATA (dots are not doubled yet).
// INVALID_ARGUMENT, reason MAIL_INVALID, for CR, LF or NUL in a header, or text
// that is not UTF-8.
absl::StatusOr<std::string> BuildMessage(const MailContent& content);

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_MAIL_MESSAGE_H_
