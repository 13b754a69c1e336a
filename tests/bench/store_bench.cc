// Measures the store on the disk: what a commit costs by the size of its batch,
// what sharing a sync gains, what reading costs. Rows are 1 KiB, as users are.
//
//   bazel run //tests/bench:store_bench
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "common/store/key.h"
#include "common/store/rocksdb_store.h"

namespace rollcall::store {
namespace {

constexpr int kRows = 100000;
constexpr size_t kValueBytes = 1024;

void CheckOk(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

// A store in a directory that goes away with it.
class Disk {
 public:
  Disk() : path_(std::filesystem::temp_directory_path() / "bench-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
    auto store = OpenRocksDb({.path = path_, .owner = "bench"});
    CheckOk(store.status());
    store_ = *std::move(store);
  }
  ~Disk() {
    store_.reset();
    std::filesystem::remove_all(path_);
  }

  Store& store() { return *store_; }

 private:
  std::string path_;
  std::unique_ptr<Store> store_;
};

std::string UserKey(uint64_t i) { return Key("users").Uint64(i).Build(); }

// Noise, because the rows of services are sealed and do not compress.
std::string Noise(std::mt19937_64& random) {
  std::string value(kValueBytes, '\0');
  for (char& c : value) c = static_cast<char>(random());
  return value;
}

void Fill(Store& store, int rows) {
  std::mt19937_64 random(1);
  for (int i = 0; i < rows;) {
    Batch batch("acme");
    for (int n = 0; n < 1000 && i < rows; ++n, ++i) {
      batch.Put(UserKey(static_cast<uint64_t>(i)), Noise(random));
    }
    CheckOk(store.Commit(batch));
  }
}

void BM_Commit(benchmark::State& state) {
  Disk disk;
  std::mt19937_64 random(2);
  const std::string value = Noise(random);
  for (auto _ : state) {
    Batch batch("acme");
    for (int64_t i = 0; i < state.range(0); ++i) {
      batch.Put(UserKey(random()), value);
    }
    CheckOk(disk.store().Commit(batch));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Commit)->Arg(1)->Arg(128)->Arg(1000)->UseRealTime();

// Single rows under compare-and-set, from several threads: they share syncs.
void BM_CommitFromThreads(benchmark::State& state) {
  static Disk* disk = nullptr;
  if (state.thread_index() == 0) disk = new Disk();
  std::mt19937_64 random(static_cast<uint64_t>(state.thread_index()));
  const std::string value = Noise(random);
  for (auto _ : state) {
    const std::string key = UserKey(random());
    Batch batch("acme");
    batch.ExpectAbsent(key);
    batch.Put(key, value);
    CheckOk(disk->store().Commit(batch));
  }
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) delete disk;
}
BENCHMARK(BM_CommitFromThreads)->ThreadRange(1, 16)->UseRealTime();

void BM_Get(benchmark::State& state) {
  Disk disk;
  Fill(disk.store(), kRows);
  std::mt19937_64 random(3);
  for (auto _ : state) {
    const auto value = disk.store().Get("acme", UserKey(random() % kRows));
    CheckOk(value.status());
    if (!value->has_value()) state.SkipWithError("A row is missing.");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Get);

void BM_GetAbsent(benchmark::State& state) {
  Disk disk;
  Fill(disk.store(), kRows);
  std::mt19937_64 random(4);
  for (auto _ : state) {
    const auto value =
        disk.store().Get("acme", UserKey(kRows + random() % kRows));
    CheckOk(value.status());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_GetAbsent);

void BM_Scan(benchmark::State& state) {
  Disk disk;
  Fill(disk.store(), kRows);
  for (auto _ : state) {
    const auto cursor =
        disk.store().Scan("acme", KeyRange::Prefix(Key("users").Build()));
    int rows = 0;
    for (;;) {
      const auto entry = cursor->Next();
      CheckOk(entry.status());
      if (!entry->has_value()) break;
      ++rows;
    }
    if (rows != kRows) state.SkipWithError("Rows are missing.");
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(BM_Scan)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rollcall::store

BENCHMARK_MAIN();
