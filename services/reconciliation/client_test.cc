// The client against a real gRPC server.
#include "services/reconciliation/client.h"

#include <chrono>
#include <memory>
#include <string>

#include "common/status/errors.h"
#include "common/status/grpc_status.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "rollcall/directory/v1/directory.grpc.pb.h"

namespace rollcall::reconciliation {
namespace {

using directory::v1::StreamDesiredStateRequest;
using directory::v1::StreamDesiredStateResponse;
using ::rollcall::testing::StatusIs;

// Streams two messages, then ends as it is told.
class LittleDirectory final : public directory::v1::DirectoryService::Service {
 public:
  grpc::Status GetDirectory(grpc::ServerContext*,
                            const directory::v1::GetDirectoryRequest* request,
                            directory::v1::Directory* response) override {
    response->set_name(request->name());
    return ToGrpcStatus(end, "directory.rollcall");
  }
  grpc::Status StreamDesiredState(
      grpc::ServerContext* context, const StreamDesiredStateRequest* request,
      grpc::ServerWriter<StreamDesiredStateResponse>* writer) override {
    asked = *request;
    has_deadline =
        context->deadline() != std::chrono::system_clock::time_point::max();
    StreamDesiredStateResponse message;
    message.mutable_header()->set_read_id("read1");
    writer->Write(message);
    message.mutable_trailer()->set_complete(true);
    writer->Write(message);
    return ToGrpcStatus(end, "directory.rollcall");
  }

  absl::Status end;
  StreamDesiredStateRequest asked;
  bool has_deadline = false;
};

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() {
    int port = 0;
    server = grpc::ServerBuilder()
                 .AddListeningPort("127.0.0.1:0",
                                   grpc::InsecureServerCredentials(), &port)
                 .RegisterService(&service)
                 .BuildAndStart();
    client = std::make_unique<GrpcDirectoryClient>(
        grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                            grpc::InsecureChannelCredentials()));
  }

  const DirectoryName name{AccountName("acme"), "d1"};
  LittleDirectory service;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<GrpcDirectoryClient> client;
};

TEST_F(ClientTest, GetsADirectoryAndItsErrors) {
  ASSERT_OK_AND_ASSIGN(const auto directory, client->GetDirectory(name));
  EXPECT_EQ(directory.name(), "accounts/acme/directories/d1");
  service.end = NotFound("DIRECTORY_NOT_FOUND", "No such directory.");
  EXPECT_THAT(client->GetDirectory(name),
              StatusIs(absl::StatusCode::kNotFound, "DIRECTORY_NOT_FOUND"));
}

TEST_F(ClientTest, R30_AStreamEndsInOrderOrSaysWhyNot) {
  for (const absl::Status& end :
       {absl::OkStatus(),
        FailedPrecondition("REAUTHORIZATION_REQUIRED", "Authorize again.")}) {
    service.end = end;
    StreamDesiredStateRequest request;
    request.set_name(name.ToString());
    request.set_mode(StreamDesiredStateRequest::FULL);
    request.set_read_id("read0");
    request.set_resume_key("key7");
    ASSERT_OK_AND_ASSIGN(auto stream, client->StreamDesiredState(request));
    ASSERT_OK_AND_ASSIGN(auto header, stream->Next());
    EXPECT_EQ(header->header().read_id(), "read1");
    ASSERT_OK_AND_ASSIGN(auto trailer, stream->Next());
    EXPECT_TRUE(trailer->has_trailer());
    for (int again = 0; again < 2; ++again) {
      auto last = stream->Next();
      EXPECT_EQ(last.status().code(), end.code());
      EXPECT_EQ(ReasonOf(last.status()), ReasonOf(end));
      if (last.ok()) {
        EXPECT_FALSE(last->has_value());
      }
    }
    EXPECT_EQ(service.asked.mode(), StreamDesiredStateRequest::FULL);
    EXPECT_EQ(service.asked.read_id(), "read0");
    EXPECT_EQ(service.asked.resume_key(), "key7");
    EXPECT_TRUE(service.has_deadline);
  }
}

TEST_F(ClientTest, B12_AServerThatIsGoneIsUnavailable) {
  server->Shutdown();
  const absl::Status error = client->GetDirectory(name).status();
  EXPECT_THAT(
      error, StatusIs(absl::StatusCode::kUnavailable, "DIRECTORY_UNREACHABLE"));
  // Where the server was is nobody's business but the operator's.
  EXPECT_THAT(std::string(error.message()),
              ::testing::Not(::testing::HasSubstr("127.0.0.1")));
  ASSERT_OK_AND_ASSIGN(auto stream, client->StreamDesiredState({}));
  EXPECT_THAT(stream->Next(), StatusIs(absl::StatusCode::kUnavailable,
                                       "DIRECTORY_UNREACHABLE"));
}

}  // namespace
}  // namespace rollcall::reconciliation
