// Speaks gRPC for runs and the change feed.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_SERVICE_H_
#define ROLLCALL_SERVICES_RECONCILIATION_SERVICE_H_

#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/rpc/edge.h"
#include "common/time/clock.h"
#include "rollcall/reconciliation/v1/reconciliation.grpc.pb.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/run_progress.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

struct ReconciliationServiceOptions {
  IdentityStore& store;
  DirectoryClient& directory;
  RunProgressBoard& board;
  Clock& clock;
  std::function<std::string()> make_id;
  // Called when there is a run to carry out.
  std::function<void()> on_run_started;
};

// Thread-safe. The methods that take and return messages do the work; the
// others are gRPC's.
class ReconciliationServiceImpl final
    : public v1::ReconciliationService::Service {
 public:
  ReconciliationServiceImpl(ReconciliationServiceOptions options,
                            rpc::Edge edge)
      : options_(std::move(options)), edge_(std::move(edge)) {}

  absl::StatusOr<v1::Run> CreateRun(const v1::CreateRunRequest& request);
  absl::StatusOr<v1::Run> GetRun(const v1::GetRunRequest& request);
  absl::StatusOr<v1::ListRunsResponse> ListRuns(
      const v1::ListRunsRequest& request);
  absl::Status WatchRun(const v1::WatchRunRequest& request,
                        const std::function<bool()>& cancelled,
                        const std::function<bool(const v1::Run&)>& write);
  absl::Status WatchChanges(
      const v1::WatchChangesRequest& request,
      const std::function<bool(const v1::WatchChangesResponse&)>& write);
  absl::StatusOr<v1::ListFeedsResponse> ListFeeds(
      const v1::ListFeedsRequest& request);

  grpc::Status CreateRun(grpc::ServerContext* context,
                         const v1::CreateRunRequest* request,
                         v1::Run* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return CreateRun(*request); });
  }
  grpc::Status GetRun(grpc::ServerContext* context,
                      const v1::GetRunRequest* request,
                      v1::Run* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return GetRun(*request); });
  }
  grpc::Status ListRuns(grpc::ServerContext* context,
                        const v1::ListRunsRequest* request,
                        v1::ListRunsResponse* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return ListRuns(*request); });
  }
  grpc::Status WatchRun(grpc::ServerContext* context,
                        const v1::WatchRunRequest* request,
                        grpc::ServerWriter<v1::Run>* writer) override {
    return edge_.Stream(context, *request, writer,
                        [&](const rpc::Call& call, const auto& write) {
                          return WatchRun(*request, call.cancelled, write);
                        });
  }
  grpc::Status WatchChanges(
      grpc::ServerContext* context, const v1::WatchChangesRequest* request,
      grpc::ServerWriter<v1::WatchChangesResponse>* writer) override {
    return edge_.Stream(context, *request, writer,
                        [&](const rpc::Call&, const auto& write) {
                          return WatchChanges(*request, write);
                        });
  }
  grpc::Status ListFeeds(grpc::ServerContext* context,
                         const v1::ListFeedsRequest* request,
                         v1::ListFeedsResponse* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return ListFeeds(*request); });
  }

 private:
  // The run as it is stored, with what this process knows better.
  void ShowLiveProgress(v1::Run* run) const;

  ReconciliationServiceOptions options_;
  rpc::Edge edge_;
  std::atomic<int> watchers_ = 0;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_SERVICE_H_
