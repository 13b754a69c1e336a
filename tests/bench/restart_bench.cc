// Measures how long a reconciliation service that was killed takes to answer
// again (invariant 32): the store is opened, the server begins to serve, and
// somebody is told whether he may authenticate.
//
//   bazel run -c opt //tests/bench:restart_bench -- --users=100000
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/crypto/time_ordered_ids.h"
#include "common/log/log.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/channel.h"
#include "common/rpc/edge.h"
#include "common/rpc/server.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/certificates.h"
#include "common/time/clock.h"
#include "grpcpp/client_context.h"
#include "rollcall/reconciliation/v1/user.grpc.pb.h"
#include "services/reconciliation/access_cache.h"
#include "services/reconciliation/run_engine.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/user_service.h"
#include "services/reconciliation/watched_store.h"
#include "tests/bench/generated_directory.h"
#include "tests/bench/measure.h"

ABSL_FLAG(std::vector<std::string>, users, {"10000"}, "How many users.");
ABSL_FLAG(int, repeat, 5, "How often each is measured.");
ABSL_FLAG(std::string, folder, "",
          "Where a folder for the stores is made, and removed at the end.");

namespace rollcall::bench {
namespace {

using reconciliation::IdentityStore;
using reconciliation::UserServiceImpl;

constexpr char kService[] = "rollcall.reconciliation.v1.UserService";

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

std::unique_ptr<store::Store> Open(const std::string& path) {
  auto rows =
      store::OpenRocksDb({.path = path,
                          .format_version = reconciliation::kStoreFormatVersion,
                          .owner = "reconciliation"});
  Must(rows.status());
  return *std::move(rows);
}

// A first sync and one of 1 % of the users; then kill -9.
[[noreturn]] void LiveAndDie(const std::string& path, int64_t users) {
  const std::unique_ptr<store::Store> rows = Open(path);
  IdentityStore store(*rows);
  GeneratedDirectory directory(users);
  reconciliation::RunProgressBoard board;
  TimeOrderedIds ids(Clock::GetRealClock());
  reconciliation::RunEngine engine({.store = store,
                                    .directory = directory,
                                    .board = board,
                                    .clock = Clock::GetRealClock(),
                                    .make_id = [&] { return ids.Next(); }});
  for (const char* run : {"r1", "r2"}) {
    const RunName name(DirectoryName(AccountName("acme"), "d1"), run);
    Must(reconciliation::StartRun(name, {}, absl::Now(), store).status());
    Must(engine.Execute(name));
    directory.ChangeOnePercent();
  }
  raise(SIGKILL);
  std::abort();
}

struct Restart {
  double open = 0;
  double answer = 0;  // All, until the first answer.
};

Restart Measure(const std::string& path, testing::TestAuthority& authority) {
  const absl::Time begin = absl::Now();
  const std::unique_ptr<store::Store> rows = Open(path);
  Restart restart{.open = absl::ToDoubleSeconds(absl::Now() - begin)};
  reconciliation::AccessCache cache;
  reconciliation::WatchedStore watched(*rows, cache);
  IdentityStore store(watched);
  GeneratedDirectory directory(/*users=*/0);
  const rpc::TlsFiles files = authority.ForService("reconciliation");
  auto policy = rpc::AccessPolicy::ForServices({kService});
  Must(policy.status());
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
  auto channel =
      rpc::OpenChannel({.target = absl::StrCat("127.0.0.1:", (*server)->port()),
                        .tls = authority.ForPerson("acme", "READ_ONLY"),
                        .trust_domain = authority.trust_domain(),
                        .expected_service = "reconciliation"});
  Must(channel.status());
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  reconciliation::v1::CheckAccessRequest request;
  request.set_parent("accounts/acme");
  request.set_username("somebody@bench.test");
  reconciliation::v1::CheckAccessResponse response;
  const grpc::Status asked =
      reconciliation::v1::UserService::NewStub(*channel)->CheckAccess(
          &context, request, &response);
  if (!asked.ok()) Must(absl::UnknownError(asked.error_message()));
  restart.answer = absl::ToDoubleSeconds(absl::Now() - begin);
  return restart;
}

int64_t MibOf(const std::string& path) {
  uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(path)) {
    if (file.is_regular_file()) bytes += file.file_size();
  }
  return static_cast<int64_t>(bytes >> 20);
}

void Run(int64_t users) {
  const Folder folder(absl::GetFlag(FLAGS_folder));
  const std::string killed = folder.path() + "/killed";
  std::fflush(nullptr);
  // Before there is a thread.
  const pid_t child = fork();
  if (child == 0) LiveAndDie(killed, users);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFSIGNALED(status)) std::exit(1);

  for (int n = 0; n < absl::GetFlag(FLAGS_repeat); ++n) {
    // Opened once, a store is not what it was.
    const std::string path = absl::StrCat(folder.path(), "/", n);
    std::filesystem::copy(killed, path,
                          std::filesystem::copy_options::recursive);
    std::fflush(nullptr);
    const pid_t measured = fork();
    if (measured == 0) {
      testing::TestAuthority authority;
      const Restart restart = Measure(path, authority);
      std::printf("%9lld %8.3f %8.3f %6lld\n", static_cast<long long>(users),
                  restart.open, restart.answer,
                  static_cast<long long>(MibOf(path)));
      std::fflush(nullptr);
      _exit(0);
    }
    waitpid(measured, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) std::exit(1);
    std::filesystem::remove_all(path);
  }
}

int Main() {
  SetLogSink([](absl::string_view) {});  // The table is all there is to see.
  std::printf("%9s %8s %8s %6s\n", "users", "open", "answer", "MiB");
  for (const std::string& text : absl::GetFlag(FLAGS_users)) {
    int64_t users = 0;
    if (!absl::SimpleAtoi(text, &users) || users < 1) return 64;
    Run(users);
  }
  return 0;
}

}  // namespace
}  // namespace rollcall::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return rollcall::bench::Main();
}
