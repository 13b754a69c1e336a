// Measures CheckAccess beside a bare gRPC echo of the same shape, both over TLS
// and in turn: calls per second, p50, p99 and p99.9 (targets 8 and 9 of the
// project's performance goals). Server and client share the process.
//
//   bazel run //tests/bench:check_access_bench -- 100000
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/time/time.h"
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
#include "services/reconciliation/client.h"
#include "services/reconciliation/store.h"
#include "services/reconciliation/user_service.h"

namespace rollcall::reconciliation {
namespace {

using Stopwatch = std::chrono::steady_clock;

constexpr char kService[] = "rollcall.reconciliation.v1.UserService";
constexpr int kUsersPerBatch = 500;
constexpr int kGroups = 50;
constexpr int kRounds = 5;
constexpr auto kRoundTime = std::chrono::seconds(2);

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

std::string UsernameOf(int n) { return absl::StrCat("user", n, "@bench.test"); }
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

struct Result {
  double calls_per_second = 0;
  std::vector<double> microseconds;  // In order.

  double Quantile(double q) const {
    return microseconds[static_cast<size_t>(
        q * static_cast<double>(microseconds.size() - 1))];
  }
};

// One call after the other, until the round is over.
class Slot {
 public:
  Slot(v1::UserService::Stub& stub, int users, unsigned seed,
       Stopwatch::time_point end, absl::BlockingCounter& done)
      : stub_(stub), random_(seed), users_(users), end_(end), done_(done) {}

  void Next() {
    context_ = std::make_unique<grpc::ClientContext>();
    request_.set_parent("accounts/acme");
    request_.set_username(UsernameOf(
        static_cast<int>(random_() % static_cast<unsigned>(users_))));
    start_ = Stopwatch::now();
    stub_.async()->CheckAccess(
        context_.get(), &request_, &response_, [this](grpc::Status status) {
          const auto now = Stopwatch::now();
          if (!status.ok() ||
              response_.decision() != v1::CheckAccessResponse::ALLOW) {
            std::fprintf(stderr, "%s\n", status.error_message().c_str());
            std::_Exit(1);
          }
          microseconds_.push_back(
              std::chrono::duration<double, std::micro>(now - start_).count());
          if (now < end_) return Next();
          done_.DecrementCount();
        });
  }
  const std::vector<double>& microseconds() const { return microseconds_; }

 private:
  v1::UserService::Stub& stub_;
  std::minstd_rand random_;
  int users_;
  Stopwatch::time_point end_, start_;
  absl::BlockingCounter& done_;
  std::unique_ptr<grpc::ClientContext> context_;
  v1::CheckAccessRequest request_;
  v1::CheckAccessResponse response_;
  std::vector<double> microseconds_;
};

Result RunRound(v1::UserService::Stub& stub, int users, int in_flight) {
  const auto start = Stopwatch::now();
  absl::BlockingCounter done(in_flight);
  std::vector<std::unique_ptr<Slot>> slots;
  for (int i = 0; i < in_flight; ++i) {
    slots.push_back(
        std::make_unique<Slot>(stub, users, i + 1, start + kRoundTime, done));
  }
  for (const auto& slot : slots) slot->Next();
  done.Wait();
  const double seconds =
      std::chrono::duration<double>(Stopwatch::now() - start).count();
  Result result;
  for (const auto& slot : slots) {
    result.microseconds.insert(result.microseconds.end(),
                               slot->microseconds().begin(),
                               slot->microseconds().end());
  }
  std::sort(result.microseconds.begin(), result.microseconds.end());
  result.calls_per_second =
      static_cast<double>(result.microseconds.size()) / seconds;
  return result;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Print(const char* name, int in_flight,
           const std::vector<Result>& results) {
  const auto median = [&](auto figure) {
    std::vector<double> values;
    for (const Result& result : results) values.push_back(figure(result));
    return Median(values);
  };
  std::printf("%-12s %4d %10.0f %9.0f %9.0f %9.0f\n", name, in_flight,
              median([](const Result& r) { return r.calls_per_second; }),
              median([](const Result& r) { return r.Quantile(0.5); }),
              median([](const Result& r) { return r.Quantile(0.99); }),
              median([](const Result& r) { return r.Quantile(0.999); }));
}

void Compare(v1::UserService::Stub& echo, v1::UserService::Stub& check,
             int users, int in_flight) {
  std::vector<Result> echoes, checks;
  std::vector<double> rates, medians;
  for (int round = 0; round < kRounds; ++round) {
    echoes.push_back(RunRound(echo, users, in_flight));
    checks.push_back(RunRound(check, users, in_flight));
    rates.push_back(checks.back().calls_per_second /
                    echoes.back().calls_per_second);
    medians.push_back(checks.back().Quantile(0.5) /
                      echoes.back().Quantile(0.5));
  }
  Print("echo", in_flight, echoes);
  Print("CheckAccess", in_flight, checks);
  std::printf("%-12s %4d %9.2fx %8.2fx\n", "ratio", in_flight, Median(rates),
              Median(medians));
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

void Run(int users) {
  SetLogSink([](absl::string_view) {});  // The table is all there is to see.
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / "rollcall_check_access_bench";
  std::filesystem::remove_all(path);
  auto rows = rollcall::store::OpenRocksDb(
      {.path = path.string(), .owner = "reconciliation"});
  Must(rows.status());
  IdentityStore store(**rows);
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
      rpc::Edge(*policy, authority.trust_domain(), "reconciliation.rollcall"));
  auto server = rpc::Server::Start({.address = "127.0.0.1:0",
                                    .tls = files,
                                    .trust_domain = authority.trust_domain()},
                                   *policy, {&service});
  Must(server.status());
  Echo echo;
  int echo_port = 0;
  const auto echo_server = ServeEcho(echo, files, &echo_port);

  const auto echo_stub = StubFor(authority, echo_port);
  const auto check_stub = StubFor(authority, (*server)->port());
  MeasureLookUp(service, users);
  RunRound(*echo_stub, users, 64);  // Warm.
  RunRound(*check_stub, users, 64);
  std::printf("%d users, 2 groups a user; medians of %d rounds\n", users,
              kRounds);
  std::printf("%-12s %4s %10s %9s %9s %9s\n", "", "open", "calls/s", "p50 us",
              "p99 us", "p99.9 us");
  Compare(*echo_stub, *check_stub, users, 1);
  Compare(*echo_stub, *check_stub, users, 64);
  echo_server->Shutdown();
  server->reset();
  rows->reset();
  std::filesystem::remove_all(path);
}

}  // namespace
}  // namespace rollcall::reconciliation

int main(int argc, char** argv) {
  int users = 100000;
  if (argc > 1 && !absl::SimpleAtoi(argv[1], &users)) return 64;
  rollcall::reconciliation::Run(users);
  return 0;
}
