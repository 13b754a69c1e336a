// The cases that every store has to pass, whatever it is made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/store/contract_testing.h"
#include "common/store/key.h"
#include "common/testing/status_matchers.h"

namespace rollcall::store {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         ::testing::Values(Factory{"InMemory", Make<InMemory>},
                                           Factory{"OnDisk", Make<OnDisk>},
                                           Factory{"InTables", Make<InTables>},
                                           Factory{"Faulty",
                                                   Make<HealthyFaulty>}),
                         [](const auto& tested) { return tested.param.name; });

// --- Reading and writing -----------------------------------------------------

TEST_P(StoreContract, HasWhatWasPutAndNothingElse) {
  Put("acme", "key", "value");
  EXPECT_EQ(Get("acme", "key"), "value");
  EXPECT_EQ(Get("acme", "other"), absl::nullopt);
  EXPECT_EQ(Get("other", "key"), absl::nullopt);
}

TEST_P(StoreContract, TakesAnyBytes) {
  const std::string bytes("\0\x01\xFF\0", 4);
  Put("acme", bytes, bytes);
  Put("acme", "", "");
  EXPECT_EQ(Get("acme", bytes), bytes);
  EXPECT_EQ(Get("acme", ""), "");
}

TEST_P(StoreContract, TakesLargeValues) {
  const std::string large(3 << 20, 'x');
  Put("acme", "large", large);
  EXPECT_EQ(Get("acme", "large"), large);
}

TEST_P(StoreContract, TheLastOperationOnAKeyWins) {
  Batch batch("acme");
  batch.Put("a", "1");
  batch.Put("a", "2");
  batch.Put("b", "1");
  batch.Delete("b");
  batch.Delete("c");
  batch.Put("c", "1");
  ASSERT_OK(store().Commit(batch));
  EXPECT_EQ(Get("acme", "a"), "2");
  EXPECT_EQ(Get("acme", "b"), absl::nullopt);
  EXPECT_EQ(Get("acme", "c"), "1");
}

TEST_P(StoreContract, DeletesWhatIsThereOrNot) {
  Put("acme", "key", "value");
  Batch batch("acme");
  batch.Delete("key");
  batch.Delete("never there");
  ASSERT_OK(store().Commit(batch));
  EXPECT_EQ(Get("acme", "key"), absl::nullopt);
}

TEST_P(StoreContract, AnEmptyBatchIsFine) {
  EXPECT_OK(store().Commit(Batch("acme")));
}

TEST_P(StoreContract, RefusesThePartitionWithoutAName) {
  const auto refused = StatusIs(absl::StatusCode::kInvalidArgument,
                                std::string("STORE_PARTITION_INVALID"));
  EXPECT_THAT(store().Commit(Batch("")), refused);
  EXPECT_THAT(store().Get("", "epoch"), refused);
  EXPECT_THAT(store().Scan("", KeyRange())->Next(), refused);
}

// --- Compare and set ---------------------------------------------------------

TEST_P(StoreContract, WritesAllOrNothing) {
  Put("acme", "taken", "old");
  Batch batch("acme");
  batch.Put("first", "1");
  batch.Put("taken", "new");
  batch.Delete("taken");
  batch.ExpectAbsent("taken");
  EXPECT_THAT(store().Commit(batch), StatusIs(absl::StatusCode::kAborted,
                                              std::string("STORE_CONFLICT")));
  EXPECT_EQ(Get("acme", "first"), absl::nullopt);
  EXPECT_EQ(Get("acme", "taken"), "old");
}

TEST_P(StoreContract, ExpectsTheValueThatIsThere) {
  Put("acme", "key", "1");
  const auto replace = [this](const std::string& expected,
                              const std::string& value) {
    Batch batch("acme");
    batch.ExpectValue("key", expected);
    batch.Put("key", value);
    return store().Commit(batch);
  };
  EXPECT_OK(replace("1", "2"));
  EXPECT_THAT(replace("1", "3"), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(Get("acme", "key"), "2");
}

TEST_P(StoreContract, AnEmptyValueIsNotAnAbsentKey) {
  Put("acme", "empty", "");
  Batch absent("acme"), empty("acme");
  absent.ExpectAbsent("empty");
  empty.ExpectValue("never there", "");
  EXPECT_THAT(store().Commit(absent), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(store().Commit(empty), StatusIs(absl::StatusCode::kAborted));
}

TEST_P(StoreContract, EveryConditionHasToHold) {
  Put("acme", "a", "1");
  Batch batch("acme");
  batch.ExpectValue("a", "1");
  batch.ExpectValue("b", "2");
  batch.Put("c", "3");
  EXPECT_THAT(store().Commit(batch), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(Get("acme", "c"), absl::nullopt);
}

TEST_P(StoreContract, ConditionsMeanTheirOwnPartition) {
  Put("acme", "key", "1");
  Batch batch("other");
  batch.ExpectAbsent("key");
  batch.Put("key", "2");
  EXPECT_OK(store().Commit(batch));
  EXPECT_EQ(Get("acme", "key"), "1");
}

// Adds one to a counter by compare-and-set, until it works.
void Increment(Store& store, const std::string& key) {
  for (;;) {
    const auto value = store.Get("acme", key);
    ASSERT_OK(value);
    Batch batch("acme");
    int count = 0;
    if (value->has_value()) {
      ASSERT_TRUE(absl::SimpleAtoi(**value, &count));
      batch.ExpectValue(key, **value);
    } else {
      batch.ExpectAbsent(key);
    }
    batch.Put(key, absl::StrCat(count + 1));
    const absl::Status status = store.Commit(batch);
    if (status.ok()) return;
    ASSERT_THAT(status, StatusIs(absl::StatusCode::kAborted));
  }
}

TEST_P(StoreContract, CountersOfManyThreadsLoseNothing) {
  constexpr int kThreads = 8, kRounds = 25;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kRounds; ++i) {
        Increment(store(), "shared");
        Increment(store(), absl::StrCat("own", t));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(Get("acme", "shared"), absl::StrCat(kThreads * kRounds));
  for (int t = 0; t < kThreads; ++t) {
    EXPECT_EQ(Get("acme", absl::StrCat("own", t)), absl::StrCat(kRounds));
  }
}

TEST_P(StoreContract, OneOfManyClaimsWins) {
  std::vector<std::thread> threads;
  std::atomic<int> winners = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([this, t, &winners] {
      Batch batch("acme");
      batch.ExpectAbsent("claim");
      batch.Put("claim", absl::StrCat(t));
      const absl::Status status = store().Commit(batch);
      if (status.ok()) {
        ++winners;
      } else {
        EXPECT_THAT(status, StatusIs(absl::StatusCode::kAborted));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(winners, 1);
}

// --- Ranges ------------------------------------------------------------------

TEST_P(StoreContract, ScansOnePartitionInOrder) {
  for (const char* key : {"b", "a", "c"}) Put("acme", key, "");
  Put("acm", "x", "");
  Put("acmf", "x", "");
  EXPECT_THAT(Keys(store(), "acme", KeyRange()), ElementsAre("a", "b", "c"));
}

TEST_P(StoreContract, ScansFromBeginUpToEnd) {
  for (const char* key : {"a", "b", "ba", "c", "\xFF"}) Put("acme", key, "");
  EXPECT_THAT(Keys(store(), "acme", {.begin = "b", .end = "c"}),
              ElementsAre("b", "ba"));
  EXPECT_THAT(Keys(store(), "acme", {.begin = "c", .end = ""}),
              ElementsAre("c", "\xFF"));
  EXPECT_THAT(Keys(store(), "acme", {.begin = "b", .end = "b"}), IsEmpty());
  EXPECT_THAT(Keys(store(), "acme", {.begin = "c", .end = "a"}), IsEmpty());
  EXPECT_THAT(Keys(store(), "acme", KeyRange::Prefix("b")),
              ElementsAre("b", "ba"));
  EXPECT_THAT(Keys(store(), "acme", KeyRange::Prefix("\xFF")),
              ElementsAre("\xFF"));
}

TEST_P(StoreContract, PagesMeetEveryKeyOnce) {
  Batch batch("acme");
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    expected.push_back(Key("users").Int64(i - 50).Build());
    batch.Put(expected.back(), absl::StrCat(i));
  }
  batch.Put(Key("groups").Int64(0).Build(), "");
  batch.Put(Key("usert").Int64(0).Build(), "");
  ASSERT_OK(store().Commit(batch));

  const std::string table = Key("users").Build();
  std::vector<std::string> met;
  std::string last;
  for (int page = 0; page < 15; ++page) {
    const auto cursor =
        store().Scan("acme", KeyRange::PrefixAfter(table, last));
    for (int i = 0; i < 7; ++i) {
      const auto entry = cursor->Next();
      ASSERT_OK(entry);
      if (!entry->has_value()) break;
      met.push_back((*entry)->key);
      last = met.back();
    }
  }
  EXPECT_EQ(met, expected);
}

TEST_P(StoreContract, RangesAgreeWithAModel) {
  std::mt19937 random(7);
  const auto any_key = [&random] {
    constexpr char kBytes[] = {'\x00', 'a', '\xFF'};
    std::string key(random() % 4, '\0');
    for (char& c : key) c = kBytes[random() % std::size(kBytes)];
    return key;
  };
  std::set<std::string> model;
  Batch batch("acme");
  for (int i = 0; i < 25; ++i) {
    const std::string key = any_key();
    model.insert(key);
    batch.Put(key, key);
  }
  ASSERT_OK(store().Commit(batch));
  for (int i = 0; i < 200; ++i) {
    const KeyRange range = {.begin = any_key(), .end = any_key()};
    std::vector<std::string> expected;
    for (const std::string& key : model) {
      if (key >= range.begin && (range.end.empty() || key < range.end)) {
        expected.push_back(key);
      }
    }
    EXPECT_EQ(Keys(store(), "acme", range), expected)
        << ::testing::PrintToString(range.begin)
        << ::testing::PrintToString(range.end);
  }
}

TEST_P(StoreContract, ACursorStaysAtItsEnd) {
  Put("acme", "a", "");
  const auto cursor = store().Scan("acme", KeyRange());
  EXPECT_THAT(Keys(*cursor), ElementsAre("a"));
  EXPECT_THAT(Keys(*cursor), IsEmpty());
}

// --- One instant -------------------------------------------------------------

TEST_P(StoreContract, ACursorWalksAsOfItsBeginning) {
  for (const char* key : {"a", "b", "c"}) Put("acme", key, "old");
  const auto cursor = store().Scan("acme", KeyRange());
  EXPECT_EQ((*cursor->Next())->key, "a");

  Batch batch("acme");
  batch.Delete("b");
  batch.Put("c", "new");
  batch.Put("d", "new");
  ASSERT_OK(store().Commit(batch));

  EXPECT_EQ((*cursor->Next())->key, "b");
  EXPECT_EQ((*cursor->Next())->value, "old");
  EXPECT_THAT(Keys(*cursor), IsEmpty());
}

TEST_P(StoreContract, ASnapshotKeepsItsInstant) {
  Put("acme", "a", "old");
  const auto snapshot = store().Snapshot();
  Batch batch("acme");
  batch.Put("a", "new");
  batch.Put("b", "new");
  ASSERT_OK(store().Commit(batch));
  Put("other", "a", "new");

  EXPECT_EQ(*snapshot->Get("acme", "a"), "old");
  EXPECT_EQ(*snapshot->Get("acme", "b"), absl::nullopt);
  EXPECT_THAT(Keys(*snapshot, "acme", KeyRange()), ElementsAre("a"));
  EXPECT_THAT(*snapshot->ListPartitions("", 10), ElementsAre("acme"));
  EXPECT_EQ(Get("acme", "a"), "new");
}

TEST_P(StoreContract, ASnapshotNeverShowsHalfABatch) {
  Put("acme", "left", "0");
  Put("acme", "right", "0");
  std::atomic<bool> done = false;
  std::thread writer([this, &done] {
    for (int i = 1; i <= 60; ++i) {
      Batch batch("acme");
      batch.Put("left", absl::StrCat(i));
      batch.Put("right", absl::StrCat(i));
      EXPECT_OK(store().Commit(batch));
    }
    done = true;
  });
  while (!done) {
    const auto snapshot = store().Snapshot();
    EXPECT_EQ(*snapshot->Get("acme", "left"), *snapshot->Get("acme", "right"));
  }
  writer.join();
}

// --- Partitions --------------------------------------------------------------

TEST_P(StoreContract, ListsPartitionsInOrderAndPages) {
  EXPECT_THAT(*store().ListPartitions("", 10), IsEmpty());
  for (const char* partition : {"b", "a", "ab", "c"}) {
    Put(partition, "1", "");
    Put(partition, "2", "");
  }
  Put(std::string(kInstallation), "1", "");

  EXPECT_THAT(*store().ListPartitions("", 10),
              ElementsAre("a", "ab", "b", "c"));
  EXPECT_THAT(*store().ListPartitions("", 2), ElementsAre("a", "ab"));
  EXPECT_THAT(*store().ListPartitions("ab", 2), ElementsAre("b", "c"));
  EXPECT_THAT(*store().ListPartitions("aa", 1), ElementsAre("ab"));
  EXPECT_THAT(*store().ListPartitions("c", 2), IsEmpty());
}

TEST_P(StoreContract, APartitionWithoutKeysIsNotListed) {
  Put("acme", "key", "");
  Batch batch("acme");
  batch.Delete("key");
  ASSERT_OK(store().Commit(batch));
  EXPECT_THAT(*store().ListPartitions("", 10), IsEmpty());
}

TEST_P(StoreContract, TheInstallationIsAPartitionLikeAnyOther) {
  const std::string installation(kInstallation);
  Put(installation, "key", "value");
  EXPECT_EQ(Get(installation, "key"), "value");
  EXPECT_THAT(Keys(store(), installation, KeyRange()), ElementsAre("key"));
}

// --- History -----------------------------------------------------------------

TEST_P(StoreContract, HasAnIncarnationAndAFirstEpoch) {
  EXPECT_EQ(store().incarnation().size(), 36u);  // A UUID (RFC 9562).
  EXPECT_EQ(store().epoch(), 1);
}

}  // namespace
}  // namespace rollcall::store
