#include "common/store/disk_space.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "common/testing/status_matchers.h"

namespace rollcall::store {
namespace {

using ::rollcall::testing::StatusIs;

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr Watermark kWatermark = {.min_free_bytes = 512 * kMiB,
                                  .min_free_percent = 10};

TEST(DiskSpace, TheLargerOfBothHasToStayFree) {
  struct Row {
    const char* name;
    uint64_t total;
    Watermark watermark;
    uint64_t needed;
  };
  for (const Row& row : {
           Row{"a large disk", 200 * kGiB, kWatermark, 20 * kGiB},
           Row{"a small disk", kGiB, kWatermark, 512 * kMiB},
           Row{"a tiny disk", 100 * kMiB, kWatermark, 512 * kMiB},
           Row{"where both are the same", 5120 * kMiB, kWatermark, 512 * kMiB},
           Row{"the largest disk there can be", UINT64_MAX, kWatermark,
               UINT64_MAX / 100 * 10},
           Row{"no percentage", 200 * kGiB, {.min_free_bytes = 7}, 7},
           Row{"nothing", 200 * kGiB, {}, 0},
       }) {
    EXPECT_OK(CheckDiskSpace({row.needed, row.total}, row.watermark, "/d"))
        << row.name;
    if (row.needed == 0) continue;
    EXPECT_THAT(
        CheckDiskSpace({row.needed - 1, row.total}, row.watermark, "/d"),
        StatusIs(absl::StatusCode::kResourceExhausted,
                 std::string("STORE_DISK_LOW")))
        << row.name;
  }
}

TEST(DiskSpace, AnOperatorReadsTheFigures) {
  const std::string sentence(
      CheckDiskSpace({3 * kGiB, 40 * kGiB}, kWatermark, "/data/trash")
          .message());
  for (const char* fact : {"3221225472", "42949672960", "/data/trash",
                           "4294967290", "10 percent", "536870912"}) {
    EXPECT_TRUE(absl::StrContains(sentence, fact)) << fact << ": " << sentence;
  }
}

TEST(DiskSpace, IsReadFromTheSystem) {
  const auto space = ReadDiskSpace(::testing::TempDir());
  ASSERT_OK(space);
  EXPECT_GT(space->total, 0u);
  EXPECT_LE(space->free, space->total);
}

TEST(DiskSpace, ADiskThatIsNotThereIsAnError) {
  EXPECT_THAT(ReadDiskSpace("/proc/no/such/place"),
              StatusIs(absl::StatusCode::kUnavailable,
                       std::string("STORE_READ_FAILED")));
}

}  // namespace
}  // namespace rollcall::store
