// What reconciliation asks of the directory service, and the directory service
// behind it by gRPC.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_CLIENT_H_
#define ROLLCALL_SERVICES_RECONCILIATION_CLIENT_H_

#include <memory>
#include <string>

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

  // `read_id` and `resume_key` as in the contract; empty for a new reading.
  virtual absl::StatusOr<std::unique_ptr<DesiredStateStream>>
  StreamDesiredState(const DirectoryName& name, const std::string& read_id,
                     const std::string& resume_key) = 0;
};

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
      const DirectoryName& name, const std::string& read_id,
      const std::string& resume_key) override;

 private:
  class Stub;
  std::unique_ptr<Stub> stub_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_CLIENT_H_
