// The findings of what RocksDB does when disks fail (README.md), each with the
// promise that the store keeps all the same.
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
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

const auto kStoreFailed =
    StatusIs(absl::StatusCode::kUnavailable, std::string("STORE_FAILED"));
const auto kStoreDamaged =
    StatusIs(absl::StatusCode::kDataLoss, std::string("STORE_DAMAGED"));

const auto kDiskLow = StatusIs(absl::StatusCode::kResourceExhausted,
                               std::string("STORE_DISK_LOW"));

// Where a consumer is in the history of a producer's store.
struct Place {
  std::string incarnation;
  int64_t sequence = 0;
};

class Reliability : public ::testing::Test {
 protected:
  Reliability() {
    SetLogSink([](absl::string_view) {});
  }
  ~Reliability() override { SetLogSink(nullptr); }

  absl::StatusOr<std::unique_ptr<Store>> Open() {
    return OpenRocksDb({.path = directory_.path(),
                        .owner = "test",
                        .on_failure =
                            [this](const absl::Status& failure) {
                              failures_.push_back(failure);
                              if (!failed_.HasBeenNotified()) failed_.Notify();
                            },
                        .min_free_bytes = 0,
                        .env = env_.get()});
  }

  // Writes batch `i`: two rows and the sequence, about one KiB.
  static absl::Status Commit(Store& store, int i) {
    Batch batch("acme");
    batch.Put(absl::StrCat("left", i), std::string(500, 'l'));
    batch.Put(absl::StrCat("right", i), std::string(500, 'r'));
    batch.Put("sequence", absl::StrCat(i));
    return store.Commit(batch);
  }

  static void CommitAll(Store& store, int from, int to) {
    for (int i = from; i <= to; ++i) ASSERT_OK(Commit(store, i));
  }

  static bool Has(const Store& store, const std::string& key) {
    const auto value = store.Get("acme", key);
    EXPECT_OK(value);
    return value.ok() && value->has_value();
  }

  static bool HasBatch(const Store& store, int i) {
    const bool left = Has(store, absl::StrCat("left", i));
    EXPECT_EQ(Has(store, absl::StrCat("right", i)), left) << "half of " << i;
    return left;
  }

  static Place PlaceOf(const Store& store) {
    Place place{.incarnation = store.incarnation()};
    EXPECT_TRUE(
        absl::SimpleAtoi(**store.Get("acme", "sequence"), &place.sequence));
    return place;
  }

  const TemporaryDirectory directory_;
  const std::shared_ptr<FaultFileSystem> disk_ =
      std::make_shared<FaultFileSystem>();
  const std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
  std::vector<absl::Status> failures_;
  absl::Notification failed_;
};

// --- Finding 2: RocksDB may recover from errors by itself, and abort
// ----------

TEST_F(Reliability, Finding2_AFailedWriteEndsTheStore) {
  {
    const auto store = *Open();
    CommitAll(*store, 1, 10);
    disk_->FailOnce(Operation::kAppend, ".log", 1);
    EXPECT_THAT(Commit(*store, 11), kStoreFailed);
    // The disk is well again; the store stays ended.
    EXPECT_THAT(Commit(*store, 12), kStoreFailed);
    EXPECT_THAT(Commit(*store, 13), kStoreFailed);
    ASSERT_EQ(failures_.size(), 1u);
    EXPECT_THAT(failures_[0], kStoreFailed);
    EXPECT_TRUE(HasBatch(*store, 10));  // Reading goes on.
  }
  const auto store = *Open();
  for (int i = 1; i <= 10; ++i) EXPECT_TRUE(HasBatch(*store, i)) << i;
  EXPECT_FALSE(HasBatch(*store, 12));
  EXPECT_FALSE(HasBatch(*store, 13));
  EXPECT_OK(Commit(*store, 14));
}

TEST_F(Reliability, Finding2_AFailureInTheBackgroundEndsTheStore) {
  {
    const auto store = *OpenRocksDb(
        {.path = directory_.path(),
         .owner = "test",
         .on_failure =
             [this](const absl::Status& failure) {
               failures_.push_back(failure);
               failed_.Notify();
             },
         .min_free_bytes = 0,
         .write_buffer_bytes = 64 << 10,  // The least that RocksDB takes.
         .env = env_.get()});
    disk_->FailOnce(Operation::kAppend, ".sst", 1);
    int i = 1;
    while (!failed_.HasBeenNotified()) {
      if (!Commit(*store, i++).ok()) break;
    }
    failed_.WaitForNotification();
    EXPECT_THAT(Commit(*store, i), kStoreFailed);
    EXPECT_EQ(failures_.size(), 1u);
  }
  const auto store = *Open();
  EXPECT_TRUE(HasBatch(*store, 1));
}

TEST_F(Reliability, Finding2_AFullDiskIsNoticedBeforeItIsFull) {
  DiskSpace disk{.free = 10'000, .total = 100'000};
  const auto store =
      *OpenRocksDb({.path = directory_.path(),
                    .owner = "test",
                    .min_free_bytes = 1000,
                    .disk_space = [&](const std::string&) { return disk; },
                    .env = env_.get()});
  EXPECT_OK(Commit(*store, 1));
  --disk.free;  // A tenth is no longer free.
  EXPECT_THAT(Commit(*store, 2), kDiskLow);
  EXPECT_FALSE(HasBatch(*store, 2));
  disk.total = 9'999;
  disk.free = 1000;
  EXPECT_OK(Commit(*store, 3));
  --disk.free;  // More than a tenth is, but not enough.
  EXPECT_THAT(Commit(*store, 4), kDiskLow);
  EXPECT_THAT(store->Checkpoint(directory_.path() + "/copy"), kDiskLow);
  disk.free = 1000;
  EXPECT_OK(Commit(*store, 5));
}

TEST_F(Reliability, Finding2_ADiskThatDoesNotAnswerIsNotTakenForAnEmptyOne) {
  const auto store = *OpenRocksDb(
      {.path = directory_.path(),
       .owner = "test",
       .disk_space =
           [](const std::string&) { return absl::UnavailableError("gone"); },
       .env = env_.get()});
  EXPECT_THAT(Commit(*store, 1), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_FALSE(HasBatch(*store, 1));
  EXPECT_TRUE(failures_.empty());  // Nothing was written that may be in doubt.
}

// --- Finding 3: a write that returned an error may still be durable
// -----------

TEST_F(Reliability, Finding3_ABatchWhoseSyncFailedMayBeThereButWhole) {
  {
    const auto store = *Open();
    CommitAll(*store, 1, 23);
    disk_->FailOnce(Operation::kSync, ".log", 1);
    EXPECT_THAT(Commit(*store, 24), kStoreFailed);
    EXPECT_EQ(failures_.size(), 1u);
  }
  const auto store = *Open();
  for (int i = 1; i <= 23; ++i) EXPECT_TRUE(HasBatch(*store, i)) << i;
  // Its data had reached the disk: there it is, with all its rows.
  EXPECT_TRUE(HasBatch(*store, 24));
  EXPECT_EQ(PlaceOf(*store).sequence, 24);
  EXPECT_FALSE(HasBatch(*store, 25));
}

// --- Finding 4: damage inside the log drops what is behind it ----------------

TEST_F(Reliability, Finding4_AFlippedLogByteIsRefused) {
  CommitAll(**Open(), 1, 125);
  FlipByte(LargestFile(directory_.path(), ".log"), 0.25);
  EXPECT_THAT(Open(), kStoreDamaged);
}

TEST_F(Reliability, Finding4_NegativeControl_RocksDbsDefaultLosesData) {
  CommitAll(**Open(), 1, 125);
  FlipByte(LargestFile(directory_.path(), ".log"), 0.25);
  const auto engine = OpenEngine(directory_.path());
  EXPECT_GT(CountRows(*engine), 0);
  EXPECT_LT(CountRows(*engine), 125);  // Of 250 and some.
}

// --- Finding 5: a cut log tail loses the last batch without a word -----------

TEST_F(Reliability,
       Finding5_ACutLogTailIsNoticedByWhoeverRemembersTheSequence) {
  Place remembered;
  {
    const auto store = *Open();
    CommitAll(*store, 1, 125);
    remembered = PlaceOf(*store);
  }
  CutTail(LargestFile(directory_.path(), ".log"), 700);

  const auto store = *Open();  // Nothing seems wrong.
  EXPECT_FALSE(HasBatch(*store, 125));
  const Place now = PlaceOf(*store);
  EXPECT_EQ(now.incarnation, remembered.incarnation);
  EXPECT_LT(now.sequence, remembered.sequence);
}

TEST_F(Reliability, Finding5_ANewStoreIsAnotherIncarnation) {
  const std::string remembered = (*Open())->incarnation();
  std::filesystem::remove_all(directory_.path());
  EXPECT_NE((*Open())->incarnation(), remembered);
}

// --- Finding 6: a damaged table makes an iterator stop -----------------------

class DamagedTable : public Reliability {
 protected:
  static constexpr int kBatches = 300;

  DamagedTable() {
    CommitAll(**Open(), 1, kBatches);
    // Opening writes what is in the log into a table.
    EXPECT_OK(Open());
    // The first half of the rows is `left`.
    FlipByte(LargestFile(directory_.path(), ".sst"), 0.25);
  }
};

TEST_F(DamagedTable, Finding6_ACursorEndsWithAnErrorAndNotWithAnEnd) {
  const auto store = *Open();
  const auto cursor = store->Scan("acme", KeyRange());
  int count = 0;
  auto entry = cursor->Next();
  for (; entry.ok() && entry->has_value(); entry = cursor->Next()) ++count;
  EXPECT_THAT(entry, kStoreDamaged);
  EXPECT_LT(count, 2 * kBatches);
  // Asking again does not turn it into an end.
  EXPECT_THAT(cursor->Next(), kStoreDamaged);
}

TEST_F(DamagedTable, Finding6_NegativeControl_TheIteratorOnlyStops) {
  const auto engine = OpenEngine(directory_.path());
  const std::unique_ptr<rocksdb::Iterator> rows(
      engine->NewIterator(rocksdb::ReadOptions()));
  int count = 0;
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) ++count;
  EXPECT_LT(count, 2 * kBatches);
  EXPECT_TRUE(rows->status().IsCorruption());
}

TEST_F(DamagedTable, Finding6_AConditionOnADamagedRowIsNoConflict) {
  const auto store = *Open();
  int damaged = 0;
  for (int i = 1; i <= kBatches; ++i) {
    Batch batch("acme");
    batch.ExpectAbsent(absl::StrCat("left", i));
    batch.Put("never", "written");
    const absl::Status status = store->Commit(batch);
    if (status.code() == absl::StatusCode::kAborted) continue;
    EXPECT_THAT(status, kStoreDamaged);
    ++damaged;
  }
  EXPECT_GT(damaged, 0);
  EXPECT_FALSE(Has(*store, "never"));
  EXPECT_OK(Commit(*store, kBatches + 1));  // What is whole goes on.
}

}  // namespace
}  // namespace rollcall::store
