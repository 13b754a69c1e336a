// Decides what became of a mail from how far its conversation got and what the
// server said (reliability.md B4, Email). Pure.
//
// The promise: kSent only after the server's yes, kRetry and kFailed only if it
// certainly has not accepted the mail; everything in between is kUnknown.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_SMTP_REPLY_H_
#define ROLLCALL_SERVICES_ENROLLMENT_SMTP_REPLY_H_

#include "absl/strings/string_view.h"

namespace rollcall::enrollment {

// How far a conversation got.
enum class SmtpStage {
  kGreeting,     // Connect, banner, EHLO, STARTTLS: nothing about this mail.
  kTransaction,  // MAIL, RCPT, DATA and the body, before the final dot.
  kFinalDot,     // The final dot may have been sent.
};

enum class MailOutcome {
  kSent,
  kRetry,        // Not accepted, this time.
  kUnreachable,  // Not accepted, and no other mail would be: pause.
  kFailed,       // Refused for good.
  kUnknown,      // Accepted or not: nobody knows.
};

// `reply` is the last reply code in that stage, 0 if there was none.
MailOutcome ClassifyReply(SmtpStage stage, int reply);

absl::string_view MailOutcomeName(MailOutcome outcome);

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_SMTP_REPLY_H_
