// The part of the contract about writing very many rows at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/store/contract_testing.h"
#include "common/store/key.h"
#include "common/testing/status_matchers.h"

namespace rollcall::store {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Rows = std::map<std::string, std::string>;

Rows RowsOf(const Reader& reader, const std::string& partition) {
  Rows rows;
  const auto cursor = reader.Scan(partition, KeyRange());
  for (;;) {
    auto entry = cursor->Next();
    EXPECT_OK(entry);
    if (!entry.ok() || !entry->has_value()) return rows;
    rows[(*entry)->key] = (*entry)->value;
  }
}

// Rows of three tables in no order; more than fits into a chunk on the disk.
std::vector<std::pair<std::string, std::string>> ManyRows(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::pair<std::string, std::string>> rows;
  for (uint64_t i = 0; i < 1000; ++i) {
    const char* const table = i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c";
    std::string value(random() % 60, '\0');
    for (char& c : value) c = static_cast<char>(random());
    rows.emplace_back(Key(table).Uint64(random()).Uint64(i).Build(), value);
  }
  return rows;
}

TEST_P(StoreContract, ABulkLoadWritesEveryRow) {
  const auto rows = ManyRows(1);
  const auto loader = store().BeginBulkLoad("acme");
  for (const auto& [key, value] : rows) ASSERT_OK(loader->Add(key, value));
  ASSERT_OK(loader->Finish());
  EXPECT_EQ(RowsOf(store(), "acme"), Rows(rows.begin(), rows.end()));
  EXPECT_THAT(*store().ListPartitions("", 10), ElementsAre("acme"));
}

TEST_P(StoreContract, ABulkLoadTakesAnyBytes) {
  const std::string bytes("\0\x01\xFF\0", 4);
  const std::string large(3 << 20, 'x');
  const auto loader = store().BeginBulkLoad("acme");
  ASSERT_OK(loader->Add("large", large));
  ASSERT_OK(loader->Add(bytes, bytes));
  ASSERT_OK(loader->Add("", ""));
  ASSERT_OK(loader->Finish());
  EXPECT_EQ(RowsOf(store(), "acme"),
            (Rows{{"", ""}, {bytes, bytes}, {"large", large}}));
}

TEST_P(StoreContract, ABulkLoadIsSeenOnlyWhenItIsFinished) {
  const auto loader = store().BeginBulkLoad("acme");
  for (const auto& [key, value] : ManyRows(2)) {
    ASSERT_OK(loader->Add(key, value));
  }
  const auto before = store().Snapshot();
  EXPECT_THAT(RowsOf(store(), "acme"), IsEmpty());
  ASSERT_OK(loader->Finish());
  EXPECT_THAT(RowsOf(*before, "acme"), IsEmpty());
  EXPECT_EQ(RowsOf(store(), "acme").size(), 1000u);
}

TEST_P(StoreContract, ABulkLoadThatIsNotFinishedLeavesNothing) {
  auto loader = store().BeginBulkLoad("acme");
  for (const auto& [key, value] : ManyRows(3)) {
    ASSERT_OK(loader->Add(key, value));
  }
  loader = nullptr;
  EXPECT_THAT(RowsOf(store(), "acme"), IsEmpty());
}

TEST_P(StoreContract, RowsOfABulkLoadAreRowsLikeAnyOther) {
  Put("acme", "before", "1");
  Put("other", "b", "of another");
  const auto loader = store().BeginBulkLoad("acme");
  for (const char* key : {"c", "a", "b"}) ASSERT_OK(loader->Add(key, key));
  ASSERT_OK(loader->Finish());

  Batch batch("acme");
  batch.ExpectValue("a", "a");
  batch.Put("a", "changed");
  batch.Delete("b");
  ASSERT_OK(store().Commit(batch));
  EXPECT_EQ(RowsOf(store(), "acme"),
            (Rows{{"a", "changed"}, {"before", "1"}, {"c", "c"}}));
  EXPECT_EQ(Get("other", "b"), "of another");
}

TEST_P(StoreContract, BulkLoadsFollowEachOther) {
  for (const char* key : {"b", "a", "c"}) {
    const auto loader = store().BeginBulkLoad("acme");
    ASSERT_OK(loader->Add(key, "x"));
    ASSERT_OK(loader->Finish());
  }
  EXPECT_THAT(Keys(store(), "acme", KeyRange()), ElementsAre("a", "b", "c"));
}

TEST_P(StoreContract, ABulkLoadOfNothingIsFine) {
  EXPECT_OK(store().BeginBulkLoad("acme")->Finish());
}

TEST_P(StoreContract, ABulkLoadRefusesAKeyTwiceAndWritesNothing) {
  const auto rows = ManyRows(4);
  const auto loader = store().BeginBulkLoad("acme");
  for (const auto& [key, value] : rows) ASSERT_OK(loader->Add(key, value));
  ASSERT_OK(loader->Add(rows[0].first, "another"));
  EXPECT_THAT(loader->Finish(), StatusIs(absl::StatusCode::kInvalidArgument,
                                         std::string("STORE_KEY_TWICE")));
  EXPECT_THAT(RowsOf(store(), "acme"), IsEmpty());
  Put("acme", "key", "the store goes on");
}

TEST_P(StoreContract, ABulkLoadIsOver) {
  const auto loader = store().BeginBulkLoad("acme");
  ASSERT_OK(loader->Add("key", "value"));
  ASSERT_OK(loader->Finish());
  const auto refused = StatusIs(absl::StatusCode::kFailedPrecondition,
                                std::string("STORE_LOAD_FINISHED"));
  EXPECT_THAT(loader->Add("other", ""), refused);
  EXPECT_THAT(loader->Finish(), refused);
}

TEST_P(StoreContract, ABulkLoadRefusesThePartitionWithoutAName) {
  EXPECT_THAT(store().BeginBulkLoad("")->Add("key", "value"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       std::string("STORE_PARTITION_INVALID")));
}

TEST_P(StoreContract, ABulkLoadOfManyThreadsLosesNothing) {
  constexpr uint32_t kThreads = 8;
  const auto loader = store().BeginBulkLoad("acme");
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&loader, t] {
      for (const auto& [key, value] : ManyRows(t)) {
        EXPECT_OK(loader->Add(absl::StrCat(t, key), value));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_OK(loader->Finish());

  Rows expected;
  for (uint32_t t = 0; t < kThreads; ++t) {
    for (const auto& [key, value] : ManyRows(t)) {
      expected[absl::StrCat(t, key)] = value;
    }
  }
  EXPECT_EQ(RowsOf(store(), "acme"), expected);
}

}  // namespace
}  // namespace rollcall::store
