// Proves that a restored store is whole and says that its history is another
// one, and that nothing is lost when restoring is refused or breaks off.
#include "common/store/restore.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/store/engine_testing.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"

namespace rollcall::store {
namespace {

namespace fs = std::filesystem;

using ::rollcall::testing::StatusIs;

const absl::Time kNow =
    absl::FromCivil(absl::CivilMinute(2026, 11, 23, 9), absl::UTCTimeZone());

// A store of twenty rows, and a checkpoint of its first ten.
class RestoreTest : public ::testing::Test {
 protected:
  RestoreTest() {
    const auto store = Open(store_);
    incarnation_ = store->incarnation();
    Put(*store, 1, 10);
    EXPECT_OK(store->Checkpoint(checkpoint_));
    Put(*store, 11, 20);
  }

  static std::unique_ptr<RocksDbStore> Open(const std::string& path) {
    auto store =
        OpenRocksDb({.path = path, .owner = "test", .min_free_bytes = 0});
    EXPECT_OK(store);
    return *std::move(store);
  }

  static void Put(Store& store, int from, int to) {
    for (int i = from; i <= to; ++i) {
      Batch batch("acme");
      batch.Put(absl::StrCat(i), std::string(500, 'x'));
      ASSERT_OK(store.Commit(batch));
    }
  }

  static int CountRows(const Store& store) {
    const auto cursor = store.Scan("acme", KeyRange());
    for (int count = 0;; ++count) {
      const auto entry = cursor->Next();
      EXPECT_OK(entry);
      if (!entry.ok() || !entry->has_value()) return count;
    }
  }

  absl::StatusOr<Restored> Restore(const std::string& store,
                                   bool replace = false) {
    return RestoreStore({.checkpoint = checkpoint_ + "/",
                         .store = store,
                         .replace = replace,
                         .now = kNow});
  }

  // What a refusal leaves: the store as it was, and nothing beside it.
  void ExpectNothingHappened() {
    const auto store = Open(store_);
    EXPECT_EQ(store->incarnation(), incarnation_);
    EXPECT_EQ(CountRows(*store), 20);
    int count = 0;
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      ++count;
      EXPECT_TRUE(entry.path() == store_ || entry.path() == checkpoint_)
          << entry.path();
    }
    EXPECT_EQ(count, 2);
  }

  const TemporaryDirectory directory_;
  const std::string store_ = directory_.path() + "/store";
  const std::string checkpoint_ = directory_.path() + "/checkpoint";
  std::string incarnation_;
};

TEST_F(RestoreTest, ARestoredStoreIsWholeAndHasAnotherIncarnation) {
  const std::string path = directory_.path() + "/restored";
  const auto restored = Restore(path + "/");
  ASSERT_OK(restored);
  EXPECT_EQ(restored->owner, "test");
  EXPECT_EQ(restored->rows, 10 + 4);  // Four in which it says what it is.
  EXPECT_EQ(restored->replaced, "");
  const auto store = Open(path);
  EXPECT_EQ(CountRows(*store), 10);
  EXPECT_EQ(store->incarnation(), restored->incarnation);
  EXPECT_GT(store->incarnation(), incarnation_);
  // It is a store like any other: it takes writes, and checkpoints.
  Put(*store, 11, 12);
  EXPECT_OK(store->Checkpoint(directory_.path() + "/next"));
}

TEST_F(RestoreTest, EachRestoringBeginsALaterHistory) {
  std::string before = incarnation_;
  for (int i = 0; i < 3; ++i) {
    fs::remove_all(store_ + ".replaced-2026-11-23T090000Z");
    const auto restored = Restore(store_, /*replace=*/true);
    ASSERT_OK(restored);
    EXPECT_GT(restored->incarnation, before);
    before = restored->incarnation;
  }
}

TEST_F(RestoreTest, AnEmptyFolderIsAsGoodAsNone) {
  const std::string path = directory_.path() + "/restored";
  fs::create_directory(path);
  ASSERT_OK(Restore(path));
  EXPECT_EQ(CountRows(*Open(path)), 10);
}

TEST_F(RestoreTest, AStoreThatIsThereIsRefused) {
  EXPECT_THAT(Restore(store_), StatusIs(absl::StatusCode::kAlreadyExists,
                                        std::string("STORE_EXISTS")));
  ExpectNothingHappened();
}

TEST_F(RestoreTest, ReplaceMovesItAside) {
  const auto restored = Restore(store_, /*replace=*/true);
  ASSERT_OK(restored);
  EXPECT_EQ(restored->replaced, store_ + ".replaced-2026-11-23T090000Z");
  EXPECT_EQ(CountRows(*Open(store_)), 10);
  const auto replaced = Open(restored->replaced);
  EXPECT_EQ(CountRows(*replaced), 20);
  EXPECT_EQ(replaced->incarnation(), incarnation_);
}

TEST_F(RestoreTest, ReplaceMovesADamagedStoreAsideToo) {
  fs::remove(store_ + "/CURRENT");
  const auto restored = Restore(store_, /*replace=*/true);
  ASSERT_OK(restored);
  EXPECT_EQ(CountRows(*Open(store_)), 10);
  EXPECT_TRUE(fs::exists(restored->replaced));
}

TEST_F(RestoreTest, NoSecondStoreIsMovedToTheSamePlace) {
  ASSERT_OK(Restore(store_, /*replace=*/true));
  EXPECT_THAT(
      Restore(store_, /*replace=*/true),
      StatusIs(absl::StatusCode::kAlreadyExists, std::string("STORE_EXISTS")));
  EXPECT_EQ(CountRows(*Open(store_)), 10);
  EXPECT_EQ(CountRows(*Open(store_ + ".replaced-2026-11-23T090000Z")), 20);
}

TEST_F(RestoreTest, AStoreThatIsOpenIsRefused) {
  {
    const auto store = Open(store_);
    for (const bool replace : {false, true}) {
      EXPECT_THAT(Restore(store_, replace),
                  StatusIs(absl::StatusCode::kUnavailable,
                           std::string("STORE_LOCKED")));
    }
    Put(*store, 20, 20);
  }
  ExpectNothingHappened();
}

TEST_F(RestoreTest, WhatIsNoCheckpointIsRefused) {
  for (const std::string& path :
       {store_, directory_.path(), directory_.path() + "/nothing"}) {
    EXPECT_THAT(RestoreStore({.checkpoint = path,
                              .store = directory_.path() + "/restored"}),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         std::string("NOT_A_CHECKPOINT")))
        << path;
  }
  ExpectNothingHappened();
}

TEST_F(RestoreTest, ADamagedCheckpointIsRefused) {
  const std::string table = LargestFile(checkpoint_, ".sst");
  // A copy of its own: it is a hard link to a file of the store.
  fs::copy_file(table, table + ".copy");
  fs::rename(table + ".copy", table);
  FlipByte(table, 0.5);
  EXPECT_THAT(
      Restore(store_, /*replace=*/true),
      StatusIs(absl::StatusCode::kDataLoss, std::string("STORE_DAMAGED")));
  ExpectNothingHappened();
}

TEST_F(RestoreTest, ACheckpointThatMissesAFileIsRefused) {
  for (const char* suffix : {"CURRENT", ".sst"}) {
    fs::remove(LargestFile(checkpoint_, suffix));
    EXPECT_THAT(
        Restore(directory_.path() + "/restored"),
        StatusIs(absl::StatusCode::kDataLoss, std::string("STORE_DAMAGED")))
        << suffix;
    ExpectNothingHappened();
  }
}

TEST_F(RestoreTest, APlaceWithoutAParentIsRefused) {
  EXPECT_THAT(Restore(directory_.path() + "/no/such/store"),
              StatusIs(absl::StatusCode::kUnavailable,
                       std::string("STORE_FILE_FAILED")));
  ExpectNothingHappened();
}

TEST_F(RestoreTest, TwoAtOnceAreRefused) {
  const int parent = open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(flock(parent, LOCK_EX), 0);
  EXPECT_THAT(Restore(store_, /*replace=*/true),
              StatusIs(absl::StatusCode::kUnavailable,
                       std::string("RESTORE_UNDER_WAY")));
  close(parent);
  ExpectNothingHappened();
}

// The process died while it copied, or between the two renames of `replace`.
TEST_F(RestoreTest, WhatADeadProcessLeftIsInNobodysWay) {
  fs::create_directory(store_ + ".restoring");
  std::ofstream(store_ + ".restoring/000999.sst") << "half";
  fs::rename(store_, store_ + ".replaced-2026-11-23T085959Z");
  ASSERT_OK(Restore(store_));
  EXPECT_FALSE(fs::exists(store_ + ".restoring"));
  EXPECT_FALSE(fs::exists(store_ + "/000999.sst"));
  EXPECT_EQ(CountRows(*Open(store_)), 10);
}

// Whoever copies it to a store's place by hand keeps the incarnation, and so
// would hide that rows are gone.
TEST_F(RestoreTest, ACheckpointIsNotOpenedAsAStore) {
  EXPECT_THAT(
      OpenRocksDb({.path = checkpoint_, .owner = "test", .min_free_bytes = 0}),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               std::string("STORE_IS_CHECKPOINT")));
  EXPECT_OK(Restore(directory_.path() + "/restored"));  // Not touched.
}

}  // namespace
}  // namespace rollcall::store
