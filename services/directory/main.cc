// The directory service: what to read from a tenant, and what was read.
#include <algorithm>
#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "common/crypto/sealer.h"
#include "common/http/client.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/channel.h"
#include "common/rpc/edge.h"
#include "common/rpc/process.h"
#include "common/rpc/process_store.h"
#include "common/time/clock.h"
#include "common/time/periodic_worker.h"
#include "services/directory/audit_plan.h"
#include "services/directory/auditor.h"
#include "services/directory/graph_client.h"
#include "services/directory/grpc_authorization_client.h"
#include "services/directory/health_gauges.h"
#include "services/directory/manager.h"
#include "services/directory/mirror_keeper.h"
#include "services/directory/service.h"
#include "services/directory/waiter.h"
#include "services/directory/worker.h"

ABSL_FLAG(std::string, authorization, "127.0.0.1:7001",
          "The authorization service, host:port.");
ABSL_FLAG(std::string, http_ca_file, "",
          "The authorities that Graph's certificate may come from, a PEM file; "
          "empty: the system's.");
ABSL_FLAG(std::string, key_file, "",
          "The key file that seals the links of change logs, mode 0600.");
ABSL_FLAG(
    int, graph_parallelism, 8,
    "How many requests one tenant has under way at once, 4 to 8; of a full "
    "read's, one lists all users, the others do everything else.");

namespace {

using rollcall::Clock;
using rollcall::PeriodicWorker;
namespace directory = rollcall::directory;
namespace http = rollcall::http;
namespace rpc = rollcall::rpc;

constexpr char kDirectoryService[] = "rollcall.directory.v1.DirectoryService";
constexpr char kAuthorizationService[] =
    "rollcall.authorization.v1.AuthorizationService";

constexpr int kStoreFormatVersion = 2;
// How many tenants may be read at full speed at the same time.
constexpr int kTenantsAtOnce = 4;
// What section 3.1 calls limited.
constexpr int kLeastParallelism = 4;
constexpr int kMostParallelism = 8;
constexpr absl::Duration kSweepPeriod = absl::Seconds(60);
// As often as metrics are usually asked for.
constexpr absl::Duration kGaugePeriod = absl::Seconds(15);

}  // namespace

int main(int argc, char** argv) {
  const rpc::ProcessOptions options =
      rpc::InitializeProcess(argc, argv, "directory");
  const int parallelism = std::clamp(absl::GetFlag(FLAGS_graph_parallelism),
                                     kLeastParallelism, kMostParallelism);

  const auto sealer = rollcall::Sealer::FromFile(absl::GetFlag(FLAGS_key_file));
  if (!sealer.ok()) return rpc::FailToStart(sealer.status());
  auto rows = rpc::OpenStore(options, rollcall::Clock::GetRealClock(),
                             "directory", kStoreFormatVersion);
  if (!rows.ok()) return rpc::FailToStart(rows.status());
  auto channel = rpc::OpenChannel({.target = absl::GetFlag(FLAGS_authorization),
                                   .tls = options.tls,
                                   .trust_domain = options.trust_domain,
                                   .expected_service = "authorization",
                                   .service_name = kAuthorizationService});
  if (!channel.ok()) return rpc::FailToStart(channel.status());
  auto http =
      http::Client::Create({.ca_file = absl::GetFlag(FLAGS_http_ca_file),
                            .max_parallel = kTenantsAtOnce * parallelism});
  if (!http.ok()) return rpc::FailToStart(http.status());
  auto policy = rpc::AccessPolicy::ForServices({kDirectoryService});
  if (!policy.ok()) return rpc::FailToStart(policy.status());

  Clock& clock = Clock::GetRealClock();
  directory::RealWaiter waiter;
  directory::GrpcAuthorizationClient authorization(*channel);
  directory::GraphClient graph(**http, authorization, **rows, clock, waiter,
                               {.max_in_flight = parallelism});
  directory::DirectoryManager manager(**rows, authorization, graph, clock);
  directory::MirrorKeeper keeper(**rows, authorization, graph, *sealer, clock,
                                 {.parallelism = parallelism});
  directory::DirectoryServiceImpl service(
      manager, keeper,
      rpc::Edge(*policy, options.trust_domain, "directory.rollcall"));
  directory::ReadSweeper sweeper(**rows);
  directory::MirrorAuditor auditor(**rows, keeper);

  auto sweep = std::make_unique<PeriodicWorker>(
      rollcall::PeriodicWorkerOptions{.name = "directory-sweep",
                                      .period = kSweepPeriod},
      clock, [&](absl::Time now) { return sweeper.RunOnce(now); });
  directory::HealthGauges gauges(**rows);
  auto gauge = std::make_unique<PeriodicWorker>(
      rollcall::PeriodicWorkerOptions{.name = "directory-gauges",
                                      .period = kGaugePeriod},
      clock, [&](absl::Time now) { return gauges.RunOnce(now); });
  auto audit = std::make_unique<PeriodicWorker>(
      rollcall::PeriodicWorkerOptions{.name = "directory-audit",
                                      .period = directory::kAuditPeriod},
      clock, [&](absl::Time now) { return auditor.RunOnce(now); });
  return rpc::Serve(options, clock, *policy, {&service}, [&] {
    // What waits for Graph is let go of first.
    auditor.Stop();
    (*http)->Stop();
    gauge.reset();
    sweep.reset();
    audit.reset();
  });
}
