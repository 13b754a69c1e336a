// Tells what the mirrors of directories hold, after bringing them up to date:
// by a round of changes, or by reading everything. One operation per directory
// at a time; who comes later waits for the first to end.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MIRROR_KEEPER_H_
#define ROLLCALL_SERVICES_DIRECTORY_MIRROR_KEEPER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/crypto/sealer.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "common/time/clock.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/directory/authorization_client.h"
#include "services/directory/change_reads.h"
#include "services/directory/desired_state.h"
#include "services/directory/directory_slots.h"
#include "services/directory/directory_view.h"
#include "services/directory/full_read.h"
#include "services/directory/graph_client.h"
#include "services/directory/link_vault.h"
#include "services/directory/mirror_builder.h"
#include "services/directory/mirror_rounds.h"
#include "services/directory/mirror_view.h"
#include "services/directory/store.h"

namespace rollcall::directory {

// Thread-safe.
class MirrorKeeper {
 public:
  // All must outlive the keeper.
  MirrorKeeper(rollcall::store::Store& store,
               AuthorizationClient& authorization, GraphClient& graph,
               const Sealer& sealer, Clock& clock,
               FullReadOptions options = {});

  absl::Status StreamDesiredState(const v1::StreamDesiredStateRequest& request,
                                  const std::function<bool()>& cancelled,
                                  const WriteMessage& write);

  absl::StatusOr<v1::ReadSourceUserResponse> ReadSourceUser(
      const v1::ReadSourceUserRequest& request,
      const std::function<bool()>& cancelled);

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
  struct Operation;
  using Report = std::function<void(const FullReadProgress&)>;

  absl::Status Stream(const DirectoryName& name,
                      const v1::StreamDesiredStateRequest& request,
                      const std::function<bool()>& cancelled,
                      const WriteMessage& write);
  absl::Status StreamFull(const v1::StreamDesiredStateRequest& request,
                          const DirectoryName& name,
                          const std::function<bool()>& cancelled,
                          const WriteMessage& write);
  absl::Status StreamChangesSince(const v1::StreamDesiredStateRequest& request,
                                  const DirectoryName& name,
                                  const std::function<bool()>& cancelled,
                                  const WriteMessage& write);
  // The directory, if it can be read at all.
  absl::StatusOr<store::StoredDirectory> CheckReadable(
      const DirectoryName& name);
  // Opens a conversation with the tenant.
  absl::StatusOr<Operation> Begin(const DirectoryName& name,
                                  const std::function<bool()>& cancelled);
  absl::StatusOr<std::unique_ptr<MirrorView>> ReadEverythingAnew(
      Operation& operation, const Report& report);
  // By a round, or, if that is not possible, by reading everything.
  absl::StatusOr<std::unique_ptr<MirrorView>> BringUpToDate(
      Operation& operation, const Report& report);
  // Whether a round was folded; if not, everything must be read.
  absl::StatusOr<bool> TryRound(Operation& operation);
  absl::Status AuditOneSlice(Operation& operation);
  absl::Status FollowAllLinks(Operation& operation);
  // Remembers why an operation failed, for health.
  absl::Status Failed(const DirectoryName& name, absl::Status status);
  absl::StatusOr<std::unique_ptr<MirrorView>> Show(const DirectoryName& name);
  absl::Status VerifyTenant(const Operation& operation);
  absl::Status LearnGroups(const DirectoryName& name, const MirrorView& mirror);
  // Goes on with a stream of changes that broke off; false if that is not
  // possible any more, and nothing was written.
  absl::StatusOr<bool> ResumeChanges(
      const v1::StreamDesiredStateRequest& request, const DirectoryName& name,
      const absl::optional<SourceId>& resume_key, const WriteMessage& write);
  // What of the request's cursor can still be told.
  absl::StatusOr<uint64_t> CheckCursor(const DirectoryName& name,
                                       const MirrorView* mirror,
                                       const std::string& text) const;
  std::string CursorOf(const MirrorView& mirror) const;
  // Completes the header, and writes it.
  absl::Status WriteHeader(v1::DesiredStateHeader& header,
                           const AccountName& account,
                           const store::StoredDirectory& directory,
                           const WriteMessage& write);

  rollcall::store::Store& store_;
  DirectoryStore directories_;
  DirectoryView view_;
  GraphClient& graph_;
  Clock& clock_;
  const LinkVault vault_;
  MirrorBuilder builder_;
  MirrorRounds rounds_;

  DirectorySlots slots_;
  ChangeReads change_reads_;
  absl::Mutex mutex_;
  // The token of each connection and tenant that was seen to belong there last:
  // another one is looked at before it reads.
  absl::flat_hash_map<std::string, std::string> verified_
      ABSL_GUARDED_BY(mutex_);
  // Directories whose groups' names this process has learned.
  absl::flat_hash_set<std::string> learned_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MIRROR_KEEPER_H_
