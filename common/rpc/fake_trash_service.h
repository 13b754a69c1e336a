// A trash service without a trash, for tests of what lies around the methods of
// a service.
#ifndef ROLLCALL_COMMON_RPC_FAKE_TRASH_SERVICE_H_
#define ROLLCALL_COMMON_RPC_FAKE_TRASH_SERVICE_H_

#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/edge.h"
#include "rollcall/trash/v1/trash.grpc.pb.h"

namespace rollcall::rpc {

// Thread-safe. The functions are set before the first call.
class FakeTrashService : public trash::v1::TrashService::Service {
 public:
  static constexpr char kName[] = "rollcall.trash.v1.TrashService";

  explicit FakeTrashService(absl::Duration default_deadline = absl::Seconds(60))
      : edge_(*AccessPolicy::ForServices({kName}), "test.rollcall",
              "trash.rollcall", default_deadline) {}

  // What a call does; the argument counts its calls: 1, 2, 3 ...
  std::function<absl::Status(const Call&, int)> on_get = [](const Call&, int) {
    return absl::OkStatus();
  };
  std::function<absl::Status(const Call&, int)> on_delete =
      [](const Call&, int) { return absl::OkStatus(); };

  int gets() const { return gets_; }
  int deletes() const { return deletes_; }

  grpc::Status GetTrashedUser(grpc::ServerContext* context,
                              const trash::v1::GetTrashedUserRequest* request,
                              trash::v1::TrashedUser* response) override {
    return edge_.Answer(
        context, *request, response,
        [&](const Call& call) -> absl::StatusOr<trash::v1::TrashedUser> {
          const absl::Status status = on_get(call, ++gets_);
          if (!status.ok()) return status;
          trash::v1::TrashedUser user;
          user.set_name(request->name());
          return user;
        });
  }

  grpc::Status DeleteTrashedUser(
      grpc::ServerContext* context,
      const trash::v1::DeleteTrashedUserRequest* request,
      google::protobuf::Empty* response) override {
    return edge_.Answer(
        context, *request, response,
        [&](const Call& call) -> absl::StatusOr<google::protobuf::Empty> {
          const absl::Status status = on_delete(call, ++deletes_);
          if (!status.ok()) return status;
          return google::protobuf::Empty();
        });
  }

 private:
  const Edge edge_;
  std::atomic<int> gets_{0};
  std::atomic<int> deletes_{0};
};

}  // namespace rollcall::rpc

#endif  // ROLLCALL_COMMON_RPC_FAKE_TRASH_SERVICE_H_
