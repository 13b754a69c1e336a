// The trash service: users that leave, and when.
#include <memory>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "common/feed/grpc_feed_source.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/channel.h"
#include "common/rpc/edge.h"
#include "common/rpc/process.h"
#include "common/rpc/process_store.h"
#include "common/time/clock.h"
#include "common/time/periodic_worker.h"
#include "services/trash/client.h"
#include "services/trash/service.h"
#include "services/trash/store.h"
#include "services/trash/worker.h"

ABSL_FLAG(std::string, reconciliation, "127.0.0.1:7003",
          "The reconciliation service, host:port.");
ABSL_FLAG(absl::Duration, retention, absl::Hours(7 * 24),
          "How long a user stays in the trash. A longer one holds for whoever "
          "is there already; a shorter one only for those to come.");

namespace {

using rollcall::Clock;
using rollcall::PeriodicWorker;
namespace feed = rollcall::feed;
namespace rpc = rollcall::rpc;
namespace trash = rollcall::trash;

constexpr char kTrashService[] = "rollcall.trash.v1.TrashService";
constexpr char kReconciliationService[] =
    "rollcall.reconciliation.v1.ReconciliationService";
constexpr char kUserService[] = "rollcall.reconciliation.v1.UserService";

// How soon a change shows in the trash, and how soon after its time a user is
// purged.
constexpr absl::Duration kFollowPeriod = absl::Seconds(1);
constexpr absl::Duration kPurgePeriod = absl::Seconds(5);

rpc::ChannelOptions ToReconciliation(const rpc::ProcessOptions& options,
                                     const char* service_name) {
  return {.target = absl::GetFlag(FLAGS_reconciliation),
          .tls = options.tls,
          .trust_domain = options.trust_domain,
          .expected_service = "reconciliation",
          .service_name = service_name};
}

}  // namespace

int main(int argc, char** argv) {
  const rpc::ProcessOptions options =
      rpc::InitializeProcess(argc, argv, "trash");
  const absl::Duration retention = absl::GetFlag(FLAGS_retention);

  auto rows = rpc::OpenStore(options, Clock::GetRealClock(), "trash");
  if (!rows.ok()) return rpc::FailToStart(rows.status());
  auto changes =
      rpc::OpenChannel(ToReconciliation(options, kReconciliationService));
  if (!changes.ok()) return rpc::FailToStart(changes.status());
  auto users = rpc::OpenChannel(ToReconciliation(options, kUserService));
  if (!users.ok()) return rpc::FailToStart(users.status());
  auto policy = rpc::AccessPolicy::ForServices({kTrashService});
  if (!policy.ok()) return rpc::FailToStart(policy.status());

  trash::TrashStore trash(**rows);
  feed::GrpcFeedSource feed(*changes);
  trash::GrpcReconciliationClient reconciliation(*users);
  trash::TrashWorker worker(trash, feed, reconciliation,
                            {.retention = retention});
  trash::TrashServiceImpl service(
      trash, reconciliation, retention,
      rpc::Edge(*policy, options.trust_domain, "trash.rollcall"));

  auto follow = std::make_unique<PeriodicWorker>(
      rollcall::PeriodicWorkerOptions{.name = "trash-follow",
                                      .period = kFollowPeriod},
      Clock::GetRealClock(),
      [&](absl::Time now) { return worker.FollowFeedsOnce(now); });
  auto purge = std::make_unique<PeriodicWorker>(
      rollcall::PeriodicWorkerOptions{.name = "trash-purge",
                                      .period = kPurgePeriod},
      Clock::GetRealClock(),
      [&](absl::Time now) { return worker.PurgeDueOnce(now); });
  return rpc::Serve(options, Clock::GetRealClock(), *policy, {&service}, [&] {
    follow.reset();
    purge.reset();
  });
}
