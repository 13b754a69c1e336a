// Sends the mails whose time has come, several at once, each at most once.
//
// The promise (B8): a mail's state is durable before the step that it names.
// SENDING is written before the server hears of the mail, and a note before the
// final dot; a crash in between is told apart by that note: with it the mail is
// UNKNOWN and not sent again, without it the mail is QUEUED again.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_DISPATCHER_H_
#define ROLLCALL_SERVICES_ENROLLMENT_DISPATCHER_H_

#include <atomic>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/values.h"
#include "common/time/periodic_worker.h"
#include "services/enrollment/link.h"
#include "services/enrollment/mail_sender.h"
#include "services/enrollment/reconciliation_client.h"
#include "services/enrollment/store.h"

namespace rollcall::enrollment {

struct DispatcherOptions {
  // Where mails come from (R100).
  EmailAddress sender;
  // How many are sent at once.
  int connections = 8;
};

// One thread, but for Stop.
class Dispatcher {
 public:
  // All must outlive this.
  Dispatcher(EnrollmentStore& store, ReconciliationClient& reconciliation,
             MailSender& mail_sender, const LinkMaker& links,
             DispatcherOptions options);

  // Sends what is due, some thousands at most: kAgain if there may be more. In
  // the first call after a start it first sorts out what an earlier process
  // left behind. UNAVAILABLE, reason SMTP_UNREACHABLE, if the server takes no
  // mail at all now: nothing is lost, try again later.
  absl::StatusOr<Pace> SendDueOnce(absl::Time now);

  // From any thread: the call under way, and any later one, sends no further
  // mail.
  void Stop() { stopped_ = true; }

 private:
  class Round;

  absl::Status Recover(absl::Time now);
  absl::Status RecoverAccount(const AccountName& account, absl::Time now);

  EnrollmentStore& store_;
  ReconciliationClient& reconciliation_;
  MailSender& mail_sender_;
  const LinkMaker& links_;
  const DispatcherOptions options_;
  bool recovered_ = false;
  std::atomic<bool> stopped_ = false;
};

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_DISPATCHER_H_
