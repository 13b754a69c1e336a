// Forgets who a purged user was (invariant 12): in the events of the feed, and
// so in the history, in what undoing has kept, and in remembered replies.
// Promises that sequences stay without gaps, and that what is left says no more
// than that somebody was there.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PERSON_ERASER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PERSON_ERASER_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/time/periodic_worker.h"
#include "rollcall/reconciliation/v1/user.pb.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// The user without what identifies the person: the name, the state, its times
// and the groups are left.
v1::User Erased(const v1::User& user);

// One thread. Whatever it has done is done: a process that dies costs nothing
// but the batch under way.
class PersonEraser {
 public:
  // `store` must outlive this.
  explicit PersonEraser(IdentityStore& store) : store_(store) {}

  // One batch of each account; kAgain if there is more. An account that fails
  // does not keep the others; the first error is the answer.
  absl::StatusOr<Pace> RunOnce(absl::Time now);

  // Of events, and of replies: small enough for a sync not to notice that it
  // waits.
  static constexpr int kRowsPerBatch = 500;

 private:
  absl::StatusOr<Pace> EraseSome(const std::string& account, absl::Time now);

  IdentityStore& store_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PERSON_ERASER_H_
