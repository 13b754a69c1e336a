// Hands one mail to a mail server.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_MAIL_SENDER_H_
#define ROLLCALL_SERVICES_ENROLLMENT_MAIL_SENDER_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "common/identity/values.h"
#include "services/enrollment/smtp_reply.h"

namespace rollcall::enrollment {

struct OutgoingMail {
  EmailAddress sender;
  EmailAddress recipient;
  std::string message;  // As BuildMessage makes it.
};

struct SendReport {
  MailOutcome outcome = MailOutcome::kRetry;
  std::string reply;  // What the server said last, or why it said nothing.
};

// Thread-safe.
class MailSender {
 public:
  virtual ~MailSender() = default;

  // Tries once. `before_final_dot` is called when the whole mail has been
  // handed over but for the final dot: only if it says OK may the server
  // accept, so that whoever is asked after a crash knows which mails may have
  // been. If it fails, nothing was accepted.
  virtual SendReport Send(
      const OutgoingMail& mail,
      const std::function<absl::Status()>& before_final_dot) = 0;
};

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_MAIL_SENDER_H_
