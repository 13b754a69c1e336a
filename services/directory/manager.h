// The methods that configure directories, without gRPC: messages in, messages
// out.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MANAGER_H_
#define ROLLCALL_SERVICES_DIRECTORY_MANAGER_H_

#include <functional>

#include "absl/status/statusor.h"
#include "common/store/store.h"
#include "common/time/clock.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/directory/authorization_client.h"
#include "services/directory/directory_view.h"
#include "services/directory/graph_client.h"
#include "services/directory/store.h"

namespace rollcall::directory {

// Thread-safe.
class DirectoryManager {
 public:
  // All must outlive the manager.
  DirectoryManager(rollcall::store::Store& store,
                   AuthorizationClient& authorization, GraphClient& graph,
                   Clock& clock);

  absl::StatusOr<v1::Directory> Create(
      const v1::CreateDirectoryRequest& request);
  absl::StatusOr<v1::Directory> Get(const v1::GetDirectoryRequest& request);
  // All of the account together (R15). `is_service`: only services may list
  // across accounts.
  absl::StatusOr<v1::ListDirectoriesResponse> List(
      const v1::ListDirectoriesRequest& request, bool is_service);
  absl::StatusOr<v1::Directory> Update(
      const v1::UpdateDirectoryRequest& request);
  // A9: once; deleting again gives what was deleted then.
  absl::StatusOr<v1::Directory> Delete(
      const v1::DeleteDirectoryRequest& request);
  absl::StatusOr<v1::DirectoryHealth> GetHealth(
      const v1::GetDirectoryHealthRequest& request);
  absl::StatusOr<v1::SearchGroupsResponse> Search(
      const v1::SearchGroupsRequest& request,
      const std::function<bool()>& cancelled);

 private:
  const rollcall::store::Store& store_;
  DirectoryStore directories_;
  DirectoryView view_;
  GraphClient& graph_;
  Clock& clock_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MANAGER_H_
