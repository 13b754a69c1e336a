// Brings one user in step with the source, at once (R71 to R81): one whom the
// source has no longer in scope is removed if managed, else left alone (A1).
// Touches nobody else, and is safe beside a run of the whole directory: the
// newer reading of the source wins, never the later write.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_SINGLE_SYNC_H_
#define ROLLCALL_SERVICES_RECONCILIATION_SINGLE_SYNC_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "services/reconciliation/before_asking.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_work.h"
#include "services/reconciliation/source_records.h"

namespace rollcall::reconciliation {

// Whom to read: by user principal name (R34, R79), or by the user of ours that
// is meant.
struct SingleTarget {
  std::string user_principal_name;
  absl::optional<UserName> user;
};

// Refuses at once where a sync cannot be done (R13, A10); a directory with a
// vanished group can be synchronized (A7).
absl::Status CheckReady(const directory::v1::Directory& directory);

// Thread-safe.
class SingleSync {
 public:
  explicit SingleSync(RunEngineOptions options)
      : options_(std::move(options)) {}

  absl::StatusOr<v1::SyncUserResponse> Sync(
      const directory::v1::Directory& directory, const SingleTarget& target);

 private:
  // The question to the source; for a user of ours, about the object that it is
  // linked to.
  absl::StatusOr<directory::v1::ReadSourceUserRequest> Question(
      const directory::v1::Directory& directory, const DirectoryName& name,
      const SingleTarget& target) const;
  // What the source says. A name that it does not know may be an old one of a
  // user whom we manage: then his object is asked for.
  absl::StatusOr<directory::v1::ReadSourceUserResponse> Ask(
      const DirectoryName& name,
      const directory::v1::ReadSourceUserRequest& question) const;
  absl::StatusOr<absl::optional<std::string>> LinkedObject(
      const DirectoryName& name, const std::string& user_principal_name) const;
  // One attempt; none if it was overtaken.
  absl::StatusOr<absl::optional<v1::SyncUserResponse>> Apply(
      const BeforeAsking& before, const DirectoryName& name,
      const std::string& asked_source_id,
      const directory::v1::ReadSourceUserResponse& answer) const;

  RunEngineOptions options_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_SINGLE_SYNC_H_
