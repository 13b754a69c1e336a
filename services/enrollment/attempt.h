// One try to send one mail: checks every condition again, with the freshest
// word about the user, and says what became of it (R82, B8).
#ifndef ROLLCALL_SERVICES_ENROLLMENT_ATTEMPT_H_
#define ROLLCALL_SERVICES_ENROLLMENT_ATTEMPT_H_

#include <atomic>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/identity/values.h"
#include "services/enrollment/link.h"
#include "services/enrollment/mail_sender.h"
#include "services/enrollment/reconciliation_client.h"
#include "services/enrollment/store.h"

namespace rollcall::enrollment {

// What became of a mail. `after` is the row to be stored.
struct AttemptResult {
  store::Mail after;
  // The mail will never be sent, though the server never refused it: its cycle
  // ends too, so that a later run may issue another.
  bool ends_cycle = false;
  // The server takes no mail from us at all.
  bool unreachable = false;
};

// Thread-safe.
class Attempter {
 public:
  // All must outlive this.
  Attempter(EnrollmentStore& store, ReconciliationClient& reconciliation,
            MailSender& mail_sender, const LinkMaker& links,
            EmailAddress sender);

  // `mail` is stored as SENDING. An error is the store's: nothing may be
  // concluded about the mail but what the store knows.
  absl::StatusOr<AttemptResult> Try(const AccountName& account,
                                    const LedgerMail& mail, absl::Time now);

 private:
  // The user as the identity store has it now; if it cannot be asked, as the
  // feed has told. None: gone for good.
  absl::StatusOr<absl::optional<store::Person>> Freshest(const UserName& user);

  // Why the mail is not wanted any more; empty if it is.
  absl::StatusOr<std::string> WhyNot(
      const UserName& user, const store::Mail& mail,
      const absl::optional<store::Person>& person,
      const absl::optional<store::Enrollment>& enrollment, absl::Time now);

  // The token of the enrollment's link; stores its hash if that is another one
  // than at the issue, after the key was rotated.
  absl::StatusOr<Secret> TokenFor(const UserName& user,
                                  const store::Enrollment& enrollment);

  EnrollmentStore& store_;
  ReconciliationClient& reconciliation_;
  MailSender& mail_sender_;
  const LinkMaker& links_;
  const EmailAddress sender_;
  // Not asked again in this round once it did not answer.
  std::atomic<bool> reconciliation_down_ = false;
};

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_ATTEMPT_H_
