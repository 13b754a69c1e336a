// Drops what was decided at the collision desk (B10) about objects that are
// long gone. Promises to drop nothing without proof: the tenant has to say that
// it does not know a user, the directory not to have selected a group.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_DESK_SWEEPER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_DESK_SWEEPER_H_

#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/time/periodic_worker.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/collision_desk.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// A decision whose object was known to be there within this time is not asked
// about.
inline constexpr absl::Duration kDecisionPatience = absl::Hours(24 * 90);

struct DeskSweeperOptions {
  IdentityStore& store;
  DirectoryClient& directory;
  // Whether the process is about to end: the rest is for the next one.
  std::function<bool()> is_stopping = [] { return false; };
};

// One thread.
class DeskSweeper {
 public:
  explicit DeskSweeper(DeskSweeperOptions options)
      : options_(std::move(options)) {}

  // Every directory that is connected, kLooksPerDirectory objects of each. One
  // that does not answer does not stand in the way of others; the first error
  // is the answer.
  absl::StatusOr<Pace> RunOnce(absl::Time now);

  // Each costs requests to the tenant.
  static constexpr int kLooksPerDirectory = 20;

 private:
  absl::Status Sweep(const directory::v1::Directory& directory, absl::Time now);
  // Whether the object is gone, of a decision that nobody is linked by.
  absl::StatusOr<bool> IsGone(const directory::v1::Directory& directory,
                              const ListedDecision& decision);

  const DeskSweeperOptions options_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_DESK_SWEEPER_H_
