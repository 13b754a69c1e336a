// Measures full syncs of generated users into the identity store: the first
// one, one without changes, one with 1 % of the users changed; beside each the
// floor of its writes.
//   bazel run -c opt //tests/bench:apply_bench -- --users=100000,1000000
#include <errno.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/crypto/time_ordered_ids.h"
#include "common/log/log.h"
#include "common/store/rocksdb_store.h"
#include "common/time/clock.h"
#include "rocksdb/db.h"
#include "rocksdb/write_batch.h"
#include "services/reconciliation/run_engine.h"
#include "services/reconciliation/run_requests.h"
#include "tests/bench/generated_directory.h"

ABSL_FLAG(std::vector<std::string>, users, {"10000"}, "How many users.");
ABSL_FLAG(std::string, folder, "/tmp",
          "Where a folder for the stores is made, and removed at the end.");
ABSL_FLAG(
    bool, floor, true,
    "Whether to write the floor too; without, the peak is the product's.");

namespace rollcall::bench {
namespace {

using reconciliation::IdentityStore;
using store::Batch;

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

void Must(const rocksdb::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) /
             1e6;
}

void ForgetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

int64_t PeakMib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    absl::string_view text = line;
    int64_t kib = 0;
    if (absl::ConsumePrefix(&text, "VmHWM:") &&
        absl::SimpleAtoi(absl::StripSuffix(text, "kB"), &kib)) {
      return kib / 1024;
    }
  }
  return 0;
}

// The least that the same rows cost: RocksDB's own batches, as large as they
// may be, with the log and one sync at the end.
class Floor {
 public:
  explicit Floor(const std::string& path) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.write_buffer_size = size_t{16} << 20;
    rocksdb::DB* db = nullptr;
    Must(rocksdb::DB::Open(options, path, &db));
    db_.reset(db);
  }

  void Add(const Batch& batch) {
    for (const Batch::Operation& operation : batch.operations()) {
      const std::string key = absl::StrCat(batch.partition(), operation.key);
      if (operation.value.has_value()) {
        Must(batch_.Put(key, *operation.value));
      } else {
        Must(batch_.Delete(key));
      }
    }
    constexpr size_t kMostBytes = size_t{8} << 20;
    if (batch_.GetDataSize() >= kMostBytes) Write(/*sync=*/false);
  }
  void Finish() { Write(/*sync=*/true); }

 private:
  void Write(bool sync) {
    rocksdb::WriteOptions options;
    options.sync = sync;
    Must(db_->Write(options, &batch_));
    batch_.Clear();
  }

  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::WriteBatch batch_;
};

// Writes each batch to the floor as well, and says how long both have taken.
class MeteredStore : public store::Store {
 public:
  MeteredStore(Store& base, Floor* floor) : base_(base), floor_(floor) {}

  absl::Duration committing, flooring;
  int64_t rows = 0;
  int64_t commits = 0;

  absl::Status Commit(const Batch& batch) override {
    const absl::Time begin = absl::Now();
    absl::Status status = base_.Commit(batch);
    const absl::Time end = absl::Now();
    committing += end - begin;
    rows += static_cast<int64_t>(batch.operations().size());
    ++commits;
    if (floor_ != nullptr) floor_->Add(batch);
    flooring += absl::Now() - end;
    return status;
  }
  void FinishFloor() {
    const absl::Time begin = absl::Now();
    if (floor_ != nullptr) floor_->Finish();
    flooring += absl::Now() - begin;
  }

  absl::StatusOr<absl::optional<std::string>> Get(
      absl::string_view partition, absl::string_view key) const override {
    return base_.Get(partition, key);
  }
  std::unique_ptr<store::Cursor> Scan(
      absl::string_view partition,
      const store::KeyRange& range) const override {
    return base_.Scan(partition, range);
  }
  absl::StatusOr<std::vector<std::string>> ListPartitions(
      absl::string_view after, int limit) const override {
    return base_.ListPartitions(after, limit);
  }
  std::unique_ptr<store::BulkLoader> BeginBulkLoad(
      absl::string_view partition) override {
    return base_.BeginBulkLoad(partition);
  }
  std::unique_ptr<store::Reader> Snapshot() const override {
    return base_.Snapshot();
  }
  const std::string& incarnation() const override {
    return base_.incarnation();
  }
  int64_t epoch() const override { return base_.epoch(); }

 private:
  Store& base_;
  Floor* floor_;
};

void Measure(const char* what, const std::string& run_id, int64_t users,
             MeteredStore& rows, IdentityStore& store,
             GeneratedDirectory& directory, reconciliation::RunEngine& engine) {
  Clock& clock = Clock::GetRealClock();
  const RunName name(DirectoryName(AccountName("acme"), "d1"), run_id);
  ForgetPeak();
  const absl::Duration streamed = directory.streaming();
  rows.committing = rows.flooring = absl::ZeroDuration();
  rows.rows = rows.commits = 0;
  Must(reconciliation::StartRun(name, {}, clock.TimeNow(), store).status());
  const double cpu = CpuSeconds();
  const absl::Time begin = absl::Now();
  Must(engine.Execute(name));
  const absl::Duration all = absl::Now() - begin - rows.flooring;
  const double cpu_seconds = CpuSeconds() - cpu;
  const absl::Duration streaming = directory.streaming() - streamed;
  rows.FinishFloor();
  const double seconds = absl::ToDoubleSeconds(all);
  const double floor = absl::ToDoubleSeconds(rows.flooring);
  std::printf(
      "%-12s %9lld %8.3f %8.3f %8.3f %8.3f %8.3f %6.1f %9lld %7lld %8.2f "
      "%6lld\n",
      what, static_cast<long long>(users), seconds,
      absl::ToDoubleSeconds(streaming),
      absl::ToDoubleSeconds(all - streaming - rows.committing),
      absl::ToDoubleSeconds(rows.committing), floor,
      floor > 0 ? seconds / floor : 0, static_cast<long long>(rows.rows),
      static_cast<long long>(rows.commits), cpu_seconds,
      static_cast<long long>(PeakMib()));
  std::fflush(stdout);
}

void Run(int64_t users) {
  std::string made =
      absl::StrCat(absl::GetFlag(FLAGS_folder), "/apply_bench.XXXXXX");
  if (mkdtemp(made.data()) == nullptr) Must(absl::ErrnoToStatus(errno, made));
  const std::filesystem::path folder = made;
  {
    auto disk = store::OpenRocksDb(
        {.path = (folder / "product").string(), .owner = "reconciliation"});
    Must(disk.status());
    std::unique_ptr<Floor> floor;
    if (absl::GetFlag(FLAGS_floor)) {
      floor = std::make_unique<Floor>((folder / "floor").string());
    }
    MeteredStore rows(**disk, floor.get());
    IdentityStore store(rows);
    GeneratedDirectory directory(users);
    reconciliation::RunProgressBoard board;
    TimeOrderedIds ids(Clock::GetRealClock());
    reconciliation::RunEngine engine({.store = store,
                                      .directory = directory,
                                      .board = board,
                                      .clock = Clock::GetRealClock(),
                                      .make_id = [&] { return ids.Next(); }});
    const auto measure = [&](const char* what, const std::string& run) {
      Measure(what, run, users, rows, store, directory, engine);
    };
    measure("first", "r1");
    measure("no changes", "r2");
    directory.ChangeOnePercent();
    measure("1 % changed", "r3");
  }
  std::filesystem::remove_all(folder);
}

int Main() {
  SetLogSink([](absl::string_view) {});  // The table is all there is to see.
  std::printf("%-12s %9s %8s %8s %8s %8s %8s %6s %9s %7s %8s %6s\n", "sync",
              "users", "seconds", "stream", "decide", "commit", "floor",
              "ratio", "rows", "commits", "cpu", "MiB");
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
