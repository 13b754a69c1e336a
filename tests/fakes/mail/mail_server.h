// Runs the mail server of this folder for a test: a process of its own, real
// SMTP on loopback.
#ifndef ROLLCALL_TESTS_FAKES_MAIL_MAIL_SERVER_H_
#define ROLLCALL_TESTS_FAKES_MAIL_MAIL_SERVER_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rollcall::testing {

struct MailServerOptions {
  // The script; found among the test's runfiles if empty.
  std::string program;
  // PEM files; with them the server offers STARTTLS.
  std::string certificate_file;
  std::string key_file;
};

// One mail that the server has answered 250 for, or was told to keep.
struct ReceivedMail {
  std::string sender;
  std::vector<std::string> recipients;
  bool encrypted = false;
  std::string text;  // As it came: headers, empty line, body, CR LF.
};

// What is to go wrong, at the next occasion and `count` times. README.md lists
// stages and actions.
struct MailFault {
  std::string stage;
  std::string action = "reply";
  int code = 0;
  std::string text = "Asked for by the test";
  double seconds = 0;
  bool keep = false;  // Stage DOT: the mail is kept all the same.
  std::string match;  // Strikes only if the command holds this text.
  int count = 1;
};

// One thread. The destructor ends the process and removes its mails.
class MailServer {
 public:
  // Returns once connections are accepted.
  static absl::StatusOr<std::unique_ptr<MailServer>> Start(
      const MailServerOptions& options = {});
  ~MailServer();
  MailServer(const MailServer&) = delete;
  MailServer& operator=(const MailServer&) = delete;

  int port() const { return port_; }
  // host:port, for flags.
  std::string address() const;

  // All mails so far, in the order of arrival.
  absl::StatusOr<std::vector<ReceivedMail>> ReadMails() const;

  absl::Status FailNext(const MailFault& fault);
  absl::Status ClearFaults();

  // How many connections there have been, and how many DATA commands.
  struct Counters {
    int mails = 0;
    int connections = 0;
    int transactions = 0;
  };
  absl::StatusOr<Counters> ReadCounters() const;

 private:
  MailServer() = default;
  absl::StatusOr<std::string> Control(const std::string& method,
                                      const std::string& path,
                                      const std::string& body) const;

  std::string directory_;
  pid_t process_ = -1;
  int lifeline_ = -1;
  int port_ = 0;
  int control_port_ = 0;
};

}  // namespace rollcall::testing

#endif  // ROLLCALL_TESTS_FAKES_MAIL_MAIL_SERVER_H_
