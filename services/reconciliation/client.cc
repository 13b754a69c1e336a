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
// A handful of requests to the tenant, some of them throttled.
constexpr absl::Duration kLookTimeout = absl::Seconds(30);
// The directory service asks authorization about each: a page must not take
// long.
constexpr int kDirectoriesPerPage = 100;
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
GrpcDirectoryClient::StreamDesiredState(
    const StreamDesiredStateRequest& request) {
  return std::make_unique<GrpcStream>(stub_->stub, request);
}

absl::StatusOr<directory::v1::ReadSourceUserResponse>
GrpcDirectoryClient::ReadSourceUser(
    const directory::v1::ReadSourceUserRequest& request) {
  grpc::ClientContext context;
  rpc::SetDeadline(&context, kLookTimeout);
  directory::v1::ReadSourceUserResponse response;
  const absl::Status status =
      ErrorOf(stub_->stub.ReadSourceUser(&context, request, &response));
  if (!status.ok()) return status;
  return response;
}

absl::Status ForEachDirectory(
    DirectoryClient& client, const std::string& parent,
    const std::function<bool(const directory::v1::Directory&)>& visit) {
  directory::v1::ListDirectoriesRequest request;
  request.set_parent(parent);
  request.set_page_size(kDirectoriesPerPage);
  do {
    auto response = client.ListDirectories(request);
    if (!response.ok()) return response.status();
    for (const directory::v1::Directory& listed : response->directories()) {
      if (!visit(listed)) return absl::OkStatus();
    }
    request.set_page_token(response->next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

}  // namespace rollcall::reconciliation
