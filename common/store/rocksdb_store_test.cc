// Proves what the store on RocksDB knows of itself, and that rows in the wrong
// place are noticed. What every store promises is in contract_test.cc.
#include "common/store/rocksdb_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/store/engine_testing.h"
#include "common/store/key.h"
#include "common/testing/status_matchers.h"

namespace rollcall::store {
namespace {

using ::rollcall::testing::StatusIs;

class RocksDbStoreTest : public ::testing::Test {
 protected:
  RocksDbOptions Options() const {
    return {.path = directory_.path(), .owner = "trash", .min_free_bytes = 0};
  }

  const TemporaryDirectory directory_;
};

// Removes the files with `part` in their name.
void RemoveFiles(const std::string& directory, const std::string& part) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (absl::StrContains(entry.path().filename().string(), part)) {
      found.push_back(entry.path());
    }
  }
  EXPECT_FALSE(found.empty()) << part;
  for (const auto& path : found) std::filesystem::remove(path);
}

TEST_F(RocksDbStoreTest, KeepsItsRowsWhenItIsClosed) {
  {
    const auto store = *OpenRocksDb(Options());
    Batch batch("acme");
    batch.Put("key", "value");
    ASSERT_OK(store->Commit(batch));
  }
  EXPECT_EQ(**(*OpenRocksDb(Options()))->Get("acme", "key"), "value");
}

TEST_F(RocksDbStoreTest, TheEpochGrowsAndTheIncarnationStays) {
  std::string incarnation;
  for (int64_t opening = 1; opening <= 4; ++opening) {
    const auto store = *OpenRocksDb(Options());
    EXPECT_EQ(store->epoch(), opening);
    if (opening == 1) incarnation = store->incarnation();
    EXPECT_EQ(store->incarnation(), incarnation);
  }
}

TEST_F(RocksDbStoreTest, EveryStoreHasItsOwnIncarnation) {
  EXPECT_NE((*OpenInMemory())->incarnation(), (*OpenInMemory())->incarnation());
}

TEST_F(RocksDbStoreTest, RefusesAnotherOwner) {
  EXPECT_OK(OpenRocksDb(Options()));
  RocksDbOptions options = Options();
  options.owner = "directory";
  EXPECT_THAT(OpenRocksDb(options),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       std::string("STORE_OWNER_MISMATCH")));
  EXPECT_EQ((*OpenRocksDb(Options()))->epoch(), 2);  // Not touched.
}

TEST_F(RocksDbStoreTest, RefusesAnotherFormatVersion) {
  EXPECT_OK(OpenRocksDb(Options()));
  for (const int version : {0, 2}) {
    RocksDbOptions options = Options();
    options.format_version = version;
    EXPECT_THAT(OpenRocksDb(options),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         std::string("STORE_FORMAT_MISMATCH")));
  }
  EXPECT_EQ((*OpenRocksDb(Options()))->epoch(), 2);  // Not touched.
}

TEST_F(RocksDbStoreTest, RefusesToBeOpenedTwice) {
  const auto store = *OpenRocksDb(Options());
  EXPECT_THAT(OpenRocksDb(Options()), StatusIs(absl::StatusCode::kUnavailable,
                                               std::string("STORE_LOCKED")));
}

TEST_F(RocksDbStoreTest, RefusesADirectoryThatCannotBe) {
  RocksDbOptions options = Options();
  options.path = "/proc/no/such/place";
  EXPECT_THAT(OpenRocksDb(options), StatusIs(absl::StatusCode::kUnavailable,
                                             std::string("STORE_OPEN_FAILED")));
}

TEST_F(RocksDbStoreTest, RefusesRowsThatNobodyOwns) {
  ASSERT_TRUE(OpenEngine(directory_.path())->Put({}, "stranger", "row").ok());
  EXPECT_THAT(OpenRocksDb(Options()), StatusIs(absl::StatusCode::kDataLoss,
                                               std::string("STORE_DAMAGED")));
}

TEST_F(RocksDbStoreTest, RefusesAStoreThatMissesAFile) {
  for (const char* part : {"CURRENT", "MANIFEST", ".sst"}) {
    const TemporaryDirectory directory;
    RocksDbOptions options = Options();
    options.path = directory.path();
    {
      const auto store = *OpenRocksDb(options);
      Batch batch("acme");
      batch.Put("key", "value");
      ASSERT_OK(store->Commit(batch));
    }
    EXPECT_OK(OpenRocksDb(options));  // Writes what is in the log to a table.
    RemoveFiles(directory.path(), part);
    EXPECT_THAT(OpenRocksDb(options), StatusIs(absl::StatusCode::kDataLoss,
                                               std::string("STORE_DAMAGED")))
        << part;
  }
}

TEST_F(RocksDbStoreTest, WhatABulkLoadOfADeadProcessLeftIsRemoved) {
  const std::filesystem::path left = directory_.path() + "/bulk/7/1.rows";
  EXPECT_OK(OpenRocksDb(Options()));
  std::filesystem::create_directories(left.parent_path());
  std::ofstream(left) << "rows";
  const auto store = *OpenRocksDb(Options());
  EXPECT_FALSE(std::filesystem::exists(left.parent_path()));
}

TEST_F(RocksDbStoreTest, ABulkLoadIsKeptAndLeavesNoFilesBehind) {
  RocksDbOptions options = Options();
  options.bulk_chunk_bytes = 4 << 10;
  {
    const auto store = *OpenRocksDb(options);
    const auto finished = store->BeginBulkLoad("acme");
    const auto dropped = store->BeginBulkLoad("other");
    for (int i = 0; i < 1000; ++i) {
      ASSERT_OK(finished->Add(absl::StrCat(i), "value"));
      ASSERT_OK(dropped->Add(absl::StrCat(i), "value"));
    }
    ASSERT_OK(finished->Finish());
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path() + "/bulk"));
  const auto store = *OpenRocksDb(options);
  EXPECT_EQ(**store->Get("acme", "999"), "value");
  EXPECT_FALSE((*store->Get("other", "999")).has_value());
}

// Where no compaction finds them again; rows of tables in between, which are in
// the way of one file for all, do not lift them.
TEST_F(RocksDbStoreTest, ABulkLoadGoesToTheLastLevel) {
  {
    const auto store = *OpenRocksDb(Options());
    Batch batch("acme");
    batch.Put(Key("middle").Build(), "in memory");
    ASSERT_OK(store->Commit(batch));
    const auto loader = store->BeginBulkLoad("acme");
    for (const char* table : {"left", "right"}) {
      for (uint64_t i = 0; i < 100; ++i) {
        ASSERT_OK(loader->Add(Key(table).Uint64(i).Build(), "value"));
      }
    }
    ASSERT_OK(loader->Finish());
  }
  const auto engine = OpenEngine(directory_.path());
  std::string files;
  ASSERT_TRUE(engine->GetProperty("rocksdb.num-files-at-level6", &files));
  EXPECT_EQ(files, "2");
}

TEST_F(RocksDbStoreTest, NoticesValuesThatWereSwapped) {
  {
    const auto store = *OpenRocksDb(Options());
    Batch batch("acme");
    batch.Put("ann", "administrator");
    batch.Put("bob", "guest");
    batch.Put("cat", "guest");
    ASSERT_OK(store->Commit(batch));
  }
  {
    const auto engine = OpenEngine(directory_.path());
    std::string ann_key, bob_key, ann, bob;
    const std::unique_ptr<rocksdb::Iterator> rows(engine->NewIterator({}));
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
      const std::string key = rows->key().ToString();
      if (absl::EndsWith(key, "ann")) {
        ann_key = key;
        ann = rows->value().ToString();
      }
      if (absl::EndsWith(key, "bob")) {
        bob_key = key;
        bob = rows->value().ToString();
      }
    }
    ASSERT_TRUE(engine->Put({}, ann_key, bob).ok());
    ASSERT_TRUE(engine->Put({}, bob_key, ann).ok());
  }
  const auto store = *OpenRocksDb(Options());
  const auto damaged =
      StatusIs(absl::StatusCode::kDataLoss, std::string("STORE_DAMAGED"));
  EXPECT_THAT(store->Get("acme", "ann"), damaged);
  EXPECT_THAT(store->Get("acme", "bob"), damaged);
  EXPECT_EQ(**store->Get("acme", "cat"), "guest");
  EXPECT_THAT(store->Scan("acme", KeyRange())->Next(), damaged);
}

}  // namespace
}  // namespace rollcall::store
