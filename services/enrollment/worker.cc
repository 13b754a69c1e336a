#include "services/enrollment/worker.h"

namespace rollcall::enrollment {

EnrollmentWorker::EnrollmentWorker(EnrollmentStore& store,
                                   ReconciliationClient& reconciliation,
                                   MailSender& mail_sender,
                                   const Sealer& sealer,
                                   const EnrollmentWorkerOptions& options)
    : links_(sealer, options.link_base, options.message_id_domain),
      projection_(store),
      follower_(reconciliation, store.base(), projection_),
      releaser_(store, links_),
      dispatcher_(
          store, reconciliation, mail_sender, links_,
          {.sender = options.sender, .connections = options.connections}) {}

absl::StatusOr<Pace> EnrollmentWorker::FollowFeedsOnce(absl::Time) {
  return follower_.FollowOnce();
}

absl::StatusOr<Pace> EnrollmentWorker::ReleaseOnce(absl::Time now) {
  return releaser_.ReleaseOnce(now);
}

absl::StatusOr<Pace> EnrollmentWorker::SendDueOnce(absl::Time now) {
  return dispatcher_.SendDueOnce(now);
}

}  // namespace rollcall::enrollment
