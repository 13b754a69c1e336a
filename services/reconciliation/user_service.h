// Speaks gRPC for users and groups, and for the question who may authenticate
// (B13).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_SERVICE_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_SERVICE_H_

#include <utility>

#include "absl/status/statusor.h"
#include "common/rpc/edge.h"
#include "common/time/clock.h"
#include "google/protobuf/empty.pb.h"
#include "rollcall/reconciliation/v1/user.grpc.pb.h"
#include "services/reconciliation/access_cache.h"
#include "services/reconciliation/group_writer.h"
#include "services/reconciliation/store.h"
#include "services/reconciliation/user_writer.h"

namespace rollcall::reconciliation {

// Thread-safe. The methods that take and return messages do the work; the
// others are gRPC's.
// CheckAccess is asked for every login: it and its batch run on the callback
// API, which costs half of the synchronous one's time at many calls in flight.
class UserServiceImpl final
    : public v1::UserService::WithCallbackMethod_CheckAccess<
          v1::UserService::WithCallbackMethod_BatchCheckAccess<
              v1::UserService::Service>> {
 public:
  // `cache` hears of every commit to the store, see WatchedStore; without one
  // every answer is read from the store.
  UserServiceImpl(UserWriterOptions options, rpc::Edge edge,
                  AccessCache* cache = nullptr)
      : store_(options.store),
        directory_(options.directory),
        clock_(options.clock),
        edge_(std::move(edge)),
        cache_(cache),
        users_(options),
        groups_(options.store, options.clock, options.make_id) {}

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
  absl::StatusOr<v1::Usage> GetUsage(const v1::GetUsageRequest& request) const;
  // gRPC's own, which ours would hide.
  using WithCallbackMethod_BatchCheckAccess::BatchCheckAccess;
  using WithCallbackMethod_CheckAccess::CheckAccess;
  absl::StatusOr<v1::CheckAccessResponse> CheckAccess(
      const v1::CheckAccessRequest& request) const;
  absl::StatusOr<v1::BatchCheckAccessResponse> BatchCheckAccess(
      const v1::BatchCheckAccessRequest& request) const;
  absl::StatusOr<v1::PurgeUserResponse> PurgeUser(
      const v1::PurgeUserRequest& request);

  // The writes of people, without gRPC.
  UserWriter& users() { return users_; }
  GroupWriter& groups() { return groups_; }

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
  grpc::ServerUnaryReactor* CheckAccess(
      grpc::CallbackServerContext* context,
      const v1::CheckAccessRequest* request,
      v1::CheckAccessResponse* response) override {
    return edge_.React(context, *request, response,
                       [&](const rpc::Call&) { return CheckAccess(*request); });
  }
  grpc::Status PurgeUser(grpc::ServerContext* context,
                         const v1::PurgeUserRequest* request,
                         v1::PurgeUserResponse* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return PurgeUser(*request); });
  }

  grpc::Status CreateUser(grpc::ServerContext* context,
                          const v1::CreateUserRequest* request,
                          v1::User* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call& call) {
                          return users_.Create(*request, call.caller.spiffe_id);
                        });
  }
  grpc::Status UpdateUser(grpc::ServerContext* context,
                          const v1::UpdateUserRequest* request,
                          v1::User* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call& call) {
                          return users_.Update(*request, call.caller.spiffe_id);
                        });
  }
  grpc::Status DeleteUser(grpc::ServerContext* context,
                          const v1::DeleteUserRequest* request,
                          google::protobuf::Empty* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call& call) {
                          return users_.Delete(*request, call.caller.spiffe_id);
                        });
  }
  grpc::Status SetUserState(grpc::ServerContext* context,
                            const v1::SetUserStateRequest* request,
                            v1::User* response) override {
    return edge_.Answer(
        context, *request, response, [&](const rpc::Call& call) {
          return users_.SetState(*request, call.caller.spiffe_id);
        });
  }
  grpc::Status AddDevice(grpc::ServerContext* context,
                         const v1::AddDeviceRequest* request,
                         v1::User* response) override {
    return edge_.Answer(
        context, *request, response, [&](const rpc::Call& call) {
          return users_.AddDevice(*request, call.caller.spiffe_id);
        });
  }
  grpc::Status RemoveDevice(grpc::ServerContext* context,
                            const v1::RemoveDeviceRequest* request,
                            v1::User* response) override {
    return edge_.Answer(
        context, *request, response, [&](const rpc::Call& call) {
          return users_.RemoveDevice(*request, call.caller.spiffe_id);
        });
  }
  grpc::Status CreateGroup(grpc::ServerContext* context,
                           const v1::CreateGroupRequest* request,
                           v1::Group* response) override {
    return edge_.Answer(
        context, *request, response, [&](const rpc::Call& call) {
          return groups_.Create(*request, call.caller.spiffe_id);
        });
  }
  grpc::Status UpdateGroup(grpc::ServerContext* context,
                           const v1::UpdateGroupRequest* request,
                           v1::Group* response) override {
    return edge_.Answer(
        context, *request, response, [&](const rpc::Call& call) {
          return groups_.Update(*request, call.caller.spiffe_id);
        });
  }
  grpc::Status DeleteGroup(grpc::ServerContext* context,
                           const v1::DeleteGroupRequest* request,
                           google::protobuf::Empty* response) override {
    return edge_.Answer(
        context, *request, response, [&](const rpc::Call& call) {
          return groups_.Delete(*request, call.caller.spiffe_id);
        });
  }
  grpc::Status SetGroupState(grpc::ServerContext* context,
                             const v1::SetGroupStateRequest* request,
                             v1::Group* response) override {
    return edge_.Answer(
        context, *request, response, [&](const rpc::Call& call) {
          return groups_.SetState(*request, call.caller.spiffe_id);
        });
  }
  grpc::Status AddGroupMember(grpc::ServerContext* context,
                              const v1::AddGroupMemberRequest* request,
                              v1::User* response) override {
    return edge_.Answer(
        context, *request, response, [&](const rpc::Call& call) {
          return groups_.AddMember(*request, call.caller.spiffe_id);
        });
  }
  grpc::Status RemoveGroupMember(grpc::ServerContext* context,
                                 const v1::RemoveGroupMemberRequest* request,
                                 v1::User* response) override {
    return edge_.Answer(
        context, *request, response, [&](const rpc::Call& call) {
          return groups_.RemoveMember(*request, call.caller.spiffe_id);
        });
  }
  grpc::Status GetUsage(grpc::ServerContext* context,
                        const v1::GetUsageRequest* request,
                        v1::Usage* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return GetUsage(*request); });
  }
  grpc::ServerUnaryReactor* BatchCheckAccess(
      grpc::CallbackServerContext* context,
      const v1::BatchCheckAccessRequest* request,
      v1::BatchCheckAccessResponse* response) override {
    return edge_.React(context, *request, response, [&](const rpc::Call&) {
      return BatchCheckAccess(*request);
    });
  }

 private:
  IdentityStore& store_;
  DirectoryClient& directory_;
  Clock& clock_;
  rpc::Edge edge_;
  AccessCache* cache_;  // nullptr: none.
  UserWriter users_;
  GroupWriter groups_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_SERVICE_H_
