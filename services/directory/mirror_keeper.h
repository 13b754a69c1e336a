// Reads tenants and tells what was read. One read per directory at a time; who
// comes later waits for the first to end.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MIRROR_KEEPER_H_
#define ROLLCALL_SERVICES_DIRECTORY_MIRROR_KEEPER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "common/time/clock.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/directory/authorization_client.h"
#include "services/directory/desired_state.h"
#include "services/directory/directory_view.h"
#include "services/directory/full_read.h"
#include "services/directory/graph_client.h"
#include "services/directory/read_store.h"
#include "services/directory/store.h"

namespace rollcall::directory {

// Thread-safe.
class MirrorKeeper {
 public:
  // All must outlive the keeper.
  MirrorKeeper(rollcall::store::Store& store,
               AuthorizationClient& authorization, GraphClient& graph,
               Clock& clock, FullReadOptions options = {});

  absl::Status StreamDesiredState(const v1::StreamDesiredStateRequest& request,
                                  const std::function<bool()>& cancelled,
                                  const WriteMessage& write);

 private:
  class ReadSlot;

  absl::Status Stream(const DirectoryName& name,
                      const v1::StreamDesiredStateRequest& request,
                      const std::function<bool()>& cancelled,
                      const WriteMessage& write);
  absl::StatusOr<std::unique_ptr<SealedRead>> ReadAnew(
      const DirectoryName& name, const std::function<bool()>& cancelled,
      const WriteMessage& write);
  // The directory, if it can be read at all.
  absl::StatusOr<store::StoredDirectory> CheckReadable(
      const DirectoryName& name);
  absl::Status FillAndSeal(const DirectoryName& name, GraphSession& session,
                           ReadWriter& writer, const WriteMessage& write);
  absl::Status LearnGroups(const DirectoryName& name, const SealedRead& read);
  absl::Status WriteHeader(const AccountName& account,
                           const store::StoredRead& read,
                           const WriteMessage& write);

  DirectoryStore directories_;
  DirectoryView view_;
  ReadStore reads_;
  GraphClient& graph_;
  Clock& clock_;
  const FullReadOptions options_;

  absl::Mutex mutex_;
  absl::flat_hash_set<std::string> being_read_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MIRROR_KEEPER_H_
