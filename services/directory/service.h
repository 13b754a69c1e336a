// Speaks gRPC for the directory service: every method is one line.
#ifndef ROLLCALL_SERVICES_DIRECTORY_SERVICE_H_
#define ROLLCALL_SERVICES_DIRECTORY_SERVICE_H_

#include "common/rpc/edge.h"
#include "rollcall/directory/v1/directory.grpc.pb.h"
#include "services/directory/manager.h"
#include "services/directory/mirror_keeper.h"

namespace rollcall::directory {

// Thread-safe.
class DirectoryServiceImpl : public v1::DirectoryService::Service {
 public:
  // `manager` and `keeper` must outlive the service.
  DirectoryServiceImpl(DirectoryManager& manager, MirrorKeeper& keeper,
                       rpc::Edge edge);

  grpc::Status CreateDirectory(grpc::ServerContext* context,
                               const v1::CreateDirectoryRequest* request,
                               v1::Directory* response) override;
  grpc::Status GetDirectory(grpc::ServerContext* context,
                            const v1::GetDirectoryRequest* request,
                            v1::Directory* response) override;
  grpc::Status ListDirectories(grpc::ServerContext* context,
                               const v1::ListDirectoriesRequest* request,
                               v1::ListDirectoriesResponse* response) override;
  grpc::Status UpdateDirectory(grpc::ServerContext* context,
                               const v1::UpdateDirectoryRequest* request,
                               v1::Directory* response) override;
  grpc::Status DeleteDirectory(grpc::ServerContext* context,
                               const v1::DeleteDirectoryRequest* request,
                               v1::Directory* response) override;
  grpc::Status GetDirectoryHealth(grpc::ServerContext* context,
                                  const v1::GetDirectoryHealthRequest* request,
                                  v1::DirectoryHealth* response) override;
  grpc::Status SearchGroups(grpc::ServerContext* context,
                            const v1::SearchGroupsRequest* request,
                            v1::SearchGroupsResponse* response) override;
  grpc::Status StreamDesiredState(
      grpc::ServerContext* context,
      const v1::StreamDesiredStateRequest* request,
      grpc::ServerWriter<v1::StreamDesiredStateResponse>* writer) override;
  grpc::Status ReadSourceUser(grpc::ServerContext* context,
                              const v1::ReadSourceUserRequest* request,
                              v1::ReadSourceUserResponse* response) override;

 private:
  DirectoryManager& manager_;
  MirrorKeeper& keeper_;
  rpc::Edge edge_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_SERVICE_H_
