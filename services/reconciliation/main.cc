// The reconciliation service: the identity store and the runs that keep it in
// step with its directories.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "common/crypto/time_ordered_ids.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/channel.h"
#include "common/rpc/edge.h"
#include "common/rpc/process.h"
#include "common/rpc/process_store.h"
#include "common/time/clock.h"
#include "common/time/periodic_worker.h"
#include "services/reconciliation/access_cache.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/desk_sweeper.h"
#include "services/reconciliation/directory_releaser.h"
#include "services/reconciliation/feed_expiry.h"
#include "services/reconciliation/person_eraser.h"
#include "services/reconciliation/run_crew.h"
#include "services/reconciliation/run_progress.h"
#include "services/reconciliation/service.h"
#include "services/reconciliation/store.h"
#include "services/reconciliation/user_service.h"
#include "services/reconciliation/watched_store.h"

ABSL_FLAG(std::string, directory, "127.0.0.1:7002",
          "Where the directory service is: host:port or a gRPC name.");

ABSL_FLAG(int, run_threads, 4,
          "How many directories are synchronized at the same time.");

ABSL_FLAG(absl::Duration, trash_retention, absl::Hours(24 * 7),
          "How long the trash service keeps users, to tell when they go; its "
          "--retention decides.");
ABSL_FLAG(absl::Duration, feed_retention,
          rollcall::reconciliation::kDefaultFeedRetention,
          "How long events of the change feed are kept, and with them the "
          "history of users; longer if enrollment or trash is behind.");
ABSL_FLAG(int64_t, feed_max_events,
          rollcall::reconciliation::kDefaultMaxFeedEvents,
          "The most events that are kept of an account, whoever has not taken "
          "them: slower consumers take a snapshot.");

namespace rollcall::reconciliation {
namespace {

// How long a deleted directory's users may stay its users (A9).
constexpr absl::Duration kReleasePeriod = absl::Minutes(1);
// How often decisions about objects that are gone are looked for (B10).
constexpr absl::Duration kDeskPeriod = absl::Hours(1);
// How much longer than its retention an event may be kept.
constexpr absl::Duration kExpiryPeriod = kSilenceTick;
// How long it is known who a purged user was, a long past aside.
constexpr absl::Duration kErasurePeriod = absl::Minutes(1);

int Main(int argc, char** argv) {
  const rpc::ProcessOptions process =
      rpc::InitializeProcess(argc, argv, "reconciliation");
  Clock& clock = Clock::GetRealClock();

  auto rows =
      rpc::OpenStore(process, clock, "reconciliation", kStoreFormatVersion);
  if (!rows.ok()) return rpc::FailToStart(rows.status());
  AccessCache access;
  WatchedStore watched(**rows, access);
  IdentityStore store(watched);

  auto channel = rpc::OpenChannel(
      {.target = absl::GetFlag(FLAGS_directory),
       .tls = process.tls,
       .trust_domain = process.trust_domain,
       .expected_service = "directory",
       .service_name = "rollcall.directory.v1.DirectoryService"});
  if (!channel.ok()) return rpc::FailToStart(channel.status());
  GrpcDirectoryClient directory(*channel);

  auto policy =
      rpc::AccessPolicy::ForServices({"rollcall.reconciliation.v1."
                                      "ReconciliationService",
                                      "rollcall.reconciliation.v1."
                                      "UserService"});
  if (!policy.ok()) return rpc::FailToStart(policy.status());
  const rpc::Edge edge(*policy, process.trust_domain,
                       "reconciliation.rollcall");

  TimeOrderedIds ids(clock);
  const auto make_id = [&ids] { return ids.Next(); };
  RunProgressBoard board;
  std::atomic<bool> stopping = false;
  auto crew = std::make_unique<RunCrew>(
      RunEngineOptions{.store = store,
                       .directory = directory,
                       .board = board,
                       .clock = clock,
                       .make_id = make_id,
                       .is_stopping = [&stopping] { return stopping.load(); }},
      absl::GetFlag(FLAGS_run_threads));
  DirectoryReleaser releaser(
      {.store = store, .directory = directory, .is_stopping = [&stopping] {
         return stopping.load();
       }});
  auto release_loop = std::make_unique<PeriodicWorker>(
      PeriodicWorkerOptions{.name = "reconciliation-releases",
                            .period = kReleasePeriod},
      clock, [&releaser](absl::Time now) { return releaser.RunOnce(now); });

  DeskSweeper desk_sweeper(
      {.store = store, .directory = directory, .is_stopping = [&stopping] {
         return stopping.load();
       }});
  auto desk_loop = std::make_unique<PeriodicWorker>(
      PeriodicWorkerOptions{.name = "reconciliation-desk",
                            .period = kDeskPeriod},
      clock,
      [&desk_sweeper](absl::Time now) { return desk_sweeper.RunOnce(now); });

  FeedExpiry expiry(store, absl::GetFlag(FLAGS_feed_retention),
                    absl::GetFlag(FLAGS_feed_max_events));
  auto expiry_loop = std::make_unique<PeriodicWorker>(
      PeriodicWorkerOptions{.name = "reconciliation-feed-expiry",
                            .period = kExpiryPeriod},
      clock, [&expiry](absl::Time now) { return expiry.RunOnce(now); });

  PersonEraser eraser(store);
  auto erasure_loop = std::make_unique<PeriodicWorker>(
      PeriodicWorkerOptions{.name = "reconciliation-erasure",
                            .period = kErasurePeriod},
      clock, [&eraser](absl::Time now) { return eraser.RunOnce(now); });

  ReconciliationServiceImpl runs(
      {.store = store,
       .directory = directory,
       .board = board,
       .clock = clock,
       .make_id = make_id,
       .on_run_started = [&] { crew->Nudge(); },
       .trash_retention = absl::GetFlag(FLAGS_trash_retention),
       .is_stopping = [&stopping] { return stopping.load(); }},
      edge);
  UserServiceImpl users({.store = store,
                         .directory = directory,
                         .clock = clock,
                         .make_id = make_id},
                        edge, &access);
  return rpc::Serve(
      process, clock, *std::move(policy), {&runs, &users},
      [&] {
        crew.reset();
        release_loop.reset();
        desk_loop.reset();
        expiry_loop.reset();
        erasure_loop.reset();
      },
      [&stopping] { stopping = true; });
}

}  // namespace
}  // namespace rollcall::reconciliation

int main(int argc, char** argv) {
  return rollcall::reconciliation::Main(argc, argv);
}
