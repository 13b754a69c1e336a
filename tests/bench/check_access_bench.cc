// Measures CheckAccess beside a bare gRPC echo of the same shape, both over TLS
// and in turn: calls per second, p50, p99 and p99.9 (targets 8 and 9 of the
// project's performance goals). Server and client share the process. The echo
// behind our server tells how much of the difference is TLS and permissions.
//
//   bazel run //tests/bench:check_access_bench -- 100000
//   bazel run //tests/bench:check_access_bench -- 100000 1000000
//
// The second number is of users who are synced while others are asked about.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/log/log.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/channel.h"
#include "common/rpc/edge.h"
#include "common/rpc/server.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/certificates.h"
#include "common/time/clock.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "rollcall/reconciliation/v1/user.grpc.pb.h"
#include "services/reconciliation/access_cache.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/fake_directory.h"
#include "services/reconciliation/run_engine.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/store.h"
#include "services/reconciliation/user_service.h"
#include "services/reconciliation/watched_store.h"
#include "tests/bench/access_load.h"

namespace rollcall::reconciliation {
namespace {

using bench::AccessTimes;
using bench::AskAtRate;
using bench::AskInTurn;
using bench::UsernameOf;
using Stopwatch = std::chrono::steady_clock;

constexpr char kService[] = "rollcall.reconciliation.v1.UserService";
constexpr int kUsersPerBatch = 500;
constexpr int kGroups = 50;
constexpr int kRounds = 5;
constexpr absl::Duration kRoundTime = absl::Seconds(2);
constexpr int kRate = 2000;  // Calls per second of target 9.
constexpr int kIdleTurns = 4;

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

std::string GroupIdOf(int n) { return absl::StrCat("group", 100 + n); }

void Fill(IdentityStore& store, int users) {
  for (int n = 0; n < users;) {
    auto transaction = store.Begin("acme");
    Must(transaction.status());
    if (n == 0) {
      for (int g = 0; g < kGroups; ++g) {
        Must((*transaction)
                 ->PutGroup(nullptr,
                            {.id = GroupIdOf(g),
                             .display_name = absl::StrCat("Group ", g)},
                            store::GroupMarkRow()));
      }
    }
    for (int i = 0; i < kUsersPerBatch && n < users; ++i, ++n) {
      User user{.id = absl::StrCat("id", n), .username = UsernameOf(n)};
      user.groups = {GroupIdOf(n % (kGroups - 1)), GroupIdOf(kGroups - 1)};
      user.devices.resize(1);
      Must((*transaction)->PutUser(nullptr, user, store::UserMarkRow()));
    }
    Must((*transaction)->Commit());
  }
}

// The floor: the same messages, nothing behind them.
class Echo final : public v1::UserService::WithCallbackMethod_CheckAccess<
                       v1::UserService::Service> {
 public:
  grpc::ServerUnaryReactor* CheckAccess(
      grpc::CallbackServerContext* context,
      const v1::CheckAccessRequest* request,
      v1::CheckAccessResponse* response) override {
    response->set_decision(v1::CheckAccessResponse::ALLOW);
    response->set_reason("USER_ACTIVE");
    response->set_rule("R54");
    response->set_user(request->username());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::unique_ptr<grpc::Server> ServeEcho(Echo& echo, const rpc::TlsFiles& files,
                                        int* port) {
  grpc::SslServerCredentialsOptions tls(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = ReadFile(files.ca_file);
  tls.pem_key_cert_pairs = {
      {ReadFile(files.key_file), ReadFile(files.certificate_file)}};
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls),
                           port);
  builder.RegisterService(&echo);
  return builder.BuildAndStart();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Print(const char* name, const std::string& load,
           const std::vector<AccessTimes>& rounds) {
  const auto median = [&](auto figure) {
    std::vector<double> values;
    for (const AccessTimes& times : rounds) values.push_back(figure(times));
    return Median(values);
  };
  std::printf("%-12s %12s %9.0f %9.0f %9.0f %9.0f\n", name, load.c_str(),
              median([](const AccessTimes& t) { return t.calls_per_second; }),
              median([](const AccessTimes& t) { return t.Quantile(0.5); }),
              median([](const AccessTimes& t) { return t.Quantile(0.99); }),
              median([](const AccessTimes& t) { return t.Quantile(0.999); }));
}

// The stubs that take turns.
struct Contestants {
  v1::UserService::Stub& echo;    // Bare.
  v1::UserService::Stub& behind;  // The same, behind our server.
  v1::UserService::Stub& check;
};

// Target 8.
void Compare(const Contestants& stubs, int users, int in_flight) {
  std::vector<AccessTimes> echoes, behinds, checks;
  std::vector<double> rates, medians;
  for (int round = 0; round < kRounds; ++round) {
    echoes.push_back(AskInTurn(stubs.echo, users, in_flight, kRoundTime));
    checks.push_back(AskInTurn(stubs.check, users, in_flight, kRoundTime));
    behinds.push_back(AskInTurn(stubs.behind, users, in_flight, kRoundTime));
    rates.push_back(checks.back().calls_per_second /
                    echoes.back().calls_per_second);
    medians.push_back(checks.back().Quantile(0.5) /
                      echoes.back().Quantile(0.5));
  }
  const std::string load = absl::StrCat(in_flight, " open");
  Print("echo", load, echoes);
  Print("echo, ours", load, behinds);
  Print("CheckAccess", load, checks);
  std::printf("%-12s %12s %8.2fx %8.2fx\n", "ratio", load.c_str(),
              Median(rates), Median(medians));
}

// Turns of a second each, for as long as `go_on` says, at least one of each.
std::pair<AccessTimes, AccessTimes> TakeTurns(
    const Contestants& stubs, int users, const std::function<bool()>& go_on) {
  AccessTimes echo, check;
  do {
    check.Add(AskAtRate(stubs.check, users, kRate, absl::Seconds(1)));
    echo.Add(AskAtRate(stubs.echo, users, kRate, absl::Seconds(1)));
  } while (go_on());
  echo.calls_per_second = check.calls_per_second = kRate;
  return {std::move(echo), std::move(check)};
}

// Target 9: a first sync of other users of the same account into the same
// store, in the same process, as the service does it.
void CompareDuringSync(const Contestants& stubs, int users, int sync_users,
                       IdentityStore& store) {
  FakeDirectory directory;
  FakeTenant& tenant = directory.tenants["d1"];
  for (int n = 0; n < kGroups; ++n) {
    tenant.AddGroup(n, absl::StrCat("Synced ", n));
  }
  for (int n = 0; n < sync_users; ++n) {
    tenant.AddUser(1000 + n, absl::StrCat("synced", n, "@bench.test"),
                   {n % kGroups, (n / kGroups + n + 1) % kGroups});
  }
  RunProgressBoard board;
  int ids = 0;
  RunEngine engine({.store = store,
                    .directory = directory,
                    .board = board,
                    .clock = Clock::GetRealClock(),
                    .make_id = [&] { return absl::StrCat("s", ++ids); }});

  int turns = kIdleTurns;
  const auto idle = TakeTurns(stubs, users, [&] { return --turns > 0; });
  std::atomic<bool> done = false;
  std::thread sync([&] {
    const RunName name(DirectoryName(AccountName("acme"), "d1"), "r1");
    Must(StartRun(name, {}, absl::Now(), store).status());
    Must(engine.Execute(name));
    done = true;
  });
  const auto busy = TakeTurns(stubs, users, [&] { return !done; });
  sync.join();
  Print("echo", "idle", {idle.first});
  Print("echo", "sync", {busy.first});
  Print("CheckAccess", "idle", {idle.second});
  Print("CheckAccess", "sync", {busy.second});
  std::printf(
      "p99 during a sync of %d users: CheckAccess %.2fx its idle one, "
      "echo %.2fx\n",
      sync_users, busy.second.Quantile(0.99) / idle.second.Quantile(0.99),
      busy.first.Quantile(0.99) / idle.first.Quantile(0.99));
}

std::unique_ptr<v1::UserService::Stub> StubFor(
    testing::TestAuthority& authority, int port) {
  auto channel =
      rpc::OpenChannel({.target = absl::StrCat("127.0.0.1:", port),
                        .tls = authority.ForPerson("acme", "READ_ONLY"),
                        .trust_domain = authority.trust_domain(),
                        .expected_service = "reconciliation"});
  Must(channel.status());
  return v1::UserService::NewStub(*channel);
}

// What the look-up alone costs, without gRPC.
void MeasureLookUp(const UserServiceImpl& service, int users) {
  constexpr int kCalls = 20000;
  std::minstd_rand random(7);
  v1::CheckAccessRequest request;
  request.set_parent("accounts/acme");
  const auto start = Stopwatch::now();
  for (int i = 0; i < kCalls; ++i) {
    request.set_username(
        UsernameOf(static_cast<int>(random() % static_cast<unsigned>(users))));
    Must(service.CheckAccess(request).status());
  }
  const double seconds =
      std::chrono::duration<double>(Stopwatch::now() - start).count();
  std::printf("look-up alone: %.1f us\n", seconds / kCalls * 1e6);
}

void Run(int users, int sync_users) {
  SetLogSink([](absl::string_view) {});  // The table is all there is to see.
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / "rollcall_check_access_bench";
  std::filesystem::remove_all(path);
  auto rows = rollcall::store::OpenRocksDb(
      {.path = path.string(), .owner = "reconciliation"});
  Must(rows.status());
  AccessCache cache;
  WatchedStore watched(**rows, cache);
  IdentityStore store(watched);
  Fill(store, users);

  testing::TestAuthority authority;
  const rpc::TlsFiles files = authority.ForService("reconciliation");
  auto policy = rpc::AccessPolicy::ForServices({kService});
  Must(policy.status());
  // Is never asked.
  auto nowhere = rpc::OpenChannel({.target = "127.0.0.1:1",
                                   .tls = files,
                                   .trust_domain = authority.trust_domain(),
                                   .expected_service = "directory"});
  Must(nowhere.status());
  GrpcDirectoryClient directory(*nowhere);
  UserServiceImpl service(
      {.store = store,
       .directory = directory,
       .clock = Clock::GetRealClock(),
       .make_id = [] { return std::string("unused"); }},
      rpc::Edge(*policy, authority.trust_domain(), "reconciliation.rollcall"),
      &cache);
  auto server = rpc::Server::Start({.address = "127.0.0.1:0",
                                    .tls = files,
                                    .trust_domain = authority.trust_domain()},
                                   *policy, {&service});
  Must(server.status());
  Echo echo, echo_behind;
  auto behind = rpc::Server::Start({.address = "127.0.0.1:0",
                                    .tls = files,
                                    .trust_domain = authority.trust_domain()},
                                   *policy, {&echo_behind});
  Must(behind.status());
  int echo_port = 0;
  const auto echo_server = ServeEcho(echo, files, &echo_port);

  const auto echo_stub = StubFor(authority, echo_port);
  const auto check_stub = StubFor(authority, (*server)->port());
  const auto behind_stub = StubFor(authority, (*behind)->port());
  const Contestants stubs{*echo_stub, *behind_stub, *check_stub};
  MeasureLookUp(service, users);
  for (auto* stub : {&stubs.echo, &stubs.behind, &stubs.check}) {
    AskInTurn(*stub, users, 64, kRoundTime);  // Warm.
  }
  std::printf("%d users, 2 groups a user; medians of %d rounds\n", users,
              kRounds);
  std::printf("%-12s %12s %9s %9s %9s %9s\n", "", "load", "calls/s", "p50 us",
              "p99 us", "p99.9 us");
  Compare(stubs, users, 1);
  Compare(stubs, users, 64);
  if (sync_users > 0) CompareDuringSync(stubs, users, sync_users, store);
  echo_server->Shutdown();
  behind->reset();
  server->reset();
  rows->reset();
  std::filesystem::remove_all(path);
}

}  // namespace
}  // namespace rollcall::reconciliation

int main(int argc, char** argv) {
  int users = 100000;
  int sync_users = 0;
  if (argc > 1 && !absl::SimpleAtoi(argv[1], &users)) return 64;
  if (argc > 2 && !absl::SimpleAtoi(argv[2], &sync_users)) return 64;
  rollcall::reconciliation::Run(users, sync_users);
  return 0;
}
