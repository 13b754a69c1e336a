// Proves that a bulk load on a disk that fails is there wholly or not at all,
// and ends the store as a failed commit does; likewise a large batch, which is
// written in the same way. What every store promises of bulk
// loads is in bulk_contract_test.cc, power cuts are in power_cut_test.cc.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/store/engine_testing.h"
#include "common/store/fault_file_system.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"
#include "rocksdb/env.h"

namespace rollcall::store {
namespace {

using ::rollcall::testing::StatusIs;
using Operation = FaultFileSystem::Operation;

enum class Way { kLoader, kBatch };

class BulkLoad : public ::testing::TestWithParam<Way> {
 protected:
  BulkLoad() {
    SetLogSink([](absl::string_view) {});
  }
  ~BulkLoad() override { SetLogSink(nullptr); }

  std::unique_ptr<Store> Open(uint64_t min_free_bytes = 0) {
    return *OpenRocksDb(
        {.path = directory_.path(),
         .owner = "test",
         .min_free_bytes = min_free_bytes,
         .disk_space = [this](const std::string&) { return space_; },
         .bulk_chunk_bytes = 4 << 10,
         .table_commit_bytes = 10 << 10,
         .env = env_.get()});
  }

  // Some chunks of rows whose keys begin with `name`.
  static absl::Status Load(Store& store, const std::string& name) {
    if (GetParam() == Way::kBatch) {
      Batch batch("acme");
      for (int i = 0; i < kRows; ++i) {
        batch.Put(absl::StrCat(name, i), std::string(100, 'x'));
      }
      return store.Commit(batch);
    }
    const auto loader = store.BeginBulkLoad("acme");
    for (int i = 0; i < kRows; ++i) {
      const absl::Status status =
          loader->Add(absl::StrCat(name, i), std::string(100, 'x'));
      if (!status.ok()) return status;
    }
    return loader->Finish();
  }

  static int CountRows(Store& store, const std::string& name) {
    const auto cursor = store.Scan("acme", KeyRange::Prefix(name));
    for (int count = 0;; ++count) {
      const auto entry = cursor->Next();
      EXPECT_OK(entry);
      if (!entry.ok() || !entry->has_value()) return count;
    }
  }

  static constexpr int kRows = 200;
  DiskSpace space_{.free = 1000, .total = 1000};
  const TemporaryDirectory directory_;
  const std::shared_ptr<FaultFileSystem> disk_ =
      std::make_shared<FaultFileSystem>();
  const std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
};

INSTANTIATE_TEST_SUITE_P(Ways, BulkLoad,
                         ::testing::Values(Way::kLoader, Way::kBatch),
                         [](const auto& tested) {
                           return tested.param == Way::kLoader ? "Loader"
                                                               : "Batch";
                         });

// Fails each append, then each sync, of a whole load, until nothing is left to
// fail; the disk is well again afterwards.
TEST_P(BulkLoad, OnAFailingDiskIsThereWhollyOrNotAtAll) {
  int failures = 0;
  for (const Operation operation : {Operation::kAppend, Operation::kSync}) {
    for (int n = 1;; ++n) {
      const std::string name =
          absl::StrCat(static_cast<int>(operation), "-", n, "-");
      absl::Status status;
      bool nothing_left = false;
      {
        const auto store = Open();
        disk_->FailOnce(operation, "", n);
        status = Load(*store, name);
        if (!status.ok()) {
          EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable,
                                       std::string("STORE_FAILED")));
          Batch batch("acme");
          batch.Put("key", "value");
          EXPECT_EQ(store->Commit(batch), status);
        }
        nothing_left = disk_->CancelFailure();
      }
      const int rows = CountRows(*Open(), name);
      if (nothing_left) {
        EXPECT_OK(status);
        EXPECT_EQ(rows, kRows);
        break;
      }
      // Nobody may miss a file that RocksDB writes for itself.
      failures += !status.ok();
      EXPECT_TRUE(rows == kRows || (rows == 0 && !status.ok())) << name << rows;
    }
  }
  EXPECT_GT(failures, 5);
}

TEST_P(BulkLoad, OnADiskThatIsNearlyFullIsRefusedAndWritesNothing) {
  const auto store = Open(/*min_free_bytes=*/1000);
  space_.free = 999;
  EXPECT_THAT(Load(*store, "full"),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       std::string("STORE_DISK_LOW")));
  space_.free = 1000;
  EXPECT_EQ(CountRows(*store, "full"), 0);
  EXPECT_OK(Load(*store, "enough"));
  EXPECT_EQ(CountRows(*store, "enough"), kRows);
}

}  // namespace
}  // namespace rollcall::store
