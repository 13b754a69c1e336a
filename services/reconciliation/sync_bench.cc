// Measures full syncs into a store on disk: the first one, one without changes,
// one with 1 % of the users changed.
//   bazel run //services/reconciliation:sync_bench -- 100000
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/log/log.h"
#include "common/store/rocksdb_store.h"
#include "common/time/clock.h"
#include "services/reconciliation/fake_directory.h"
#include "services/reconciliation/run_engine.h"
#include "services/reconciliation/run_requests.h"

namespace rollcall::reconciliation {
namespace {

constexpr int kGroups = 50;
constexpr int kMembershipsPerUser = 2;

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

void Measure(const char* what, const std::string& run_id, int users,
             IdentityStore& store, RunEngine& engine) {
  Clock& clock = Clock::GetRealClock();
  const RunName name(DirectoryName(AccountName("acme"), "d1"), run_id);
  Must(StartRun(name, {}, clock.TimeNow(), store).status());
  const absl::Time begin = clock.TimeNow();
  Must(engine.Execute(name));
  const absl::Duration took = clock.TimeNow() - begin;
  std::printf("%-12s %8.3f s %10.0f users/s\n", what,
              absl::ToDoubleSeconds(took), users / absl::ToDoubleSeconds(took));
}

void Run(int users) {
  SetLogSink([](absl::string_view) {});  // The table is all there is to see.
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / "rollcall_sync_bench";
  std::filesystem::remove_all(path);
  auto rows = rollcall::store::OpenRocksDb(
      {.path = path.string(), .owner = "reconciliation"});
  Must(rows.status());
  IdentityStore store(**rows);
  FakeDirectory directory;
  FakeTenant& tenant = directory.tenants["d1"];
  for (int n = 0; n < kGroups; ++n) {
    tenant.AddGroup(n, absl::StrCat("Group ", n));
  }
  for (int n = 0; n < users; ++n) {
    tenant.AddUser(1000 + n, absl::StrCat("user", n, "@bench.test"),
                   {n % kGroups, (n / kGroups + n + 1) % kGroups});
  }
  RunProgressBoard board;
  int ids = 0;
  RunEngine engine({.store = store,
                    .directory = directory,
                    .board = board,
                    .clock = Clock::GetRealClock(),
                    .make_id = [&] { return absl::StrCat("id", ++ids); }});
  std::printf("%d users, %d groups, %d memberships a user\n", users, kGroups,
              kMembershipsPerUser);
  Measure("first", "r1", users, store, engine);
  directory.ForgetReadings();
  Measure("no changes", "r2", users, store, engine);
  directory.ForgetReadings();
  for (int n = 0; n < users; n += 100) {
    tenant.UserAt(1000 + n).set_display_name("changed");
  }
  Measure("1 % changed", "r3", users, store, engine);
  std::filesystem::remove_all(path);
}

}  // namespace
}  // namespace rollcall::reconciliation

int main(int argc, char** argv) {
  int users = 10000;
  if (argc > 1 && !absl::SimpleAtoi(argv[1], &users)) return 64;
  rollcall::reconciliation::Run(users);
  return 0;
}
