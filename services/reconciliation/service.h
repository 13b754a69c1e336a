// Speaks gRPC for runs and the change feed.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_SERVICE_H_
#define ROLLCALL_SERVICES_RECONCILIATION_SERVICE_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/edge.h"
#include "common/time/clock.h"
#include "rollcall/reconciliation/v1/reconciliation.grpc.pb.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/feed_streams.h"
#include "services/reconciliation/held_batch_name.h"
#include "services/reconciliation/run_progress.h"
#include "services/reconciliation/single_sync.h"
#include "services/reconciliation/store.h"
#include "services/reconciliation/user_explainer.h"

namespace rollcall::reconciliation {

struct ReconciliationServiceOptions {
  IdentityStore& store;
  DirectoryClient& directory;
  RunProgressBoard& board;
  Clock& clock;
  std::function<std::string()> make_id;
  // Called when there is a run to carry out.
  std::function<void()> on_run_started;
  // How long the trash keeps users (A21).
  absl::Duration trash_retention = absl::Hours(24 * 7);
  // Whether the process is about to end: streams that would last end then.
  std::function<bool()> is_stopping = [] { return false; };
};

// Thread-safe. The methods that take and return messages do the work; the
// others are gRPC's.
class ReconciliationServiceImpl final
    : public v1::ReconciliationService::Service {
 public:
  ReconciliationServiceImpl(ReconciliationServiceOptions options,
                            rpc::Edge edge)
      : options_(std::move(options)),
        single_sync_({.store = options_.store,
                      .directory = options_.directory,
                      .board = options_.board,
                      .clock = options_.clock,
                      .make_id = options_.make_id}),
        explainer_({.store = options_.store,
                    .directory = options_.directory,
                    .clock = options_.clock,
                    .trash_retention = options_.trash_retention}),
        edge_(std::move(edge)) {}

  absl::StatusOr<v1::Run> CreateRun(const v1::CreateRunRequest& request);
  absl::StatusOr<v1::Run> GetRun(const v1::GetRunRequest& request);
  absl::StatusOr<v1::ListRunsResponse> ListRuns(
      const v1::ListRunsRequest& request);
  absl::StatusOr<v1::Run> CancelRun(const v1::CancelRunRequest& request);
  absl::StatusOr<v1::SyncUserResponse> SyncUser(
      const v1::SyncUserRequest& request);
  absl::StatusOr<v1::ListHeldBatchesResponse> ListHeldBatches(
      const v1::ListHeldBatchesRequest& request);
  absl::StatusOr<v1::HeldBatch> GetHeldBatch(
      const v1::GetHeldBatchRequest& request);
  absl::StatusOr<v1::ListHeldChangesResponse> ListHeldChanges(
      const v1::ListHeldChangesRequest& request);
  // `approver` is who calls.
  absl::StatusOr<v1::Run> ApproveHeldBatch(
      const v1::ApproveHeldBatchRequest& request, const std::string& approver);
  absl::StatusOr<v1::ListPlannedChangesResponse> ListPlannedChanges(
      const v1::ListPlannedChangesRequest& request);
  absl::StatusOr<v1::Run> ApplyPlan(const v1::ApplyPlanRequest& request);
  absl::StatusOr<v1::Run> RevertRun(const v1::RevertRunRequest& request);
  absl::StatusOr<v1::ListCollisionsResponse> ListCollisions(
      const v1::ListCollisionsRequest& request);
  // `actor` is who calls.
  absl::StatusOr<v1::DecideCollisionsResponse> DecideCollisions(
      const v1::DecideCollisionsRequest& request, const std::string& actor);
  absl::StatusOr<v1::ListCollisionDecisionsResponse> ListCollisionDecisions(
      const v1::ListCollisionDecisionsRequest& request);
  // `caller` is who watches.
  absl::Status WatchRun(const v1::WatchRunRequest& request,
                        const std::string& caller,
                        const std::function<bool()>& cancelled,
                        const std::function<bool(const v1::Run&)>& write);
  absl::Status WatchChanges(
      const v1::WatchChangesRequest& request, const rpc::Call& call,
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
  grpc::Status CancelRun(grpc::ServerContext* context,
                         const v1::CancelRunRequest* request,
                         v1::Run* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return CancelRun(*request); });
  }
  grpc::Status SyncUser(grpc::ServerContext* context,
                        const v1::SyncUserRequest* request,
                        v1::SyncUserResponse* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return SyncUser(*request); });
  }
  grpc::Status ExplainUser(grpc::ServerContext* context,
                           const v1::ExplainUserRequest* request,
                           v1::ExplainUserResponse* response) override {
    return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
      return explainer_.Explain(*request);
    });
  }
  grpc::Status ListHeldBatches(grpc::ServerContext* context,
                               const v1::ListHeldBatchesRequest* request,
                               v1::ListHeldBatchesResponse* response) override {
    return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
      return ListHeldBatches(*request);
    });
  }
  grpc::Status GetHeldBatch(grpc::ServerContext* context,
                            const v1::GetHeldBatchRequest* request,
                            v1::HeldBatch* response) override {
    return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
      return GetHeldBatch(*request);
    });
  }
  grpc::Status ListHeldChanges(grpc::ServerContext* context,
                               const v1::ListHeldChangesRequest* request,
                               v1::ListHeldChangesResponse* response) override {
    return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
      return ListHeldChanges(*request);
    });
  }
  grpc::Status ApproveHeldBatch(grpc::ServerContext* context,
                                const v1::ApproveHeldBatchRequest* request,
                                v1::Run* response) override {
    return edge_.Answer(
        context, *request, response, [&](const rpc::Call& call) {
          return ApproveHeldBatch(*request, call.caller.spiffe_id);
        });
  }
  grpc::Status ListPlannedChanges(
      grpc::ServerContext* context,
      const v1::ListPlannedChangesRequest* request,
      v1::ListPlannedChangesResponse* response) override {
    return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
      return ListPlannedChanges(*request);
    });
  }
  grpc::Status ApplyPlan(grpc::ServerContext* context,
                         const v1::ApplyPlanRequest* request,
                         v1::Run* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return ApplyPlan(*request); });
  }
  grpc::Status RevertRun(grpc::ServerContext* context,
                         const v1::RevertRunRequest* request,
                         v1::Run* response) override {
    return edge_.Answer(context, *request, response,
                        [&](const rpc::Call&) { return RevertRun(*request); });
  }
  grpc::Status ListCollisions(grpc::ServerContext* context,
                              const v1::ListCollisionsRequest* request,
                              v1::ListCollisionsResponse* response) override {
    return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
      return ListCollisions(*request);
    });
  }
  grpc::Status DecideCollisions(
      grpc::ServerContext* context, const v1::DecideCollisionsRequest* request,
      v1::DecideCollisionsResponse* response) override {
    return edge_.Answer(
        context, *request, response, [&](const rpc::Call& call) {
          return DecideCollisions(*request, call.caller.spiffe_id);
        });
  }
  grpc::Status ListCollisionDecisions(
      grpc::ServerContext* context,
      const v1::ListCollisionDecisionsRequest* request,
      v1::ListCollisionDecisionsResponse* response) override {
    return edge_.Answer(context, *request, response, [&](const rpc::Call&) {
      return ListCollisionDecisions(*request);
    });
  }
  grpc::Status WatchRun(grpc::ServerContext* context,
                        const v1::WatchRunRequest* request,
                        grpc::ServerWriter<v1::Run>* writer) override {
    return edge_.Stream(context, *request, writer,
                        [&](const rpc::Call& call, const auto& write) {
                          return WatchRun(*request, call.caller.spiffe_id,
                                          call.cancelled, write);
                        });
  }
  grpc::Status WatchChanges(
      grpc::ServerContext* context, const v1::WatchChangesRequest* request,
      grpc::ServerWriter<v1::WatchChangesResponse>* writer) override {
    return edge_.Stream(context, *request, writer,
                        [&](const rpc::Call& call, const auto& write) {
                          return WatchChanges(*request, call, write);
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

  // The directory that a sync of one user names, by its name or its key (R81).
  absl::StatusOr<directory::v1::Directory> FindDirectory(
      const AccountName& account, const v1::SyncUserRequest& request);
  absl::StatusOr<v1::HeldBatch> MustFindBatch(const HeldBatchName& name) const;

  ReconciliationServiceOptions options_;
  SingleSync single_sync_;
  UserExplainer explainer_;
  rpc::Edge edge_;
  FeedStreams watchers_{"TOO_MANY_WATCHERS", "watchers of runs"};
  FeedStreams feed_streams_{"TOO_MANY_STREAMS", "streams of the feed"};
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_SERVICE_H_
