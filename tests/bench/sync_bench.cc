// Measures full syncs end to end against a local Entra ID: read into the mirror
// of directory, streamed, compared, and stored by reconciliation, beside the
// floor of the reading alone. First by phase, then as one figure.
//
//   bazel run //tests/bench:sync_bench -- --users=10000,100000
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/optional.h"
#include "common/crypto/time_ordered_ids.h"
#include "common/log/log.h"
#include "common/store/rocksdb_store.h"
#include "common/time/clock.h"
#include "services/reconciliation/run_engine.h"
#include "services/reconciliation/run_poll.h"
#include "services/reconciliation/run_requests.h"
#include "tests/bench/directory_product.h"
#include "tests/bench/floor_steps.h"
#include "tests/bench/local_directory.h"
#include "tests/bench/local_tenant.h"
#include "tests/bench/measure.h"
#include "tests/bench/tuned_floor.h"

ABSL_FLAG(std::vector<std::string>, users, {"10000"}, "Users of the tenants.");
ABSL_FLAG(int, groups, 50, "Groups of the tenants; all are selected.");
ABSL_FLAG(bool, phones, true, "Whether phones are imported.");
ABSL_FLAG(int, repeat, 3, "Runs of everything; medians are shown.");
ABSL_FLAG(std::string, store_directory, "",
          "Where stores are made; empty: where temporary files are.");

namespace rollcall::bench {
namespace {

using reconciliation::PollOutcome;
using reconciliation::v1::Run;

// Phases of a step: `first read` until the mirror is durable; `apply` from the
// first group to the trailer; `end` from there on, with the last users.
constexpr char kApply[] = "apply";
constexpr char kEnd[] = "end";
constexpr char kPoll[] = "poll";
constexpr char kRun[] = "run";

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}

// Directory and reconciliation as their main programs wire them, but for the
// RPC between them.
class Product {
 public:
  Product(LocalTenant& tenant, const std::string& folder)
      : tenant_(tenant),
        reader_(tenant, {.store_path = folder + "/directory",
                         .phones = absl::GetFlag(FLAGS_phones)}),
        directory_(reader_, [this](const auto& message) { Note(message); }),
        rows_(*store::OpenRocksDb(
            {.path = folder + "/reconciliation", .owner = "reconciliation"})),
        store_(*rows_),
        options_{.store = store_,
                 .directory = directory_,
                 .board = board_,
                 .clock = Clock::GetRealClock(),
                 .make_id = [this] { return last_id_ = ids_.Next(); }} {}

  // Three phases.
  std::vector<Figures> SyncEverything() {
    phases_.clear();
    watch_.emplace(tenant_);
    phase_ = kFirstRead;
    const RunName run(name_, "first");
    Require(StartRun(run, {}, absl::Now(), store_).status());
    const Run done = Execute(run);
    EndPhase("");
    for (Figures& figures : phases_) {
      figures.users = done.counters().users_seen();
    }
    return std::move(phases_);
  }

  // What a poll costs, and the run that it starts, if there are changes.
  std::vector<Figures> SyncChanges(bool has_changes) {
    std::vector<Figures> figures;
    StopWatch poll(tenant_);
    const auto outcome = PollChanges(name_, options_);
    Require(outcome.status());
    figures.push_back(poll.Stop(kPoll, 0));
    if ((*outcome == PollOutcome::kRunStarted) != has_changes) {
      Require(absl::InternalError("The poll did not tell what has changed."));
    }
    if (!has_changes) return figures;
    StopWatch watch(tenant_);
    // The poll has drawn the run's id last.
    const Run done = Execute(RunName(name_, last_id_));
    figures.push_back(watch.Stop(kRun, done.counters().users_seen()));
    return figures;
  }

 private:
  void Note(const directory::v1::StreamDesiredStateResponse& message) {
    if (phase_ == kFirstRead && message.has_group()) EndPhase(kApply);
    if (phase_ == kApply && message.has_trailer()) EndPhase(kEnd);
  }

  void EndPhase(const std::string& next) {
    phases_.push_back(watch_->Stop(std::exchange(phase_, next), 0));
    watch_.emplace(tenant_);
  }

  Run Execute(const RunName& name) {
    Require(reconciliation::RunEngine(options_).Execute(name));
    const auto run = store_.Runs("acme").FindRun("d1", name.id());
    Require(run.status());
    if (!run->has_value() || (*run)->state() != Run::SUCCEEDED) {
      Require(absl::InternalError("A run has not succeeded."));
    }
    return **run;
  }

  LocalTenant& tenant_;
  DirectoryProduct reader_;
  LocalDirectory directory_;
  const std::unique_ptr<store::Store> rows_;
  reconciliation::IdentityStore store_;
  reconciliation::RunProgressBoard board_;
  const DirectoryName name_{AccountName("acme"), "d1"};
  TimeOrderedIds ids_{Clock::GetRealClock()};
  std::string last_id_;
  const reconciliation::RunEngineOptions options_;
  std::string phase_;
  std::vector<Figures> phases_;
  absl::optional<StopWatch> watch_;
};

Figures Sum(const char* step, const std::vector<Figures>& phases) {
  Figures sum;
  std::snprintf(sum.step, sizeof(sum.step), "%s", step);
  for (const Figures& phase : phases) {
    sum.seconds += phase.seconds;
    sum.cpu_seconds += phase.cpu_seconds;
    sum.peak_kib = std::max(sum.peak_kib, phase.peak_kib);
    sum.users = std::max(sum.users, phase.users);
    sum.served.requests += phase.served.requests;
  }
  return sum;
}

// Each phase, and the whole.
std::vector<Figures> MeasureProduct(LocalTenant& tenant, int users,
                                    const std::string& folder) {
  Product product(tenant, folder);
  std::vector<Figures> all;
  const auto add = [&](const char* step, std::vector<Figures> phases) {
    phases.push_back(Sum(step, phases));
    for (Figures& figures : phases) {
      const std::string name = &figures == &phases.back()
                                   ? std::string(step)
                                   : absl::StrCat(step, ": ", figures.step);
      std::snprintf(figures.step, sizeof(figures.step), "%s", name.c_str());
      all.push_back(figures);
    }
  };
  add("first", product.SyncEverything());
  add("none", product.SyncChanges(/*has_changes=*/false));
  ChangeSome(tenant, users);
  add("1 %", product.SyncChanges(/*has_changes=*/true));
  return all;
}

FloorOptions FloorIn(LocalTenant& tenant, const std::string& folder) {
  return {.token = tenant.MakeToken(),
          .store_path = folder + "/floor",
          .phones = absl::GetFlag(FLAGS_phones)};
}

using Steps = std::map<std::string, Runs>;

// One line; ratios if there is a floor beside it.
void Print(int users, const std::string& step, const Runs& runs,
           const Runs* floor) {
  const auto seconds = [](const Figures& f) { return f.seconds; };
  const auto cpu = [](const Figures& f) { return f.cpu_seconds; };
  const auto ratio = [&](const auto& of) {
    if (floor == nullptr) return std::string("-");
    return absl::StrFormat("%.2f", Median(runs, of) / Median(*floor, of));
  };
  std::printf("%9d  %-18s %8.3f %7s %8.3f %7s %8.0f %4.0f %8.0f\n", users,
              step.c_str(), Median(runs, seconds), ratio(seconds).c_str(),
              Median(runs, cpu), ratio(cpu).c_str(),
              Median(runs, [](const Figures& f) { return f.users; }),
              Median(runs, [](const Figures& f) { return f.peak_kib / 1024; }),
              Median(runs, [](const Figures& f) { return f.served.requests; }));
}

void Measure(LocalTenant& tenant, int users) {
  Steps floor;
  Steps product;
  const auto run = [&](Steps& steps, auto measure) {
    const Folder folder(absl::GetFlag(FLAGS_store_directory));
    for (const Figures& figures :
         MeasureInChild([&] { return measure(folder.path()); })) {
      steps[figures.step].push_back(figures);
    }
  };
  // Changes make the tenant forget its pages: a read that is not counted makes
  // them anew.
  const auto warm_up = [&](const std::string& folder) {
    TunedFloor(tenant.facts(), FloorIn(tenant, folder)).ReadEverything();
    return std::vector<Figures>();
  };
  for (int i = 0; i < absl::GetFlag(FLAGS_repeat); ++i) {
    Steps not_counted;
    run(not_counted, warm_up);
    run(floor, [&](const std::string& folder) {
      return MeasureFloor(tenant, users, FloorIn(tenant, folder));
    });
    run(not_counted, warm_up);
    run(product, [&](const std::string& folder) {
      return MeasureProduct(tenant, users, folder);
    });
  }
  for (const auto& [step, runs] : floor) {
    Print(users, absl::StrCat("floor: ", step), runs, nullptr);
  }
  const std::map<std::string, const char*> beside = {
      {"first", kFirstRead}, {"none", kNoChange}, {"1 %", kSomeChanged}};
  for (const auto& [step, runs] : product) {
    const auto least = beside.find(step);
    Print(users, step, runs,
          least == beside.end() ? nullptr : &floor[least->second]);
  }
  std::fflush(stdout);
}

int Main() {
  SetLogSink([](absl::string_view) {});  // The table is all there is to see.
  std::printf("%9s  %-18s %8s %7s %8s %7s %8s %4s %8s\n", "users", "step",
              "seconds", "x floor", "CPU s", "x floor", "seen", "MiB",
              "requests");
  for (const std::string& text : absl::GetFlag(FLAGS_users)) {
    int users = 0;
    if (!absl::SimpleAtoi(text, &users) || users < 1) return 64;
    const auto tenant = LocalTenant::Start(
        {.users = users, .groups = absl::GetFlag(FLAGS_groups)});
    Measure(*tenant, users);
  }
  return 0;
}

}  // namespace
}  // namespace rollcall::bench

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return rollcall::bench::Main();
}
