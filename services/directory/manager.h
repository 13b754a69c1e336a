// The methods of the service, without gRPC: messages in, messages out.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MANAGER_H_
#define ROLLCALL_SERVICES_DIRECTORY_MANAGER_H_

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
#include "services/directory/full_read.h"
#include "services/directory/graph_client.h"
#include "services/directory/read_store.h"
#include "services/directory/store.h"

namespace rollcall::directory {

// Thread-safe. One read per directory at a time; who comes later waits for the
// first to end.
class DirectoryManager {
 public:
  // All must outlive the manager.
  DirectoryManager(rollcall::store::Store& store,
                   AuthorizationClient& authorization, GraphClient& graph,
                   Clock& clock, FullReadOptions options = {});

  absl::StatusOr<v1::Directory> Create(
      const v1::CreateDirectoryRequest& request);
  absl::StatusOr<v1::Directory> Get(const v1::GetDirectoryRequest& request);
  // `is_service`: only services may list across accounts.
  absl::StatusOr<v1::ListDirectoriesResponse> List(
      const v1::ListDirectoriesRequest& request, bool is_service);
  absl::StatusOr<v1::Directory> Update(
      const v1::UpdateDirectoryRequest& request);
  absl::StatusOr<v1::SearchGroupsResponse> Search(
      const v1::SearchGroupsRequest& request,
      const std::function<bool()>& cancelled);
  absl::Status StreamDesiredState(const v1::StreamDesiredStateRequest& request,
                                  const std::function<bool()>& cancelled,
                                  const WriteMessage& write);

 private:
  class ReadSlot;

  // The directory as callers see it, with the connection's state as
  // authorization tells it now, or told it last if it does not answer.
  absl::StatusOr<v1::Directory> Show(const AccountName& account,
                                     const store::StoredDirectory& stored);
  absl::Status CheckConnected(const ConnectionName& connection);
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
  ReadStore reads_;
  AuthorizationClient& authorization_;
  GraphClient& graph_;
  Clock& clock_;
  const FullReadOptions options_;

  absl::Mutex mutex_;
  absl::flat_hash_set<std::string> being_read_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MANAGER_H_
