// Proves that the n-th commit fails, and that the batch is there or not as
// asked.
#include "common/store/faulty_store.h"

#include <gtest/gtest.h>

#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"

namespace rollcall::store {
namespace {

using ::rollcall::testing::StatusIs;

class FaultyStoreTest : public ::testing::Test {
 protected:
  FaultyStoreTest() : base_(*OpenInMemory()), store_(*base_) {}

  absl::Status Put(const std::string& key) {
    Batch batch("acme");
    batch.Put(key, "value");
    return store_.Commit(batch);
  }
  bool Has(const std::string& key) {
    return store_.Get("acme", key)->has_value();
  }

  const std::unique_ptr<Store> base_;
  FaultyStore store_;
};

TEST_F(FaultyStoreTest, FailsFromTheNthCommitUntilHealed) {
  EXPECT_OK(Put("before"));
  store_.FailCommit(2, FaultyStore::Outcome::kNotWritten);
  EXPECT_OK(Put("first"));
  const auto failed =
      StatusIs(absl::StatusCode::kUnavailable, std::string("STORE_FAILED"));
  EXPECT_THAT(Put("second"), failed);
  EXPECT_THAT(Put("third"), failed);
  store_.Heal();
  EXPECT_OK(Put("healed"));

  EXPECT_TRUE(Has("first"));
  EXPECT_FALSE(Has("second"));
  EXPECT_FALSE(Has("third"));
  EXPECT_TRUE(Has("healed"));
  EXPECT_EQ(store_.commit_count(), 5);
}

TEST_F(FaultyStoreTest, AFailedBatchMayBeThere) {
  store_.FailCommit(1, FaultyStore::Outcome::kWritten);
  EXPECT_THAT(Put("first"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Put("second"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(Has("first"));
  EXPECT_FALSE(Has("second"));
}

TEST_F(FaultyStoreTest, AConflictStaysAConflict) {
  EXPECT_OK(Put("key"));
  store_.FailCommit(1, FaultyStore::Outcome::kWritten);
  Batch batch("acme");
  batch.ExpectAbsent("key");
  batch.Put("other", "value");
  EXPECT_THAT(store_.Commit(batch), StatusIs(absl::StatusCode::kAborted));
  EXPECT_FALSE(Has("other"));
}

TEST_F(FaultyStoreTest, TheEndOfABulkLoadIsACommit) {
  const auto load = [this](const std::string& key) {
    const auto loader = store_.BeginBulkLoad("acme");
    EXPECT_OK(loader->Add(key, "value"));
    return loader->Finish();
  };
  EXPECT_OK(load("before"));
  EXPECT_EQ(store_.commit_count(), 1);
  const auto failed =
      StatusIs(absl::StatusCode::kUnavailable, std::string("STORE_FAILED"));
  store_.FailCommit(1, FaultyStore::Outcome::kNotWritten);
  EXPECT_THAT(load("not written"), failed);
  EXPECT_FALSE(Has("not written"));
  store_.Heal();
  store_.FailCommit(1, FaultyStore::Outcome::kWritten);
  EXPECT_THAT(load("written"), failed);
  EXPECT_TRUE(Has("written"));
}

}  // namespace
}  // namespace rollcall::store
