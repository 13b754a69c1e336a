#include "services/enrollment/smtp_reply.h"

namespace rollcall::enrollment {

MailOutcome ClassifyReply(SmtpStage stage, int reply) {
  switch (stage) {
    case SmtpStage::kGreeting:
      // Even a 5xx is about us and not about the mail.
      return MailOutcome::kUnreachable;
    case SmtpStage::kTransaction:
      return reply >= 500 && reply < 600 ? MailOutcome::kFailed
                                         : MailOutcome::kRetry;
    case SmtpStage::kFinalDot:
      if (reply >= 200 && reply < 300) return MailOutcome::kSent;
      if (reply >= 400 && reply < 500) return MailOutcome::kRetry;
      if (reply >= 500 && reply < 600) return MailOutcome::kFailed;
      return MailOutcome::kUnknown;
  }
  return MailOutcome::kUnknown;
}

absl::string_view MailOutcomeName(MailOutcome outcome) {
  switch (outcome) {
    case MailOutcome::kSent:
      return "SENT";
    case MailOutcome::kRetry:
      return "RETRY";
    case MailOutcome::kUnreachable:
      return "UNREACHABLE";
    case MailOutcome::kFailed:
      return "FAILED";
    case MailOutcome::kUnknown:
      return "UNKNOWN";
  }
  return "UNKNOWN";
}

}  // namespace rollcall::enrollment
