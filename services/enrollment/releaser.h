// Decides, once a run has ended, who gets a link (R70): walks the people of the
// account in bounded steps, issues cycles and queues their first mails. All of
// them, so that mail that is switched on later reaches earlier users (A15);
// only the one whom a single sync was about (R72).
//
// A cycle, its link, its mail and the place reached are one batch: a crash goes
// on from there, and nobody is issued a cycle twice (R94).
#ifndef ROLLCALL_SERVICES_ENROLLMENT_RELEASER_H_
#define ROLLCALL_SERVICES_ENROLLMENT_RELEASER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/time/periodic_worker.h"
#include "services/enrollment/link.h"
#include "services/enrollment/store.h"

namespace rollcall::enrollment {

// One thread.
class Releaser {
 public:
  // Both must outlive this.
  Releaser(EnrollmentStore& store, const LinkMaker& links)
      : store_(store), links_(links) {}

  // One step for every account that has something to release.
  absl::StatusOr<Pace> ReleaseOnce(absl::Time now);

 private:
  absl::StatusOr<std::vector<EnrollmentStore::PersonRow>> PeopleOf(
      const AccountName& account, const store::Release& release) const;
  absl::StatusOr<Pace> ReleaseFor(const AccountName& account, absl::Time now);

  EnrollmentStore& store_;
  const LinkMaker& links_;
};

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_RELEASER_H_
