#include "services/reconciliation/client.h"

#include <utility>

#include "common/log/log.h"
#include "common/rpc/channel.h"
#include "common/status/errors.h"
#include "common/status/grpc_status.h"
#include "common/status/status_macros.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "rollcall/directory/v1/directory.grpc.pb.h"
#include "services/reconciliation/run_state.h"

namespace rollcall::reconciliation {
namespace {

using directory::v1::DirectoryService;
using directory::v1::StreamDesiredStateRequest;
using directory::v1::StreamDesiredStateResponse;

// An administrator waits for the answer.
constexpr absl::Duration kCallTimeout = absl::Seconds(10);
// A million users at the speed that Graph's quota allows, three times over.
constexpr absl::Duration kStreamTimeout = absl::Hours(1);

// An error without a reason is not the directory's but the transport's, whose
// words name hosts and ports: they are for operators, not for whoever asks for
// a run or reads why one failed.
absl::Status ErrorOf(const grpc::Status& status) {
  absl::Status error = FromGrpcStatus(status);
  if (error.ok() || !ReasonOf(error).empty()) return error;
  LogWarning("directory_call_failed", {{"error", error}});
  if (!IsWorthRetrying(error.code(), "")) return error;
  return Unavailable("DIRECTORY_UNREACHABLE",
                     "The directory service cannot be reached.");
}

class GrpcStream : public DesiredStateStream {
 public:
  GrpcStream(DirectoryService::Stub& stub,
             const StreamDesiredStateRequest& request) {
    rpc::SetDeadline(&context_, kStreamTimeout);
    reader_ = stub.StreamDesiredState(&context_, request);
  }
  ~GrpcStream() override {
    if (finished_.has_value()) return;
    context_.TryCancel();
    reader_->Finish().IgnoreError();
  }

  absl::StatusOr<absl::optional<StreamDesiredStateResponse>> Next() override {
    if (!finished_.has_value()) {
      StreamDesiredStateResponse message;
      if (reader_->Read(&message))
        return absl::make_optional(std::move(message));
      finished_ = ErrorOf(reader_->Finish());
    }
    if (!finished_->ok()) return *finished_;
    return absl::optional<StreamDesiredStateResponse>();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<StreamDesiredStateResponse>> reader_;
  absl::optional<absl::Status> finished_;
};

}  // namespace

class GrpcDirectoryClient::Stub {
 public:
  explicit Stub(const std::shared_ptr<grpc::Channel>& channel)
      : stub(channel) {}
  DirectoryService::Stub stub;
};

GrpcDirectoryClient::GrpcDirectoryClient(std::shared_ptr<grpc::Channel> channel)
    : stub_(std::make_unique<Stub>(channel)) {}
GrpcDirectoryClient::~GrpcDirectoryClient() = default;

absl::StatusOr<directory::v1::Directory> GrpcDirectoryClient::GetDirectory(
    const DirectoryName& name) {
  grpc::ClientContext context;
  rpc::SetDeadline(&context, kCallTimeout);
  directory::v1::GetDirectoryRequest request;
  request.set_name(name.ToString());
  directory::v1::Directory directory;
  absl::Status status =
      ErrorOf(stub_->stub.GetDirectory(&context, request, &directory));
  if (!status.ok()) return status;
  return directory;
}

absl::StatusOr<directory::v1::ListDirectoriesResponse>
GrpcDirectoryClient::ListDirectories(
    const directory::v1::ListDirectoriesRequest& request) {
  grpc::ClientContext context;
  rpc::SetDeadline(&context, kCallTimeout);
  directory::v1::ListDirectoriesResponse response;
  RETURN_IF_ERROR(
      ErrorOf(stub_->stub.ListDirectories(&context, request, &response)));
  return response;
}

absl::StatusOr<std::unique_ptr<DesiredStateStream>>
GrpcDirectoryClient::StreamDesiredState(const DirectoryName& name,
                                        const std::string& read_id,
                                        const std::string& resume_key) {
  StreamDesiredStateRequest request;
  request.set_name(name.ToString());
  request.set_mode(StreamDesiredStateRequest::FULL);
  request.set_read_id(read_id);
  request.set_resume_key(resume_key);
  return std::make_unique<GrpcStream>(stub_->stub, request);
}

}  // namespace rollcall::reconciliation
