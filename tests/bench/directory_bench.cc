// Measures the directory service against a local Entra ID: a first read into
// the mirror, one without changes and one with 1 % changed users, each beside
// its floor, the least work that the same bytes cost.
//
//   bazel run //tests/bench:directory_bench -- --users=10000,100000
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "tests/bench/directory_product.h"
#include "tests/bench/floor_steps.h"
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

constexpr char kStream[] = "stream";

FloorOptions FloorIn(LocalTenant& tenant, const std::string& folder) {
  return {.token = tenant.MakeToken(),
          .store_path = folder + "/floor",
          .phones = absl::GetFlag(FLAGS_phones)};
}

// Measures nothing.
std::vector<Figures> ReadOnce(LocalTenant& tenant, int,
                              const std::string& folder) {
  TunedFloor(tenant.facts(), FloorIn(tenant, folder)).ReadEverything();
  return {};
}

std::vector<Figures> Floor(LocalTenant& tenant, int users,
                           const std::string& folder) {
  return MeasureFloor(tenant, users, FloorIn(tenant, folder));
}

std::vector<Figures> MeasureProduct(LocalTenant& tenant, int users,
                                    const std::string& folder) {
  DirectoryProduct product(tenant, {.store_path = folder + "/product",
                                    .phones = absl::GetFlag(FLAGS_phones)});
  std::vector<Figures> figures = product.ReadEverything(kFirstRead, kStream);
  figures.push_back(product.ReadChanges(kNoChange));
  ChangeSome(tenant, users);
  figures.push_back(product.ReadChanges(kSomeChanged));
  return figures;
}

using Steps = std::map<std::string, Runs>;

void PrintHeader() {
  std::printf("%9s %4s  %-11s %-7s %8s %7s %8s %7s %8s %4s %8s %8s %8s\n",
              "users", "ms", "step", "who", "seconds", "x floor", "CPU s",
              "x floor", "read", "MiB", "requests", "units", "KiB");
}

// One line; ratios if there is a floor beside it.
void Print(const std::string& where, const std::string& who, const Runs& runs,
           const Runs* floor) {
  const auto seconds = [](const Figures& f) { return f.seconds; };
  const auto cpu = [](const Figures& f) { return f.cpu_seconds; };
  const auto ratio = [&](const auto& of) {
    if (floor == nullptr) return std::string("-");
    return absl::StrFormat("%.2f", Median(runs, of) / Median(*floor, of));
  };
  std::printf(
      "%s %-7s %8.3f %7s %8.3f %7s %8.0f %4.0f %8.0f %8.0f %8.0f\n",
      where.c_str(), who.c_str(), Median(runs, seconds), ratio(seconds).c_str(),
      Median(runs, cpu), ratio(cpu).c_str(),
      Median(runs, [](const Figures& f) { return f.users; }),
      Median(runs, [](const Figures& f) { return f.peak_kib / 1024; }),
      Median(runs, [](const Figures& f) { return f.served.requests; }),
      Median(runs, [](const Figures& f) { return f.served.resource_units; }),
      Median(runs, [](const Figures& f) { return f.served.bytes / 1024; }));
}

void Measure(LocalTenant& tenant, int users, int latency) {
  Steps floor;
  Steps product;
  const auto run = [&](auto measure, Steps& steps) {
    const Folder folder(absl::GetFlag(FLAGS_store_directory));
    for (const Figures& figures : MeasureInChild(
             [&] { return measure(tenant, users, folder.path()); })) {
      steps[figures.step].push_back(figures);
    }
  };
  // Changes make the tenant forget its pages: a read that is not counted makes
  // them anew.
  const auto warm_up = [&] {
    Steps not_counted;
    tenant.SetLatency(0);
    run(ReadOnce, not_counted);
    tenant.SetLatency(latency);
  };
  for (int i = 0; i < absl::GetFlag(FLAGS_repeat); ++i) {
    warm_up();
    run(Floor, floor);
    warm_up();
    run(MeasureProduct, product);
  }
  for (const char* step : {kFirstRead, kStream, kNoChange, kSomeChanged}) {
    const std::string where =
        absl::StrFormat("%9d %4d  %-11s", users, latency, step);
    const auto beside = floor.find(step);
    const Runs* const least = beside == floor.end() ? nullptr : &beside->second;
    if (least != nullptr) Print(where, "floor", *least, nullptr);
    Print(where, "product", product[step], least);
  }
  std::fflush(stdout);
}

int ToNumber(const std::string& text) {
  int number = 0;
  if (absl::SimpleAtoi(text, &number)) return number;
  std::fprintf(stderr, "Not a number: %s\n", text.c_str());
  std::exit(1);
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
