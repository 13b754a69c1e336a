#include "services/directory/work_crew.h"

#include <atomic>

#include "absl/synchronization/notification.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

using ::rollcall::testing::StatusIs;

void Nothing() {}

class WorkCrewTest : public ::testing::TestWithParam<int> {};

TEST_P(WorkCrewTest, TasksMayAddTasks) {
  std::atomic<int> done{0};
  WorkCrew crew(GetParam());
  std::function<absl::Status(int)> grow = [&](int depth) {
    ++done;
    for (int i = 0; depth > 0 && i < 2; ++i) {
      crew.Add([&grow, depth] { return grow(depth - 1); });
    }
    return absl::OkStatus();
  };
  crew.Add([&] { return grow(6); });
  EXPECT_OK(crew.Wait(Nothing));
  EXPECT_EQ(done, 127);
  // It may be used again.
  crew.Add([&] { return grow(0); });
  EXPECT_OK(crew.Wait(Nothing));
  EXPECT_EQ(done, 128);
}

TEST_P(WorkCrewTest, NothingIsBegunAfterAnError) {
  std::atomic<int> after{0};
  WorkCrew crew(GetParam());
  crew.Add([&] {
    crew.Add([] { return absl::InternalError("first"); });
    return absl::OkStatus();
  });
  EXPECT_THAT(crew.Wait(Nothing), StatusIs(absl::StatusCode::kInternal));
  crew.Add([&] {
    ++after;
    return absl::OkStatus();
  });
  EXPECT_THAT(crew.Wait(Nothing), StatusIs(absl::StatusCode::kInternal));
  EXPECT_EQ(after, 0);
}

INSTANTIATE_TEST_SUITE_P(Workers, WorkCrewTest, ::testing::Values(1, 2, 8));

TEST(WorkCrew, TicksWhileItWaits) {
  absl::Notification ticked;
  WorkCrew crew(1);
  crew.Add([&] {
    ticked.WaitForNotification();
    return absl::OkStatus();
  });
  EXPECT_OK(crew.Wait([&] {
    if (!ticked.HasBeenNotified()) ticked.Notify();
  }));
}

}  // namespace
}  // namespace rollcall::directory
