// What reconciliation asks of the directory service, and the directory service
// behind it by gRPC.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_CLIENT_H_
#define ROLLCALL_SERVICES_RECONCILIATION_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "rollcall/directory/v1/directory.pb.h"

namespace grpc {
class Channel;
}

namespace rollcall::reconciliation {

// One stream of desired state. One thread. Dropping it hangs up.
class DesiredStateStream {
 public:
  virtual ~DesiredStateStream() = default;

  // The next message; none when the directory has ended the stream in order. An
  // error says why it broke off: what came before is still true.
  virtual absl::StatusOr<
      absl::optional<directory::v1::StreamDesiredStateResponse>>
  Next() = 0;
};

// Thread-safe.
class DirectoryClient {
 public:
  virtual ~DirectoryClient() = default;

  virtual absl::StatusOr<directory::v1::Directory> GetDirectory(
      const DirectoryName& name) = 0;

  // One page, as in the contract.
  virtual absl::StatusOr<directory::v1::ListDirectoriesResponse>
  ListDirectories(const directory::v1::ListDirectoriesRequest& request) = 0;

  virtual absl::StatusOr<std::unique_ptr<DesiredStateStream>>
  StreamDesiredState(
      const directory::v1::StreamDesiredStateRequest& request) = 0;

  virtual absl::StatusOr<directory::v1::ReadSourceUserResponse> ReadSourceUser(
      const directory::v1::ReadSourceUserRequest& request) = 0;
};

// Hands the directories of `parent`, which may be `accounts/-`, to `visit`,
// page by page, while it says so.
absl::Status ForEachDirectory(
    DirectoryClient& client, const std::string& parent,
    const std::function<bool(const directory::v1::Directory&)>& visit);

// Answers UNAVAILABLE, reason DIRECTORY_UNREACHABLE, where the connection
// failed and not the directory.
class GrpcDirectoryClient : public DirectoryClient {
 public:
  explicit GrpcDirectoryClient(std::shared_ptr<grpc::Channel> channel);
  ~GrpcDirectoryClient() override;

  absl::StatusOr<directory::v1::Directory> GetDirectory(
      const DirectoryName& name) override;
  absl::StatusOr<directory::v1::ListDirectoriesResponse> ListDirectories(
      const directory::v1::ListDirectoriesRequest& request) override;
  absl::StatusOr<std::unique_ptr<DesiredStateStream>> StreamDesiredState(
      const directory::v1::StreamDesiredStateRequest& request) override;
  absl::StatusOr<directory::v1::ReadSourceUserResponse> ReadSourceUser(
      const directory::v1::ReadSourceUserRequest& request) override;

 private:
  class Stub;
  std::unique_ptr<Stub> stub_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_CLIENT_H_
