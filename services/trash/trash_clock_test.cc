#include "services/trash/trash_clock.h"

#include <cstdint>
#include <random>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace rollcall::trash {
namespace {

const absl::Time kNoon = absl::FromUnixSeconds(1772366400);  // 2026-03-01.
constexpr absl::Duration kDay = absl::Hours(24);

// Builds an entry; says only what matters.
class Trashed {
 public:
  Trashed& At(absl::Time time) {
    entry_.delete_time = time;
    return *this;
  }
  Trashed& KeptFor(absl::Duration retention) {
    entry_.purge_time = PurgeTime(entry_.delete_time, retention);
    return *this;
  }
  operator TrashEntry() const { return entry_; }

 private:
  TrashEntry entry_;
};

TEST(TrashClock, R60_KeepsUntilTheLastSecondOfTheSeventhDay) {
  const TrashEntry entry = Trashed().At(kNoon).KeptFor(7 * kDay);
  const absl::Time end = kNoon + 7 * kDay;
  EXPECT_EQ(Judge(entry, kNoon, 7 * kDay), Verdict::KeepUntil(end));
  EXPECT_EQ(Judge(entry, end - absl::Seconds(1), 7 * kDay),
            Verdict::KeepUntil(end));
  EXPECT_EQ(Judge(entry, end - absl::Nanoseconds(1), 7 * kDay),
            Verdict::KeepUntil(end));
}

TEST(TrashClock, R60_PurgesAfterSevenDays) {
  const TrashEntry entry = Trashed().At(kNoon).KeptFor(7 * kDay);
  EXPECT_EQ(Judge(entry, kNoon + 7 * kDay, 7 * kDay), Verdict::Purge());
  EXPECT_EQ(Judge(entry, kNoon + 700 * kDay, 7 * kDay), Verdict::Purge());
}

TEST(TrashClock, R60_KeepsWhenTheClockIsSetBack) {
  const TrashEntry entry = Trashed().At(kNoon).KeptFor(7 * kDay);
  EXPECT_EQ(Judge(entry, kNoon - 7 * kDay, 7 * kDay),
            Verdict::KeepUntil(kNoon + 7 * kDay));
}

TEST(TrashClock, A21_KeepsAPromiseThatTheRetentionNoLongerMakes) {
  const TrashEntry entry = Trashed().At(kNoon).KeptFor(7 * kDay);
  EXPECT_EQ(Judge(entry, kNoon + 2 * kDay, kDay),
            Verdict::KeepUntil(kNoon + 7 * kDay));
}

TEST(TrashClock, A21_KeepsLongerWhenTheRetentionHasGrown) {
  const TrashEntry entry = Trashed().At(kNoon).KeptFor(7 * kDay);
  EXPECT_EQ(Judge(entry, kNoon + 8 * kDay, 30 * kDay),
            Verdict::KeepUntil(kNoon + 30 * kDay));
  EXPECT_EQ(Judge(entry, kNoon + 8 * kDay, absl::InfiniteDuration()),
            Verdict::KeepUntil(absl::InfiniteFuture()));
}

TEST(TrashClock, DoesNotPurgeBeforeTheMarkingWhateverTheRetention) {
  const TrashEntry entry = Trashed().At(kNoon).KeptFor(-kDay);
  EXPECT_EQ(Judge(entry, kNoon - absl::Seconds(1), -kDay),
            Verdict::KeepUntil(kNoon));
  EXPECT_EQ(Judge(entry, kNoon, -kDay), Verdict::Purge());
}

// At any time under any retention: purged exactly from the later of the two
// bounds on, and once purged, always purged.
TEST(TrashClock, R60_PropertyNeverEarlyAndNeverUndecided) {
  constexpr uint32_t kSeed = 60;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  std::uniform_int_distribution<int64_t> hours(0, 24 * 60);
  for (int i = 0; i < 10000; ++i) {
    const absl::Duration then = absl::Hours(hours(random));
    const absl::Duration today = absl::Hours(hours(random));
    const absl::Duration passed = absl::Hours(hours(random));
    const TrashEntry entry = Trashed().At(kNoon).KeptFor(then);
    const Verdict verdict = Judge(entry, kNoon + passed, today);
    ASSERT_EQ(verdict.is_purge(), passed >= then && passed >= today);
    if (verdict.is_purge()) continue;
    ASSERT_GT(verdict.keep_until(), kNoon + passed);
    ASSERT_EQ(Judge(entry, verdict.keep_until(), today), Verdict::Purge());
  }
}

}  // namespace
}  // namespace rollcall::trash
