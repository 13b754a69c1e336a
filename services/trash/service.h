// The trash over gRPC: who is in it, until when, and how many (R59).
#ifndef ROLLCALL_SERVICES_TRASH_SERVICE_H_
#define ROLLCALL_SERVICES_TRASH_SERVICE_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/edge.h"
#include "rollcall/trash/v1/trash.grpc.pb.h"
#include "services/trash/client.h"
#include "services/trash/store.h"

namespace rollcall::trash {

// Thread-safe.
class TrashServiceImpl : public v1::TrashService::Service {
 public:
  // `store` and `reconciliation` must outlive it.
  TrashServiceImpl(TrashStore& store, ReconciliationClient& reconciliation,
                   absl::Duration retention, rpc::Edge edge);

  absl::StatusOr<v1::ListTrashedUsersResponse> List(
      const v1::ListTrashedUsersRequest& request) const;
  absl::StatusOr<v1::TrashedUser> Get(
      const v1::GetTrashedUserRequest& request) const;
  // At any time (R62); the contract says by whom (A22).
  absl::StatusOr<google::protobuf::Empty> Delete(
      const v1::DeleteTrashedUserRequest& request, const std::string& actor);

  absl::StatusOr<v1::ResyncFeedResponse> Resync(
      const v1::ResyncFeedRequest& request);

  grpc::Status ListTrashedUsers(
      grpc::ServerContext* context, const v1::ListTrashedUsersRequest* request,
      v1::ListTrashedUsersResponse* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return List(*request); });
  }
  grpc::Status GetTrashedUser(grpc::ServerContext* context,
                              const v1::GetTrashedUserRequest* request,
                              v1::TrashedUser* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return Get(*request); });
  }
  grpc::Status DeleteTrashedUser(grpc::ServerContext* context,
                                 const v1::DeleteTrashedUserRequest* request,
                                 google::protobuf::Empty* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call& call) {
                          return Delete(*request, call.caller.spiffe_id);
                        });
  }
  grpc::Status ResyncFeed(grpc::ServerContext* context,
                          const v1::ResyncFeedRequest* request,
                          v1::ResyncFeedResponse* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return Resync(*request); });
  }

 private:
  TrashStore& store_;
  ReconciliationClient& reconciliation_;
  const absl::Duration retention_;
  const rpc::Edge edge_;
};

}  // namespace rollcall::trash

#endif  // ROLLCALL_SERVICES_TRASH_SERVICE_H_
