#include "services/directory/service.h"

#include <utility>

namespace rollcall::directory {

DirectoryServiceImpl::DirectoryServiceImpl(DirectoryManager& manager,
                                           MirrorKeeper& keeper, rpc::Edge edge)
    : manager_(manager), keeper_(keeper), edge_(std::move(edge)) {}

grpc::Status DirectoryServiceImpl::CreateDirectory(
    grpc::ServerContext* context, const v1::CreateDirectoryRequest* request,
    v1::Directory* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return manager_.Create(*request);
  });
}

grpc::Status DirectoryServiceImpl::GetDirectory(
    grpc::ServerContext* context, const v1::GetDirectoryRequest* request,
    v1::Directory* response) {
  return edge_.Answer(context, *request, response,
                      [&](const rpc::Call&) { return manager_.Get(*request); });
}

grpc::Status DirectoryServiceImpl::ListDirectories(
    grpc::ServerContext* context, const v1::ListDirectoriesRequest* request,
    v1::ListDirectoriesResponse* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call& call) {
    return manager_.List(*request, !call.caller.service.empty());
  });
}

grpc::Status DirectoryServiceImpl::UpdateDirectory(
    grpc::ServerContext* context, const v1::UpdateDirectoryRequest* request,
    v1::Directory* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return manager_.Update(*request);
  });
}

grpc::Status DirectoryServiceImpl::DeleteDirectory(
    grpc::ServerContext* context, const v1::DeleteDirectoryRequest* request,
    v1::Directory* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return manager_.Delete(*request);
  });
}

grpc::Status DirectoryServiceImpl::GetDirectoryHealth(
    grpc::ServerContext* context, const v1::GetDirectoryHealthRequest* request,
    v1::DirectoryHealth* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
    return manager_.GetHealth(*request);
  });
}

grpc::Status DirectoryServiceImpl::SearchGroups(
    grpc::ServerContext* context, const v1::SearchGroupsRequest* request,
    v1::SearchGroupsResponse* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call& call) {
    return manager_.Search(*request, call.cancelled);
  });
}

grpc::Status DirectoryServiceImpl::StreamDesiredState(
    grpc::ServerContext* context, const v1::StreamDesiredStateRequest* request,
    grpc::ServerWriter<v1::StreamDesiredStateResponse>* writer) {
  return edge_.Stream(context, *request, writer,
                      [&](const rpc::Call& call, const WriteMessage& write) {
                        return keeper_.StreamDesiredState(
                            *request, call.cancelled, write);
                      });
}

grpc::Status DirectoryServiceImpl::ReadSourceUser(
    grpc::ServerContext* context, const v1::ReadSourceUserRequest* request,
    v1::ReadSourceUserResponse* response) {
  return edge_.Answer(context, *request, response, [&](const rpc::Call& call) {
    return keeper_.ReadSourceUser(*request, call.cancelled);
  });
}

}  // namespace rollcall::directory
