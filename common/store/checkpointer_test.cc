// Proves that what is called a checkpoint is whole, that there soon is one, and
// that damage costs none of those that were there.
#include "common/store/checkpointer.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/store/checkpoint.h"
#include "common/store/engine_testing.h"
#include "common/store/restore.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::store {
namespace {

namespace fs = std::filesystem;

using ::rollcall::testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const auto kDamaged =
    StatusIs(absl::StatusCode::kDataLoss, std::string("STORE_DAMAGED"));

// The rows in which a store says what it is.
constexpr int kOwnRows = 4;

class CheckpointerTest : public ::testing::Test {
 protected:
  CheckpointerTest() {
    SetLogSink([this](absl::string_view line) { log_.emplace_back(line); });
    Open();
  }
  ~CheckpointerTest() override { SetLogSink(nullptr); }

  // As a process that starts.
  void Open() {
    checkpointer_.reset();
    store_.reset();
    store_ = *OpenRocksDb(
        {.path = path_,
         .owner = "test",
         .min_free_bytes = 1,
         .disk_space = [this](const std::string&) { return space_; }});
    checkpointer_ = std::make_unique<Checkpointer>(CheckpointerOptions{
        .store = *store_, .path = path_ + "/", .clock = clock_});
  }

  void Commit(int i) {
    Batch batch("acme");
    batch.Put(absl::StrCat("left", i), std::string(500, 'l'));
    batch.Put(absl::StrCat("right", i), std::string(500, 'r'));
    batch.Put("sequence", absl::StrCat(i));
    ASSERT_OK(store_->Commit(batch));
  }

  absl::Status RunOnce() {
    return checkpointer_->RunOnce(clock_.TimeNow()).status();
  }
  absl::Status RunAfter(absl::Duration wait) {
    clock_.AdvanceTime(wait);
    return RunOnce();
  }

  // What lies in the folder of checkpoints, in order.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  int64_t RowsIn(const std::string& name) const {
    const auto facts = VerifyCopy({.path = folder_ + "/" + name});
    EXPECT_OK(facts);
    return facts.ok() ? facts->rows : 0;
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/store";
  const std::string folder_ = path_ + ".checkpoints";
  std::vector<std::string> log_;
  DiskSpace space_{.free = 100, .total = 100};
  SimulatedClock clock_{
      absl::FromCivil(absl::CivilMinute(2026, 11, 23, 9), absl::UTCTimeZone())};
  std::unique_ptr<RocksDbStore> store_;
  std::unique_ptr<Checkpointer> checkpointer_;
};

TEST_F(CheckpointerTest, ACheckpointHoldsOneInstant) {
  for (int i = 1; i <= 10; ++i) Commit(i);
  ASSERT_OK(RunOnce());
  for (int i = 11; i <= 20; ++i) Commit(i);
  EXPECT_THAT(Names(), ElementsAre("2026-11-23T090000Z"));
  const auto facts = VerifyCopy({.path = folder_ + "/2026-11-23T090000Z"});
  ASSERT_OK(facts);
  EXPECT_EQ(facts->rows, 2 * 10 + 1 + kOwnRows);
  EXPECT_EQ(facts->identity.owner, "test");
  EXPECT_EQ(facts->identity.incarnation, store_->incarnation());
}

TEST_F(CheckpointerTest, TheNewestTwoAreKept) {
  ASSERT_OK(RunOnce());
  ASSERT_OK(RunAfter(absl::Minutes(59)));
  EXPECT_THAT(Names(), ElementsAre("2026-11-23T090000Z"));
  ASSERT_OK(RunAfter(absl::Minutes(1)));
  EXPECT_THAT(Names(), ElementsAre("2026-11-23T090000Z", "2026-11-23T100000Z"));
  ASSERT_OK(RunAfter(absl::Minutes(90)));
  EXPECT_THAT(Names(), ElementsAre("2026-11-23T100000Z", "2026-11-23T113000Z"));
}

// A process that starts again all the time makes no checkpoint each time, nor
// never one.
TEST_F(CheckpointerTest, TheHourIsCountedThroughRestarts) {
  for (int minute = 0; minute <= 60; minute += 10) {
    Open();
    ASSERT_OK(RunOnce());
    clock_.AdvanceTime(absl::Minutes(10));
  }
  EXPECT_THAT(Names(), ElementsAre("2026-11-23T090000Z", "2026-11-23T100000Z"));
}

TEST_F(CheckpointerTest, OperatorsHearOfIt) {
  Commit(1);
  ASSERT_OK(RunOnce());
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_THAT(log_[0], HasSubstr("\"event\":\"store_checkpoint\""));
  EXPECT_THAT(log_[0], HasSubstr("\"rows\":7"));
  EXPECT_THAT(log_[0], HasSubstr("\"seconds\":"));
  EXPECT_EQ(Gauge("rollcall_store_checkpoint_timestamp_seconds", "").Value(),
            absl::ToUnixSeconds(clock_.TimeNow()));
}

// Each batch is there with both of its rows, and with all batches before it.
TEST_F(CheckpointerTest, IsWholeWhileOthersWrite) {
  std::atomic<bool> is_done = false;
  Commit(1);
  std::thread writer([&] {
    for (int i = 2; !is_done; ++i) Commit(i);
  });
  for (int i = 0; i < 5; ++i) EXPECT_OK(RunAfter(absl::Hours(1)));
  is_done = true;
  writer.join();
  for (const std::string& name : Names()) {
    const std::string restored = directory_.path() + "/restored" + name;
    ASSERT_OK(
        RestoreStore({.checkpoint = folder_ + "/" + name, .store = restored}));
    const auto store =
        *OpenRocksDb({.path = restored, .owner = "test", .min_free_bytes = 0});
    int last = 0;
    ASSERT_TRUE(absl::SimpleAtoi(**store->Get("acme", "sequence"), &last));
    for (int i = 1; i <= last + 1; ++i) {
      for (const char* side : {"left", "right"}) {
        EXPECT_EQ(store->Get("acme", absl::StrCat(side, i))->has_value(),
                  i <= last);
      }
    }
  }
}

TEST_F(CheckpointerTest, DamageCostsNoFormerCheckpoint) {
  for (int i = 1; i <= 300; ++i) Commit(i);
  ASSERT_OK(RunOnce());
  log_.clear();
  auto& damaged = Counter("rollcall_store_checkpoint_damaged_total", "");
  const double before = damaged.Value();
  FlipByte(LargestFile(path_, ".sst"), 0.25);
  EXPECT_THAT(RunAfter(absl::Hours(1)), kDamaged);
  EXPECT_THAT(Names(), ElementsAre("2026-11-23T090000Z"));
  EXPECT_EQ(damaged.Value(), before + 1);
  EXPECT_THAT(log_, Contains(HasSubstr("store_checkpoint_damaged")));
  // What is damaged is not read all the time.
  EXPECT_OK(RunAfter(absl::Minutes(59)));
  EXPECT_EQ(damaged.Value(), before + 1);
  EXPECT_THAT(RunAfter(absl::Minutes(1)), kDamaged);
  EXPECT_THAT(Names(), ElementsAre("2026-11-23T090000Z"));
}

// RocksDB finds nothing wrong with it.
TEST_F(CheckpointerTest, ARowInTheWrongPlaceIsDamage) {
  Commit(1);
  checkpointer_.reset();
  store_.reset();
  {
    const auto engine = OpenEngine(path_);
    const std::unique_ptr<rocksdb::Iterator> rows(engine->NewIterator({}));
    rows->SeekToLast();
    ASSERT_TRUE(rows->Valid());
    ASSERT_TRUE(
        engine->Put({}, rows->key().ToString() + "x", rows->value()).ok());
  }
  Open();
  EXPECT_THAT(RunOnce(), kDamaged);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(CheckpointerTest, ACopyThatMissesAFileIsDamage) {
  for (const char* suffix : {".sst", "CURRENT"}) {
    Commit(1);
    ASSERT_OK(RunAfter(absl::Hours(1)));
    const std::string newest = folder_ + "/" + Names().back();
    fs::remove(LargestFile(newest, suffix));
    EXPECT_THAT(VerifyCopy({.path = newest}), kDamaged) << suffix;
  }
}

TEST_F(CheckpointerTest, WhatADeadProcessLeftIsRemoved) {
  ASSERT_OK(RunOnce());
  for (const char* left :
       {"2026-11-23T093000Z.unverified.tmp", "2026-11-23T093000Z.unverified",
        "2026-11-23T080000Z.removing", "somebody's notes"}) {
    fs::create_directory(folder_ + "/" + left);
    std::ofstream(folder_ + "/" + left + "/000007.sst") << "rows";
  }
  ASSERT_OK(RunAfter(absl::Minutes(1)));  // None is due.
  EXPECT_THAT(Names(), ElementsAre("2026-11-23T090000Z", "somebody's notes"));
  EXPECT_GT(RowsIn("2026-11-23T090000Z"), 0);
}

TEST_F(CheckpointerTest, AProcessThatEndsDoesNotWaitForIt) {
  for (int i = 1; i <= 300; ++i) Commit(i);
  checkpointer_->Stop();
  EXPECT_OK(RunOnce());
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(CheckpointerTest, ADiskThatIsNearlyFullKeepsWhatThereIs) {
  ASSERT_OK(RunOnce());
  space_.free = 9;
  EXPECT_THAT(RunAfter(absl::Hours(1)),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       std::string("STORE_DISK_LOW")));
  EXPECT_THAT(Names(), ElementsAre("2026-11-23T090000Z"));
  space_.free = 10;
  EXPECT_OK(RunAfter(absl::Hours(1)));
  EXPECT_THAT(Names(), ElementsAre("2026-11-23T090000Z", "2026-11-23T110000Z"));
}

}  // namespace
}  // namespace rollcall::store
