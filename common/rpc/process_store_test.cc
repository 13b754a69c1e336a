#include "common/rpc/process_store.h"

#include <filesystem>
#include <string>

#include "absl/strings/match.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/log/log.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::rpc {
namespace {

using ::rollcall::testing::StatusIs;

class ProcessStoreTest : public ::testing::Test {
 protected:
  ProcessStoreTest()
      : options_{.data_directory = ::testing::TempDir() + "/process/trash",
                 // The disk may be as full as it likes.
                 .min_free_percent = 0} {
    std::filesystem::create_directories(::testing::TempDir() + "/process");
  }
  ~ProcessStoreTest() override {
    SetLogSink(nullptr);
    std::filesystem::remove_all(::testing::TempDir() + "/process");
  }

  static absl::Status Write(const ProcessStore& store) {
    rollcall::store::Batch batch("acme");
    batch.Put("key", "value");
    return (*store).Commit(batch);
  }

  ProcessOptions options_;
};

TEST_F(ProcessStoreTest, HasACheckpointSoon) {
  absl::Notification checkpoint;
  SetLogSink([&](absl::string_view line) {
    if (absl::StrContains(line, "\"event\":\"store_checkpoint\"")) {
      checkpoint.Notify();
    }
  });
  const auto store = OpenStore(options_, Clock::GetRealClock(), "trash");
  ASSERT_OK(store);
  checkpoint.WaitForNotification();
  EXPECT_FALSE(
      std::filesystem::is_empty(options_.data_directory + ".checkpoints"));
}

TEST_F(ProcessStoreTest, HasNoneIfNoneIsWanted) {
  options_.checkpoint_interval = absl::ZeroDuration();
  EXPECT_OK(OpenStore(options_, Clock::GetRealClock(), "trash"));
  EXPECT_FALSE(
      std::filesystem::exists(options_.data_directory + ".checkpoints"));
}

TEST_F(ProcessStoreTest, TakesNoWritesBelowTheProcesssPercentage) {
  options_.checkpoint_interval = absl::ZeroDuration();
  options_.min_free_percent = 101;  // More than there is.
  const auto store = OpenStore(options_, Clock::GetRealClock(), "trash");
  ASSERT_OK(store);
  EXPECT_THAT(Write(*store), StatusIs(absl::StatusCode::kResourceExhausted,
                                      std::string("STORE_DISK_LOW")));
}

TEST_F(ProcessStoreTest, SaysWhyItCannotBeOpened) {
  EXPECT_OK(OpenStore(options_, Clock::GetRealClock(), "trash", 2));
  EXPECT_THAT(OpenStore(options_, Clock::GetRealClock(), "directory", 2),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       std::string("STORE_OWNER_MISMATCH")));
  EXPECT_THAT(OpenStore(options_, Clock::GetRealClock(), "trash", 3),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       std::string("STORE_FORMAT_MISMATCH")));
}

}  // namespace
}  // namespace rollcall::rpc
