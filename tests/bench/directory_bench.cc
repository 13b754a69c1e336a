// Measures the directory service against a local Entra ID: a first read into
// the mirror beside the floor, the least work that the same bytes cost.
//
//   bazel run //tests/bench:directory_bench -- --users=10000,100000
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/http/client.h"
#include "common/store/rocksdb_store.h"
#include "common/time/clock.h"
#include "services/directory/fake_authorization.h"
#include "services/directory/graph_client.h"
#include "services/directory/manager.h"
#include "services/directory/mirror_keeper.h"
#include "services/directory/test_sealer.h"
#include "tests/bench/local_tenant.h"
#include "tests/bench/measure.h"
#include "tests/bench/tuned_floor.h"

ABSL_FLAG(std::vector<std::string>, users, {"10000"}, "Users of the tenants.");
ABSL_FLAG(std::vector<std::string>, latency_ms, {"0"},
          "How much longer each answer of Graph takes.");
ABSL_FLAG(int, groups, 50, "Groups of the tenants; all are selected.");
ABSL_FLAG(bool, phones, true, "Whether phones are imported.");
ABSL_FLAG(int, repeat, 3, "Runs of everything; medians are shown.");
ABSL_FLAG(std::string, store_directory, "",
          "Where stores are made; empty: where temporary files are.");

namespace rollcall::bench {
namespace {

constexpr char kConnection[] = "accounts/acme/connections/c1";

[[noreturn]] void Fail(const absl::Status& status) {
  std::cerr << status << "\n";
  std::exit(1);
}

// A folder that goes away with this.
class Folder {
 public:
  Folder() {
    std::filesystem::path parent = absl::GetFlag(FLAGS_store_directory);
    if (parent.empty()) parent = std::filesystem::temp_directory_path();
    path_ = (parent / "directory_bench.XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) std::exit(1);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<Figures> MeasureFloor(LocalTenant& tenant,
                                  const std::string& folder) {
  const FloorOptions options = {.token = tenant.MakeToken(),
                                .store_path = folder + "/floor",
                                .phones = absl::GetFlag(FLAGS_phones)};
  StopWatch watch(tenant);
  const int64_t users = RunTunedFloor(tenant.facts(), options);
  return {watch.Stop("floor", users)};
}

// The service, as its main program wires it but for the RPCs.
class Product {
 public:
  Product(LocalTenant& tenant, const std::string& folder)
      : tenant_(tenant),
        client_(*http::Client::Create({.ca_file = tenant.facts().ca_file})),
        store_(*store::OpenRocksDb(
            {.path = folder + "/product", .owner = "bench"})),
        authorization_(kConnection, tenant.facts().origin,
                       tenant.facts().tenant_id),
        graph_(*client_, authorization_, clock_, waiter_),
        manager_(*store_, authorization_, graph_, clock_),
        keeper_(*store_, authorization_, graph_, directory::TestSealer(),
                clock_) {
    authorization_.set_fixed_token(tenant.MakeToken());
    directory::v1::CreateDirectoryRequest create;
    create.set_parent("accounts/acme");
    create.set_directory_id("d1");
    directory::v1::Directory& made = *create.mutable_directory();
    made.set_display_name("Bench");
    made.set_connection(kConnection);
    made.set_phone_import_enabled(absl::GetFlag(FLAGS_phones));
    made.set_default_region_code("GB");
    for (const std::string& id : tenant.facts().group_ids) {
      made.add_selected_groups()->set_source_id(id);
    }
    if (const auto status = manager_.Create(create).status(); !status.ok()) {
      Fail(status);
    }
  }

  // A first read, and the stream of it behind.
  std::vector<Figures> ReadFirst() {
    directory::v1::StreamDesiredStateRequest request;
    request.set_name("accounts/acme/directories/d1");
    request.set_mode(directory::v1::StreamDesiredStateRequest::FULL);
    std::vector<Figures> figures;
    StopWatch watch(tenant_);
    absl::optional<StopWatch> stream;
    directory::v1::DesiredStateTrailer trailer;
    const absl::Status status = keeper_.StreamDesiredState(
        request, [] { return false; },
        [&](const directory::v1::StreamDesiredStateResponse& response) {
          if (response.has_group() && figures.empty()) {
            figures.push_back(watch.Stop("first read", 0));
            stream.emplace(tenant_);
          }
          if (response.has_trailer()) trailer = response.trailer();
          return true;
        });
    if (!status.ok()) Fail(status);
    figures.push_back(stream->Stop("stream", trailer.user_count()));
    figures.front().users = trailer.user_count();
    if (!trailer.complete()) {
      std::fprintf(stderr, "The read is not complete.\n");
      std::exit(1);
    }
    return figures;
  }

 private:
  LocalTenant& tenant_;
  Clock& clock_ = Clock::GetRealClock();
  directory::RealWaiter waiter_;
  const std::unique_ptr<http::Client> client_;
  const std::unique_ptr<store::Store> store_;
  directory::FakeAuthorization authorization_;
  directory::GraphClient graph_;
  directory::DirectoryManager manager_;
  directory::MirrorKeeper keeper_;
};

// All runs of one step.
using Runs = std::vector<Figures>;

template <typename Of>
double Median(const Runs& runs, Of of) {
  std::vector<double> values;
  for (const Figures& figures : runs) {
    values.push_back(static_cast<double>(of(figures)));
  }
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void PrintHeader() {
  std::printf("%9s %5s  %-11s %9s %7s %9s %7s %6s %9s %9s %9s\n", "users", "ms",
              "step", "seconds", "x floor", "CPU s", "x floor", "MiB",
              "requests", "units", "KiB");
}

void Print(int users, int latency, const std::string& step, const Runs& runs,
           const Runs& floor) {
  const auto seconds = [](const Figures& f) { return f.seconds; };
  const auto cpu = [](const Figures& f) { return f.cpu_seconds; };
  std::printf(
      "%9d %5d  %-11s %9.3f %7.2f %9.3f %7.2f %6.0f %9.0f %9.0f %9.0f\n", users,
      latency, step.c_str(), Median(runs, seconds),
      Median(runs, seconds) / Median(floor, seconds), Median(runs, cpu),
      Median(runs, cpu) / Median(floor, cpu),
      Median(runs, [](const Figures& f) { return f.peak_kib / 1024; }),
      Median(runs, [](const Figures& f) { return f.served.requests; }),
      Median(runs, [](const Figures& f) { return f.served.resource_units; }),
      Median(runs, [](const Figures& f) { return f.served.bytes / 1024; }));
  std::fflush(stdout);
}

void Measure(LocalTenant& tenant, int users, int latency) {
  std::map<std::string, Runs> steps;
  std::vector<std::string> order;
  const auto run =
      [&](const std::function<std::vector<Figures>(const std::string& folder)>&
              work) {
        const Folder folder;
        return MeasureInChild([&] { return work(folder.path()); });
      };
  const auto floor = [&tenant](const std::string& folder) {
    return MeasureFloor(tenant, folder);
  };
  run(floor);  // The tenant makes its pages.
  tenant.SetLatency(latency);
  for (int i = 0; i < absl::GetFlag(FLAGS_repeat); ++i) {
    std::vector<Figures> all = run(floor);
    for (const Figures& figures : run([&tenant](const std::string& folder) {
           return Product(tenant, folder).ReadFirst();
         })) {
      all.push_back(figures);
    }
    for (const Figures& figures : all) {
      if (steps[figures.step].empty()) order.push_back(figures.step);
      steps[figures.step].push_back(figures);
    }
  }
  tenant.SetLatency(0);
  for (const std::string& step : order) {
    Print(users, latency, step, steps[step], steps["floor"]);
  }
}

int ToNumber(const std::string& text) {
  int number = 0;
  if (!absl::SimpleAtoi(text, &number)) Fail(absl::InvalidArgumentError(text));
  return number;
}

void Run() {
  PrintHeader();
  for (const std::string& users : absl::GetFlag(FLAGS_users)) {
    const auto tenant = LocalTenant::Start(
        {.users = ToNumber(users), .groups = absl::GetFlag(FLAGS_groups)});
    for (const std::string& latency : absl::GetFlag(FLAGS_latency_ms)) {
      Measure(*tenant, ToNumber(users), ToNumber(latency));
    }
  }
}

}  // namespace
}  // namespace rollcall::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  rollcall::bench::Run();
  return 0;
}
