// Lets go of the users and groups of directories that were deleted (A9).
//
// Asks the directory service which ones were, and works through what the store
// still has of them, users first, in batches of row, indexes and event. A user
// who has been let go is no longer in the index that leads to him, nor is a
// group: what is found is what is left to do, so that every change is made, and
// told, once, whenever the process dies.
//
// Who is pinned by the directory, and managed by others only or by nobody, is
// let go too: no plan of it will lift the pin any more (B5).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_DIRECTORY_RELEASER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_DIRECTORY_RELEASER_H_

#include <cstddef>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/time/periodic_worker.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/release_decision.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

struct DirectoryReleaserOptions {
  IdentityStore& store;
  DirectoryClient& directory;
  // Whether the process is about to end: the rest is for the next one.
  std::function<bool()> is_stopping = [] { return false; };
  // A batch is committed when it holds this many rows or bytes.
  size_t max_batch_rows = 4000;
  size_t max_batch_bytes = size_t{1} << 20;
};

// One thread.
class DirectoryReleaser {
 public:
  explicit DirectoryReleaser(DirectoryReleaserOptions options)
      : options_(std::move(options)) {}

  // Every deleted directory of every account. One that cannot be let go does
  // not stand in the way of others; the first error is the answer. A directory
  // with a run under way waits: the run ends by itself, for its directory
  // streams nothing any more.
  absl::StatusOr<Pace> RunOnce(absl::Time now);

 private:
  absl::Status Release(const directory::v1::Directory& deleted, absl::Time now);
  // One batch; true if there may be more to do.
  absl::StatusOr<bool> ReleaseSome(const DirectoryName& name, bool trash_users,
                                   absl::Time now);
  // Whether there were users.
  absl::StatusOr<bool> ReleaseUsers(const ReleaseRules& rules, absl::Time now,
                                    Transaction& transaction);
  // Of those whom the directory does not claim: the others come before.
  absl::Status LiftPins(const std::string& directory, absl::Time now,
                        Transaction& transaction);

  // As many as there is room for.
  absl::Status DropRows(const std::string& prefix, Transaction& transaction);
  bool HasRoom(const Transaction& transaction) const;

  const DirectoryReleaserOptions options_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_DIRECTORY_RELEASER_H_
