// Speaks gRPC for users and groups, and for the question who may authenticate.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_SERVICE_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_SERVICE_H_

#include <utility>

#include "absl/status/statusor.h"
#include "common/rpc/edge.h"
#include "common/time/clock.h"
#include "rollcall/reconciliation/v1/user.grpc.pb.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

// Thread-safe. The methods that take and return messages do the work; the
// others are gRPC's.
class UserServiceImpl final : public v1::UserService::Service {
 public:
  // `store` and `clock` must outlive this.
  UserServiceImpl(IdentityStore& store, Clock& clock, rpc::Edge edge)
      : store_(store), clock_(clock), edge_(std::move(edge)) {}

  absl::StatusOr<v1::User> GetUser(const v1::GetUserRequest& request) const;
  absl::StatusOr<v1::ListUsersResponse> ListUsers(
      const v1::ListUsersRequest& request) const;
  absl::StatusOr<v1::User> LookupUser(
      const v1::LookupUserRequest& request) const;
  absl::StatusOr<v1::Group> GetGroup(const v1::GetGroupRequest& request) const;
  absl::StatusOr<v1::ListGroupsResponse> ListGroups(
      const v1::ListGroupsRequest& request) const;
  absl::StatusOr<v1::ListGroupMembersResponse> ListGroupMembers(
      const v1::ListGroupMembersRequest& request) const;
  absl::StatusOr<v1::CheckAccessResponse> CheckAccess(
      const v1::CheckAccessRequest& request) const;
  absl::StatusOr<v1::PurgeUserResponse> PurgeUser(
      const v1::PurgeUserRequest& request);

  grpc::Status GetUser(grpc::ServerContext* context,
                       const v1::GetUserRequest* request,
                       v1::User* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return GetUser(*request); });
  }
  grpc::Status ListUsers(grpc::ServerContext* context,
                         const v1::ListUsersRequest* request,
                         v1::ListUsersResponse* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return ListUsers(*request); });
  }
  grpc::Status LookupUser(grpc::ServerContext* context,
                          const v1::LookupUserRequest* request,
                          v1::User* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return LookupUser(*request); });
  }
  grpc::Status GetGroup(grpc::ServerContext* context,
                        const v1::GetGroupRequest* request,
                        v1::Group* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return GetGroup(*request); });
  }
  grpc::Status ListGroups(grpc::ServerContext* context,
                          const v1::ListGroupsRequest* request,
                          v1::ListGroupsResponse* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return ListGroups(*request); });
  }
  grpc::Status ListGroupMembers(
      grpc::ServerContext* context, const v1::ListGroupMembersRequest* request,
      v1::ListGroupMembersResponse* response) override {
    return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
      return ListGroupMembers(*request);
    });
  }
  grpc::Status CheckAccess(grpc::ServerContext* context,
                           const v1::CheckAccessRequest* request,
                           v1::CheckAccessResponse* response) override {
    return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
      return CheckAccess(*request);
    });
  }
  grpc::Status PurgeUser(grpc::ServerContext* context,
                         const v1::PurgeUserRequest* request,
                         v1::PurgeUserResponse* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return PurgeUser(*request); });
  }

 private:
  IdentityStore& store_;
  Clock& clock_;
  rpc::Edge edge_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_SERVICE_H_
