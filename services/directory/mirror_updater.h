// Brings the mirrors of directories up to date: by a round of changes, by
// reading everything, or by verifying a slice. One operation per directory at a
// time; who comes later waits for the first to end.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MIRROR_UPDATER_H_
#define ROLLCALL_SERVICES_DIRECTORY_MIRROR_UPDATER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/crypto/sealer.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "common/time/clock.h"
#include "services/directory/authorization_client.h"
#include "services/directory/directory_slots.h"
#include "services/directory/directory_view.h"
#include "services/directory/full_read.h"
#include "services/directory/graph_client.h"
#include "services/directory/link_vault.h"
#include "services/directory/mirror_builder.h"
#include "services/directory/mirror_rounds.h"
#include "services/directory/mirror_view.h"
#include "services/directory/round_digest.h"
#include "services/directory/store.h"

namespace rollcall::directory {

// Thread-safe.
class MirrorUpdater {
 public:
  using Report = std::function<void(const FullReadProgress&)>;

  // What is under way about a directory.
  struct Operation {
    // The directory's, until the operation ends; none for one that changes
    // nothing.
    std::unique_ptr<DirectorySlots::Hold> slot;
    DirectoryName name;
    std::string id;  // Names the read, if it becomes one.
    store::StoredDirectory directory;
    std::unique_ptr<GraphSession> graph;
    absl::Time time;
    Follow links = Follow::kOften;
    RoundDigest round;  // What the round told.

    std::string TenantKey() const;
  };

  // All must outlive the updater.
  MirrorUpdater(rollcall::store::Store& store,
                AuthorizationClient& authorization, GraphClient& graph,
                const Sealer& sealer, Clock& clock, FullReadOptions options);

  // The directory, if it can be read at all.
  absl::StatusOr<store::StoredDirectory> CheckReadable(
      const DirectoryName& name);
  // Opens a conversation with the tenant, without waiting for anybody.
  absl::StatusOr<Operation> Open(const DirectoryName& name,
                                 const std::function<bool()>& cancelled);
  // The same, once nobody else is at the directory.
  absl::StatusOr<Operation> Begin(const DirectoryName& name,
                                  const std::function<bool()>& cancelled);
  // Sees to it that the token belongs to the connection's tenant.
  absl::Status VerifyTenant(const Operation& operation);

  // For operations that have begun; the mirror as it is then.
  absl::StatusOr<std::unique_ptr<MirrorView>> ReadEverythingAnew(
      Operation& operation, const Report& report);
  // By a round, or, if that is not possible, by reading everything.
  absl::StatusOr<std::unique_ptr<MirrorView>> BringUpToDate(
      Operation& operation, const Report& report);

  // The mirror; null if nothing was ever read.
  absl::StatusOr<std::unique_ptr<MirrorView>> Show(const DirectoryName& name);

  // Verifies one slice of a directory's mirror, if one is due (B6), and repairs
  // what no change log had told; follows the links that polls do not follow.
  // False if nothing was to be done: nothing is due, somebody else is at it, or
  // the directory cannot be read.
  absl::StatusOr<bool> Audit(const DirectoryName& name, absl::Time now,
                             const std::function<bool()>& cancelled);

  // Removes one bounded batch of what the change log does not keep; true if
  // there may be more.
  absl::StatusOr<bool> Trim(const DirectoryName& name, absl::Time now);

 private:
  // Whether a round was folded; if not, everything must be read.
  absl::StatusOr<bool> TryRound(Operation& operation);
  absl::Status AuditOneSlice(Operation& operation);
  absl::Status FollowAllLinks(Operation& operation);
  // Remembers why an operation failed, for health.
  absl::Status Failed(const DirectoryName& name, absl::Status status);
  absl::Status LearnGroups(const DirectoryName& name, const MirrorView& mirror);

  rollcall::store::Store& store_;
  DirectoryStore directories_;
  DirectoryView view_;
  GraphClient& graph_;
  Clock& clock_;
  const LinkVault vault_;
  MirrorBuilder builder_;
  MirrorRounds rounds_;

  DirectorySlots slots_;
  absl::Mutex mutex_;
  // The token of each connection and tenant that was seen to belong there last:
  // another one is looked at before it reads.
  absl::flat_hash_map<std::string, std::string> verified_
      ABSL_GUARDED_BY(mutex_);
  // Directories whose groups' names this process has learned.
  absl::flat_hash_set<std::string> learned_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MIRROR_UPDATER_H_
