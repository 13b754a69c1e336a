// Proves that a power cut at any write loses nothing that was acknowledged and
// leaves nothing half-written (invariants 1 and 2), and that this test would
// notice if it did.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/status/status_macros.h"
#include "common/store/power_cut_file_system.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"
#include "rocksdb/env.h"

namespace rollcall::store {
namespace {

using ::rollcall::testing::StatusIs;

enum class Disk { kHonest, kIgnoresSyncs, kLeavesZeros };

// How rows are written.
enum class Way { kBatches, kBatchesAndTables, kBulkLoads };

// What a run with several power cuts ended in.
struct Losses {
  int acknowledged = 0;  // Batches or bulk loads.
  int lost = 0;          // Acknowledged, but not there.
  int torn = 0;          // There in parts, or not readable.
  int refused = 0;       // Openings of a store that had been cut off.
};

// One store through several power cuts. Batch or bulk load i puts noise that
// does not compress under `left<i>` and `right<i>`, so that small buffers soon
// make tables and compactions. A batch also puts its number under `head`, which
// says whether later ones win wherever they were written.
class PowerCuts {
 public:
  PowerCuts(uint32_t seed, Disk kind, Way way)
      : random_(seed),
        way_(way),
        root_(absl::StrCat(::testing::TempDir(), "/cut", seed)) {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ + "/attic");
    std::filesystem::create_directories(root_ + "/store");
    disk_ = std::make_shared<PowerCutFileSystem>(root_ + "/attic", seed);
    if (kind == Disk::kIgnoresSyncs) disk_->IgnoreSyncs();
    if (kind == Disk::kLeavesZeros) disk_->LeaveZeros();
    env_ = rocksdb::NewCompositeEnv(disk_);
  }
  ~PowerCuts() { std::filesystem::remove_all(root_); }

  Losses Run(int cuts) {
    for (int i = 0; i < cuts && losses_.refused == 0; ++i) {
      disk_->CutPowerAfter(1 + static_cast<int>(random_() % 250));
      WriteUntilTheCut();
      disk_->Restart();
      Inspect();
    }
    return losses_;
  }

 private:
  absl::StatusOr<std::unique_ptr<Store>> Open() {
    return OpenRocksDb({.path = root_ + "/store",
                        .owner = "cut",
                        .min_free_bytes = 0,
                        .write_buffer_bytes = 64 << 10,
                        .bulk_chunk_bytes = 4 << 10,
                        // Half of all batches have so many bytes.
                        .table_commit_bytes = way_ == Way::kBatchesAndTables
                                                  ? size_t{2000}
                                                  : size_t{1} << 20,
                        .env = env_.get()});
  }

  void WriteUntilTheCut() {
    const auto store = Open();
    if (!store.ok()) {
      EXPECT_TRUE(disk_->is_off()) << store.status();
      return;
    }
    absl::Status status;
    for (; status.ok(); ++next_) {
      status = way_ == Way::kBulkLoads ? Load(**store) : Commit(**store);
      if (status.ok()) acknowledged_.push_back(next_);
    }
    EXPECT_TRUE(disk_->is_off());
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable,
                                 std::string("STORE_FAILED")));
  }

  absl::Status Commit(Store& store) {
    Batch batch("acme");
    batch.Put(absl::StrCat("left", next_), Noise());
    batch.Put(absl::StrCat("right", next_), Noise());
    batch.Put("head", absl::StrCat(next_));
    return store.Commit(batch);
  }

  // Enough rows for some chunks; nobody looks at those in the middle.
  absl::Status Load(Store& store) {
    const auto loader = store.BeginBulkLoad("acme");
    RETURN_IF_ERROR(loader->Add(absl::StrCat("right", next_), Noise()));
    for (uint32_t i = 0; i < random_() % 8; ++i) {
      RETURN_IF_ERROR(
          loader->Add(absl::StrCat("middle", next_, "-", i), Noise()));
    }
    RETURN_IF_ERROR(loader->Add(absl::StrCat("left", next_), Noise()));
    return loader->Finish();
  }

  void Inspect() {
    const auto store = Open();
    if (!store.ok()) {
      ++losses_.refused;
      EXPECT_THAT(store, StatusIs(absl::StatusCode::kDataLoss));
      return;
    }
    int last = -1;  // That is there.
    for (int i = 0; i < next_; ++i) {
      const auto left = (*store)->Get("acme", absl::StrCat("left", i));
      const auto right = (*store)->Get("acme", absl::StrCat("right", i));
      const bool has_left = left.ok() && left->has_value();
      const bool has_right = right.ok() && right->has_value();
      if (has_left != has_right || !left.ok() || !right.ok()) ++losses_.torn;
      if (!(has_left && has_right) && WasAcknowledged(i)) ++losses_.lost;
      if (has_left) last = i;
    }
    if (way_ != Way::kBulkLoads && last >= 0) {
      const auto head = (*store)->Get("acme", "head");
      if (!head.ok() || *head != absl::StrCat(last)) ++losses_.torn;
    }
    losses_.acknowledged = static_cast<int>(acknowledged_.size());
  }

  bool WasAcknowledged(int i) const {
    return std::binary_search(acknowledged_.begin(), acknowledged_.end(), i);
  }

  std::string Noise() {
    std::string noise(random_() % 2000, '\0');
    for (char& c : noise) c = static_cast<char>(random_());
    return noise;
  }

  std::mt19937 random_;
  const Way way_;
  const std::string root_;
  std::shared_ptr<PowerCutFileSystem> disk_;
  std::unique_ptr<rocksdb::Env> env_;
  int next_ = 0;
  std::vector<int> acknowledged_;  // In order.
  Losses losses_;
};

constexpr uint32_t kSeeds = 16;
constexpr int kCuts = 6;

// The losses of each seed, the first of which is 1. In parallel, because
// RocksDB rests for a second when its background work fails.
std::vector<Losses> RunAllSeeds(Disk kind, Way way, uint32_t seeds = kSeeds) {
  SetLogSink([](absl::string_view) {});  // Every cut is an error in the log.
  std::vector<std::future<Losses>> runs;
  for (uint32_t seed = 1; seed <= seeds; ++seed) {
    runs.push_back(std::async(std::launch::async, [seed, kind, way] {
      return PowerCuts(seed, kind, way).Run(kCuts);
    }));
  }
  std::vector<Losses> losses;
  for (std::future<Losses>& run : runs) losses.push_back(run.get());
  SetLogSink(nullptr);
  return losses;
}

void ExpectNoLosses(const std::vector<Losses>& runs) {
  uint32_t seed = 0;
  for (const Losses& losses : runs) {
    ++seed;
    EXPECT_EQ(losses.lost, 0) << "seed " << seed;
    EXPECT_EQ(losses.torn, 0) << "seed " << seed;
    EXPECT_EQ(losses.refused, 0) << "seed " << seed;
  }
}

int Sum(const std::vector<Losses>& runs, int Losses::*count) {
  int sum = 0;
  for (const Losses& losses : runs) sum += losses.*count;
  return sum;
}

// The tests are worth something only if there was much to lose.
TEST(PowerCut, LosesNothingAcknowledgedAndTearsNothing) {
  const auto runs = RunAllSeeds(Disk::kHonest, Way::kBatches);
  ExpectNoLosses(runs);
  EXPECT_GT(Sum(runs, &Losses::acknowledged), 500);
}

// Rows of the log and those of files that went around it, in one history.
TEST(PowerCut, LosesNothingOfLargeBatchesAmongSmallOnes) {
  const auto runs = RunAllSeeds(Disk::kHonest, Way::kBatchesAndTables);
  ExpectNoLosses(runs);
  EXPECT_GT(Sum(runs, &Losses::acknowledged), 200);
}

TEST(PowerCut, LosesNoBulkLoadAndTearsNone) {
  const auto runs = RunAllSeeds(Disk::kHonest, Way::kBulkLoads);
  ExpectNoLosses(runs);
  EXPECT_GT(Sum(runs, &Losses::acknowledged), 200);
}

TEST(PowerCut, NegativeControl_ADiskThatIgnoresSyncsLosesData) {
  EXPECT_GT(Sum(RunAllSeeds(Disk::kIgnoresSyncs, Way::kBatches), &Losses::lost),
            0);
}

// Either the load is not in the manifest any more, or the manifest names a file
// that is gone or cut short, and the store says so. The latter is far more
// frequent, hence more seeds.
TEST(PowerCut, NegativeControl_ADiskThatIgnoresSyncsLosesBulkLoads) {
  const auto runs =
      RunAllSeeds(Disk::kIgnoresSyncs, Way::kBulkLoads, 4 * kSeeds);
  EXPECT_GT(Sum(runs, &Losses::lost), 0);
  EXPECT_GT(Sum(runs, &Losses::refused), 0);
}

// RocksDB takes a record that ends in zeros for damage, not for a torn tail:
// the store may refuse to open, and then has to be restored. What it does not
// do is lose or tear a batch in silence.
TEST(PowerCut, ADiskThatLeavesZerosIsRefusedRatherThanMisread) {
  int refused = 0;
  uint32_t seed = 0;
  for (const Losses& losses : RunAllSeeds(Disk::kLeavesZeros, Way::kBatches)) {
    ++seed;
    EXPECT_EQ(losses.lost, 0) << "seed " << seed;
    EXPECT_EQ(losses.torn, 0) << "seed " << seed;
    refused += losses.refused;
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace rollcall::store
