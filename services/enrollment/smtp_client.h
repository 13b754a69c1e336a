// Sends mail to one server by SMTP, over libcurl: STARTTLS with a checked name,
// connections kept and used again.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_SMTP_CLIENT_H_
#define ROLLCALL_SERVICES_ENROLLMENT_SMTP_CLIENT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/enrollment/mail_sender.h"

namespace rollcall::enrollment {

struct SmtpOptions {
  std::string server;  // host:port
  // How we greet: a host name of ours.
  std::string greeting = "localhost";
  // Without STARTTLS; on loopback only.
  bool plaintext = false;
  // The authorities that the server's certificate may come from, PEM; empty:
  // the system's.
  std::string ca_file;

  // Connect, banner and STARTTLS together.
  absl::Duration connect_timeout = absl::Minutes(2);
  // Each reply up to the final dot (RFC 5321 section 4.5.3.2).
  absl::Duration command_timeout = absl::Minutes(2);
  // The reply to the final dot: a shorter wait makes copies (section
  // 4.5.3.2.6).
  absl::Duration final_reply_timeout = absl::Minutes(10);
};

// Thread-safe: as many connections as threads send at once.
class SmtpClient : public MailSender {
 public:
  // INVALID_ARGUMENT, reason SMTP_OPTIONS_INVALID: no host:port, or plaintext
  // to anything but loopback.
  static absl::StatusOr<std::unique_ptr<SmtpClient>> Create(
      SmtpOptions options);
  ~SmtpClient() override;

  SendReport Send(
      const OutgoingMail& mail,
      const std::function<absl::Status()>& before_final_dot) override;

 private:
  class Connection;

  explicit SmtpClient(SmtpOptions options);
  std::unique_ptr<Connection> Take();
  void GiveBack(std::unique_ptr<Connection> connection);

  const SmtpOptions options_;
  absl::Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_SMTP_CLIENT_H_
