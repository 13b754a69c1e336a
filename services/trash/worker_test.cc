#include "services/trash/worker.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/metrics/metrics.h"
#include "common/status/errors.h"
#include "common/store/faulty_store.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/trash/fake_reconciliation.h"
#include "services/trash/rows.h"
#include "services/trash/store.h"

namespace rollcall::trash {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const absl::Time kNoon = absl::FromUnixSeconds(1772366400);  // 2026-03-01.
constexpr absl::Duration kDay = absl::Hours(24);
constexpr absl::Duration kSecond = absl::Seconds(1);

// A trash service without its process: the real store and worker, a simulated
// clock, a reconciliation service in memory.
class Trash {
 public:
  explicit Trash(TrashWorkerOptions options = {}) : options_(options) {
    Restart();
  }

  // What is in RAM is gone; the store and the others stay.
  void Restart(TrashWorkerOptions options) {
    options_ = options;
    Restart();
  }
  void Restart() {
    faulty.Heal();
    worker = std::make_unique<TrashWorker>(store, reconciliation.feed(),
                                           reconciliation, options_);
  }

  // Both units until there is nothing left to do now.
  absl::Status Settle() {
    for (int i = 0; i < 1000; ++i) {
      auto followed = worker->FollowFeedsOnce(clock.TimeNow());
      if (!followed.ok()) return followed.status();
      auto purged = worker->PurgeDueOnce(clock.TimeNow());
      if (!purged.ok()) return purged.status();
      if (*followed == Pace::kRest && *purged == Pace::kRest) {
        return absl::OkStatus();
      }
    }
    return Internal("NEVER_DONE", "The worker does not come to rest.");
  }

  std::vector<std::string> Users(const std::string& account = "acme") {
    std::vector<std::string> users;
    const auto page = store.List(AccountName(account), "", 1000000);
    EXPECT_EQ(page->total, static_cast<int64_t>(page->entries.size()));
    for (const TrashedEntry& entry : page->entries) users.push_back(entry.user);
    return users;
  }

  // Every row, the feed's position included.
  std::string Rows() {
    std::string text;
    const auto cursor = base->Scan("acme", {});
    while (true) {
      const auto row = cursor->Next();
      EXPECT_OK(row.status());
      if (!row.ok() || !row->has_value()) return text;
      absl::StrAppend(&text, (*row)->key, "=", (*row)->value, "\n");
    }
  }

  std::unique_ptr<store::Store> base = *store::OpenInMemory();
  store::FaultyStore faulty{*base};
  TrashStore store{faulty};
  FakeReconciliation reconciliation;
  SimulatedClock clock{kNoon};
  std::unique_ptr<TrashWorker> worker;

 private:
  TrashWorkerOptions options_;
};

TEST(TrashWorker, R56_PutsMarkedUsersInAndOthersNot) {
  Trash trash;
  trash.reconciliation.Create("ada");
  trash.reconciliation.Create("bob");
  trash.reconciliation.Remove("ada", kNoon);
  ASSERT_OK(trash.Settle());
  EXPECT_THAT(trash.Users(), ElementsAre("ada"));
  const auto ada = *trash.store.Get(AccountName("acme"), "ada");
  EXPECT_EQ(ada->username, "ada@example.test");
  EXPECT_EQ(ada->delete_time, kNoon);
  EXPECT_EQ(ada->purge_time, kNoon + 7 * kDay);
  EXPECT_EQ(ada->deletion_epoch, 1);
}

TEST(TrashWorker, R60_PurgesAfterSevenDaysAndNotASecondEarlier) {
  Trash trash;
  trash.reconciliation.Create("ada");
  trash.reconciliation.Remove("ada", kNoon);
  trash.clock.SetTime(kNoon + 7 * kDay - kSecond);
  ASSERT_OK(trash.Settle());
  EXPECT_TRUE(trash.reconciliation.Exists("ada"));
  EXPECT_EQ(trash.reconciliation.purge_calls(), 0);

  trash.clock.AdvanceTime(kSecond);
  ASSERT_OK(trash.Settle());
  EXPECT_FALSE(trash.reconciliation.Exists("ada"));
  EXPECT_THAT(trash.Users(), IsEmpty());
}

TEST(TrashWorker, R61_LetsAReconnectedUserGoInTheLastMinute) {
  Trash trash;
  trash.reconciliation.Create("ada");
  trash.reconciliation.Remove("ada", kNoon);
  trash.clock.SetTime(kNoon + 7 * kDay - absl::Minutes(1));
  ASSERT_OK(trash.Settle());
  trash.reconciliation.Restore("ada");
  ASSERT_OK(trash.Settle());
  EXPECT_THAT(trash.Users(), IsEmpty());

  trash.clock.AdvanceTime(30 * kDay);
  ASSERT_OK(trash.Settle());
  EXPECT_TRUE(trash.reconciliation.Exists("ada"));
}

// The feed lags: the worker does not know yet that the user has come back.
TEST(TrashWorker, R61_NeverPurgesAUserWhoCameBackUnseen) {
  Trash trash;
  trash.reconciliation.Create("ada");
  trash.reconciliation.Remove("ada", kNoon);
  ASSERT_OK(trash.Settle());
  trash.reconciliation.Restore("ada");
  trash.clock.SetTime(kNoon + 8 * kDay);
  EXPECT_OK(trash.worker->PurgeDueOnce(trash.clock.TimeNow()));
  EXPECT_EQ(trash.reconciliation.purge_calls(), 1);
  EXPECT_TRUE(trash.reconciliation.Exists("ada"));
  EXPECT_THAT(trash.Users(), IsEmpty());
}

TEST(TrashWorker, R63_DoesNotRestartTheClockWhenTheUserIsMerelyMissedAgain) {
  Trash trash;
  trash.reconciliation.Create("ada");
  trash.reconciliation.Remove("ada", kNoon);
  ASSERT_OK(trash.Settle());
  trash.clock.AdvanceTime(6 * kDay);
  trash.reconciliation.Update("ada");  // A sync that changed a group.
  ASSERT_OK(trash.Settle());
  trash.clock.AdvanceTime(kDay);
  ASSERT_OK(trash.Settle());
  EXPECT_FALSE(trash.reconciliation.Exists("ada"));
}

TEST(TrashWorker, R63_GivesFreshSevenDaysAfterAReconnection) {
  Trash trash;
  trash.reconciliation.Create("ada");
  trash.reconciliation.Remove("ada", kNoon);
  trash.clock.SetTime(kNoon + 6 * kDay);
  ASSERT_OK(trash.Settle());
  trash.reconciliation.Restore("ada");
  trash.reconciliation.Remove("ada", kNoon + 6 * kDay);
  ASSERT_OK(trash.Settle());
  trash.clock.SetTime(kNoon + 13 * kDay - kSecond);
  ASSERT_OK(trash.Settle());
  EXPECT_TRUE(trash.reconciliation.Exists("ada"));
  trash.clock.AdvanceTime(kSecond);
  ASSERT_OK(trash.Settle());
  EXPECT_FALSE(trash.reconciliation.Exists("ada"));
}

TEST(TrashWorker, A21_KeepsAsLongAsItIsTold) {
  Trash trash({.retention = 2 * kDay});
  trash.reconciliation.Create("ada");
  trash.reconciliation.Remove("ada", kNoon);
  ASSERT_OK(trash.Settle());

  // Longer from now on: holds for Ada too.
  trash.Restart({.retention = 30 * kDay});
  trash.clock.SetTime(kNoon + 30 * kDay - kSecond);
  ASSERT_OK(trash.Settle());
  EXPECT_TRUE(trash.reconciliation.Exists("ada"));

  // Shorter again: what she was promised meanwhile stays.
  trash.Restart({.retention = kDay});
  ASSERT_OK(trash.Settle());
  EXPECT_TRUE(trash.reconciliation.Exists("ada"));
  trash.clock.AdvanceTime(kSecond);
  ASSERT_OK(trash.Settle());
  EXPECT_FALSE(trash.reconciliation.Exists("ada"));
}

TEST(TrashWorker, PurgesALotInTurnsAndTheOldestFirst) {
  Trash trash({.purges_per_account = 10});
  for (int i = 0; i < 25; ++i) {
    const std::string id = absl::StrCat("user", i);
    trash.reconciliation.Create(id);
    trash.reconciliation.Remove(id, kNoon - i * kSecond);
  }
  ASSERT_OK(trash.worker->FollowFeedsOnce(kNoon));
  const absl::Time later = kNoon + 8 * kDay;
  EXPECT_EQ(*trash.worker->PurgeDueOnce(later), Pace::kAgain);
  EXPECT_EQ(trash.reconciliation.purge_calls(), 10);
  EXPECT_FALSE(trash.reconciliation.Exists("user24"));
  EXPECT_TRUE(trash.reconciliation.Exists("user0"));
  EXPECT_EQ(*trash.worker->PurgeDueOnce(later), Pace::kAgain);
  EXPECT_EQ(*trash.worker->PurgeDueOnce(later), Pace::kRest);
  EXPECT_THAT(trash.Users(), IsEmpty());
}

TEST(TrashWorker, KeepsWhoCannotBePurgedNow) {
  Trash trash;
  trash.reconciliation.Create("ada");
  trash.reconciliation.Remove("ada", kNoon);
  trash.clock.SetTime(kNoon + 8 * kDay);
  trash.reconciliation.FailPurges(Unavailable("DOWN", "Back soon."));
  EXPECT_THAT(trash.Settle(), StatusIs(absl::StatusCode::kUnavailable, "DOWN"));
  EXPECT_THAT(trash.Users(), ElementsAre("ada"));
  trash.reconciliation.FailPurges(absl::OkStatus());
  ASSERT_OK(trash.Settle());
  EXPECT_THAT(trash.Users(), IsEmpty());
}

TEST(TrashWorker, DoesNotLetOneAccountHoldTheOthersUp) {
  Trash trash;
  for (const char* account : {"acme", "zeta"}) {
    trash.reconciliation.Create("ada", account);
    trash.reconciliation.Remove("ada", kNoon, account);
  }
  ASSERT_OK(trash.worker->FollowFeedsOnce(kNoon));
  // A row that says nothing: acme's trash cannot be read.
  store::Batch damage("acme");
  damage.Put(DueKey(kNoon, "nobody"), WriteDue());
  ASSERT_OK(trash.base->Commit(damage));
  EXPECT_THAT(trash.worker->PurgeDueOnce(kNoon + 8 * kDay),
              StatusIs(absl::StatusCode::kDataLoss, "DUE_INDEX_BROKEN"));
  EXPECT_TRUE(trash.reconciliation.Exists("ada", "acme"));
  EXPECT_FALSE(trash.reconciliation.Exists("ada", "zeta"));
}

// The producer was restored from a backup: deletions of the lost days may come
// again under the same numbers, so nobody is purged on old knowledge.
TEST(TrashWorker, R60_PurgesNobodyOnAHistoryThatIsLost) {
  Trash trash;
  trash.reconciliation.Create("ada");
  trash.reconciliation.Remove("ada", kNoon);
  ASSERT_OK(trash.Settle());
  trash.reconciliation.feed().SetIncarnation("restored");
  trash.clock.SetTime(kNoon + 8 * kDay);
  EXPECT_OK(trash.Settle());
  EXPECT_THAT(trash.Users(), ElementsAre("ada"));
  EXPECT_EQ(trash.reconciliation.purge_calls(), 0);
  EXPECT_THAT(MetricsText(),
              HasSubstr("rollcall_feed_history_lost{account=\"acme\"} 1"));
  EXPECT_THAT(
      trash.store.CheckFeedIsFollowed(AccountName("acme")),
      StatusIs(absl::StatusCode::kFailedPrecondition, "FEED_HISTORY_LOST"));
}

TEST(TrashWorker, WaitsBeforeAnEventThatSaysTooLittle) {
  Trash trash;
  reconciliation::v1::ChangeEvent event;
  auto& user = *event.mutable_user_change()->mutable_user();
  user.set_name("accounts/acme/users/ada");
  user.set_state(reconciliation::v1::User::PENDING_DELETION);
  trash.reconciliation.feed().Append("acme", event);
  EXPECT_THAT(trash.Settle(),
              StatusIs(absl::StatusCode::kDataLoss, "FEED_EVENT_MALFORMED"));
  EXPECT_THAT(trash.Users(), IsEmpty());
}

TEST(TrashWorker, TakesAnEventThatComesTwiceOnce) {
  Trash trash;
  trash.reconciliation.feed().SetDuplicating(true);
  trash.reconciliation.Create("ada");
  trash.reconciliation.Remove("ada", kNoon);
  ASSERT_OK(trash.Settle());
  EXPECT_THAT(trash.Users(), ElementsAre("ada"));
}

// Lives of several users over a month, in steps.
void LiveAMonth(Trash& trash, int step) {
  const absl::Time now = kNoon + step * 2 * kDay;
  switch (step) {
    case 0:
      for (const char* id : {"ada", "bob", "cyd"}) {
        trash.reconciliation.Create(id);
      }
      trash.reconciliation.Remove("ada", now);
      trash.reconciliation.Remove("bob", now);
      break;
    case 1:
      trash.reconciliation.Restore("bob");
      break;
    case 2:
      trash.reconciliation.Remove("bob", now);
      trash.reconciliation.Remove("cyd", now);
      break;
    default:
      break;
  }
  trash.clock.SetTime(now);
}
constexpr int kSteps = 10;

// The process may die at any commit, written or not: it starts again and ends
// as if nothing had happened.
TEST(TrashWorker, EndsTheSameWhereverItDies) {
  Trash undisturbed;
  for (int step = 0; step < kSteps; ++step) {
    LiveAMonth(undisturbed, step);
    ASSERT_OK(undisturbed.Settle());
  }
  EXPECT_THAT(undisturbed.Users(), IsEmpty());
  const int commits = undisturbed.faulty.commit_count();
  ASSERT_GT(commits, 5);

  using Outcome = store::FaultyStore::Outcome;
  for (const Outcome outcome : {Outcome::kWritten, Outcome::kNotWritten}) {
    for (int n = 1; n <= commits; ++n) {
      SCOPED_TRACE(absl::StrCat("commit ", n, " fails, ",
                                outcome == Outcome::kWritten ? "" : "not ",
                                "written"));
      Trash trash;
      trash.faulty.FailCommit(n, outcome);
      int deaths = 0;
      for (int step = 0; step < kSteps; ++step) {
        LiveAMonth(trash, step);
        while (!trash.Settle().ok()) {
          ASSERT_LT(++deaths, 3);
          trash.Restart();
        }
      }
      EXPECT_EQ(deaths, 1);
      EXPECT_EQ(trash.Rows(), undisturbed.Rows());
      for (const char* id : {"ada", "bob", "cyd"}) {
        EXPECT_FALSE(trash.reconciliation.Exists(id)) << id;
      }
    }
  }
}

// The last word is the source's (B3): who may be there again is kept, and asked
// for again.
TEST(TrashWorker, R60_WhoIsNotProvedGoneIsKeptAnotherHour) {
  Trash trash;
  trash.reconciliation.Create("ada");
  trash.reconciliation.Create("bob");
  trash.reconciliation.Remove("ada", kNoon);
  trash.reconciliation.Remove("bob", kNoon);
  trash.clock.SetTime(kNoon + 7 * kDay);
  trash.reconciliation.FailPurges(
      FailedPrecondition("PURGE_UNPROVEN", "They may be there."));
  ASSERT_OK(trash.Settle());
  ASSERT_OK(trash.Settle());
  EXPECT_EQ(trash.reconciliation.purge_calls(), 2);
  EXPECT_THAT(trash.Users(), ElementsAre("ada", "bob"));
  trash.reconciliation.FailPurges(absl::OkStatus());
  trash.clock.AdvanceTime(absl::Hours(1));
  ASSERT_OK(trash.Settle());
  EXPECT_THAT(trash.Users(), IsEmpty());
  EXPECT_FALSE(trash.reconciliation.Exists("ada"));
}

// Whom an undone run has trashed waits for a plan, not for the next sync.
TEST(TrashWorker, R60_B5_WhomAnUndoneRunHasTrashedIsAskedForOnceADay) {
  Trash trash;
  trash.reconciliation.Create("ada");
  trash.reconciliation.Remove("ada", kNoon);
  trash.clock.SetTime(kNoon + 7 * kDay);
  trash.reconciliation.FailPurges(
      FailedPrecondition("PURGE_PINNED", "The source still has it."));
  for (int hour = 0; hour < 48; ++hour) {
    ASSERT_OK(trash.Settle());
    trash.clock.AdvanceTime(absl::Hours(1));
  }
  EXPECT_EQ(trash.reconciliation.purge_calls(), 2);
  EXPECT_THAT(trash.Users(), ElementsAre("ada"));
  trash.reconciliation.FailPurges(absl::OkStatus());
  ASSERT_OK(trash.Settle());
  EXPECT_THAT(trash.Users(), IsEmpty());
}

}  // namespace
}  // namespace rollcall::trash
