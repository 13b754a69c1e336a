// Tells what the mirrors of directories hold, after bringing them up to date.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MIRROR_KEEPER_H_
#define ROLLCALL_SERVICES_DIRECTORY_MIRROR_KEEPER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/crypto/sealer.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "common/time/clock.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/directory/authorization_client.h"
#include "services/directory/change_reads.h"
#include "services/directory/desired_state.h"
#include "services/directory/directory_view.h"
#include "services/directory/full_read.h"
#include "services/directory/graph_client.h"
#include "services/directory/mirror_updater.h"
#include "services/directory/mirror_view.h"
#include "services/directory/source_id.h"
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

  // As MirrorUpdater does.
  absl::StatusOr<bool> Audit(const DirectoryName& name, absl::Time now,
                             const std::function<bool()>& cancelled) {
    return updater_.Audit(name, now, cancelled);
  }
  absl::StatusOr<bool> Trim(const DirectoryName& name, absl::Time now) {
    return updater_.Trim(name, now);
  }

 private:
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

  const rollcall::store::Store& store_;
  DirectoryStore directories_;
  DirectoryView view_;
  MirrorUpdater updater_;
  ChangeReads change_reads_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MIRROR_KEEPER_H_
