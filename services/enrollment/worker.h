// The three things that the enrollment service does again and again: follow the
// feed, release the mails of ended runs, send what is due.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_WORKER_H_
#define ROLLCALL_SERVICES_ENROLLMENT_WORKER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/crypto/sealer.h"
#include "common/feed/feed_follower.h"
#include "common/identity/values.h"
#include "common/time/periodic_worker.h"
#include "services/enrollment/dispatcher.h"
#include "services/enrollment/link.h"
#include "services/enrollment/mail_sender.h"
#include "services/enrollment/projection.h"
#include "services/enrollment/reconciliation_client.h"
#include "services/enrollment/releaser.h"
#include "services/enrollment/store.h"

namespace rollcall::enrollment {

struct EnrollmentWorkerOptions {
  EmailAddress sender;            // R100
  std::string message_id_domain;  // R100
  std::string link_base;          // `https://enroll.example.com/enroll`
  int connections = 8;            // To the mail server, at once.
};

// Each unit may run on a thread of its own; one unit, one thread at a time.
class EnrollmentWorker {
 public:
  // All must outlive the worker; of `sealer` only keys are derived.
  EnrollmentWorker(EnrollmentStore& store, ReconciliationClient& reconciliation,
                   MailSender& mail_sender, const Sealer& sealer,
                   const EnrollmentWorkerOptions& options);

  absl::StatusOr<Pace> FollowFeedsOnce(absl::Time now);
  absl::StatusOr<Pace> ReleaseOnce(absl::Time now);
  absl::StatusOr<Pace> SendDueOnce(absl::Time now);

  // From any thread: SendDueOnce begins no further mail.
  void StopSending() { dispatcher_.Stop(); }

 private:
  LinkMaker links_;
  Projection projection_;
  feed::FeedFollower follower_;
  Releaser releaser_;
  Dispatcher dispatcher_;
};

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_WORKER_H_
