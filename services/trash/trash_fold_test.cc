#include "services/trash/trash_fold.h"

#include <cstdint>
#include <random>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace rollcall::trash {
namespace {

using Life = UserFact::Life;

const absl::Time kNoon = absl::FromUnixSeconds(1772366400);  // 2026-03-01.
constexpr absl::Duration kDay = absl::Hours(24);
constexpr absl::Duration kWeek = absl::Hours(7 * 24);
const absl::optional<TrashEntry> kNotInTrash;

UserFact Removed(absl::Time time, int64_t epoch) {
  return {.life = Life::kPendingDeletion,
          .username = "ada",
          .delete_time = time,
          .deletion_epoch = epoch};
}
UserFact Alive(int64_t epoch) {
  return {.life = Life::kAlive, .username = "ada", .deletion_epoch = epoch};
}
UserFact Purged() { return {.life = Life::kGone}; }

TrashEntry Entry(absl::Time time, int64_t epoch) {
  return {.username = "ada",
          .delete_time = time,
          .purge_time = time + kWeek,
          .deletion_epoch = epoch};
}

TEST(TrashFold, R56_PutsAMarkedUserIn) {
  EXPECT_EQ(Fold(kNotInTrash, Removed(kNoon, 1), kWeek), Entry(kNoon, 1));
}

TEST(TrashFold, R61_TakesAReconnectedUserOut) {
  EXPECT_EQ(Fold(Entry(kNoon, 1), Alive(1), kWeek), kNotInTrash);
}

TEST(TrashFold, R62_TakesAPurgedUserOut) {
  EXPECT_EQ(Fold(Entry(kNoon, 1), Purged(), kWeek), kNotInTrash);
}

TEST(TrashFold, R63_DoesNotRestartTheClockOfTheSameDeletion) {
  EXPECT_EQ(Fold(Entry(kNoon, 1), Removed(kNoon + kDay, 1), kWeek),
            Entry(kNoon, 1));
}

TEST(TrashFold, R63_GivesFreshSevenDaysToANewDeletion) {
  EXPECT_EQ(Fold(Entry(kNoon, 1), Removed(kNoon + kDay, 2), kWeek),
            Entry(kNoon + kDay, 2));
}

TEST(TrashFold, R63_IgnoresAnOlderDeletion) {
  EXPECT_EQ(Fold(Entry(kNoon, 2), Removed(kNoon - kDay, 1), kWeek),
            Entry(kNoon, 2));
}

TEST(TrashFold, IgnoresALifeBeforeTheDeletion) {
  EXPECT_EQ(Fold(Entry(kNoon, 2), Alive(1), kWeek), Entry(kNoon, 2));
}

TEST(TrashFold, LeavesWhoeverIsAliveOut) {
  EXPECT_EQ(Fold(kNotInTrash, Alive(0), kWeek), kNotInTrash);
  EXPECT_EQ(Fold(kNotInTrash, Purged(), kWeek), kNotInTrash);
}

TEST(TrashFold, A21_KeepsWhatWasPromisedUnderAnotherRetention) {
  EXPECT_EQ(Fold(Entry(kNoon, 1), Removed(kNoon, 1), kDay), Entry(kNoon, 1));
}

TEST(TrashFold, PropertyEachFactTakesEffectOnce) {
  constexpr uint32_t kSeed = 63;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  absl::optional<TrashEntry> entry;
  for (int i = 0; i < 10000; ++i) {
    const int64_t epoch = static_cast<int64_t>(random() % 5);
    const absl::Time time = kNoon + absl::Hours(random() % 1000);
    const std::vector<UserFact> facts = {Removed(time, epoch), Alive(epoch),
                                         Purged()};
    const UserFact& fact = facts[random() % facts.size()];
    entry = Fold(entry, fact, kWeek);
    ASSERT_EQ(Fold(entry, fact, kDay), entry);
  }
}

}  // namespace
}  // namespace rollcall::trash
