#include "common/feed/feed_follower.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/feed/fake_feed.h"
#include "common/log/log.h"
#include "common/status/status_macros.h"
#include "common/store/faulty_store.h"
#include "common/store/key.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::feed {
namespace {

using ::rollcall::reconciliation::v1::ChangeEvent;
using ::rollcall::store::FaultyStore;
using ::rollcall::testing::IsOk;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;

// Counts, in the store, how often each event took effect.
class CountingHandler : public FeedHandler {
 public:
  explicit CountingHandler(store::Store& store) : store_(store) {}

  absl::Status Apply(const AccountName& account,
                     const std::vector<ChangeEvent>& events,
                     store::Batch* batch) override {
    ++calls;
    for (const ChangeEvent& event : events) {
      const std::string key = store::Key("effects").String(event.run()).Build();
      ASSIGN_OR_RETURN(auto before, store_.Get(account.id(), key));
      batch->Put(key, absl::StrCat(before.value_or(""), "x"));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> ListUsers(const AccountName&,
                                                     const std::string&,
                                                     int) override {
    return std::vector<std::string>();
  }

  int calls = 0;

 private:
  store::Store& store_;
};

class FeedFollowerTest : public ::testing::Test {
 protected:
  FeedFollowerTest()
      : base_(*store::OpenInMemory()),
        store_(*base_),
        handler_(store_),
        follower_(feed_, store_, handler_) {
    SetLogSink([this](absl::string_view line) { log_.emplace_back(line); });
  }
  ~FeedFollowerTest() override { SetLogSink(nullptr); }

  void Append(const std::string& account, const std::string& what) {
    ChangeEvent event;
    event.set_run(what);
    feed_.Append(account, event);
  }

  // The effects of an account, with how often each was made.
  std::vector<std::string> Effects(const std::string& account) {
    std::vector<std::string> effects;
    auto cursor = base_->Scan(
        account, store::KeyRange::Prefix(store::Key("effects").Build()));
    while (true) {
      auto entry = cursor->Next();
      EXPECT_OK(entry);
      if (!entry.ok() || !entry->has_value()) return effects;
      std::string what;
      EXPECT_OK(store::KeyReader((*entry)->key)
                    .Table("effects")
                    .String(&what)
                    .Finish());
      effects.push_back(absl::StrCat(what, ":", (*entry)->value.size()));
    }
  }

  int64_t Sequence(const std::string& account) {
    return ReadFeedPosition(*base_, AccountName(account))->sequence();
  }

  std::vector<std::string> log_;
  std::unique_ptr<store::Store> base_;
  FaultyStore store_;
  FakeFeed feed_;
  CountingHandler handler_;
  FeedFollower follower_;
};

TEST_F(FeedFollowerTest, B7_EveryAccountIsFollowedToItsHead) {
  Append("acme", "a");
  Append("acme", "b");
  Append("zeta", "c");
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  EXPECT_THAT(Effects("acme"), ElementsAre("a:1", "b:1"));
  EXPECT_THAT(Effects("zeta"), ElementsAre("c:1"));
  EXPECT_EQ(Sequence("acme"), 2);
}

TEST_F(FeedFollowerTest, B7_EventsDeliveredTwiceTakeEffectOnce) {
  feed_.SetDuplicating(true);
  Append("acme", "a");
  Append("acme", "b");
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  EXPECT_THAT(Effects("acme"), ElementsAre("a:1", "b:1"));
}

TEST_F(FeedFollowerTest, B7_NothingNewCostsNoCommit) {
  Append("acme", "a");
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  const int commits = store_.commit_count();
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  EXPECT_EQ(store_.commit_count(), commits);
}

TEST_F(FeedFollowerTest, B7_ALongFeedTakesSeveralTurns) {
  for (int i = 0; i < 5000; ++i) Append("acme", absl::StrCat(10000 + i));
  auto pace = follower_.FollowOnce();
  ASSERT_THAT(pace, IsOk());
  EXPECT_EQ(*pace, Pace::kAgain);
  EXPECT_LT(Sequence("acme"), 5000);
  while (*pace == Pace::kAgain) {
    pace = follower_.FollowOnce();
    ASSERT_THAT(pace, IsOk());
  }
  EXPECT_EQ(Sequence("acme"), 5000);
  EXPECT_EQ(Effects("acme").size(), 5000u);
  // Events share commits: 5000 of them would be slow one by one.
  EXPECT_LT(store_.commit_count(), 50);
}

// Whether the failed commit was written or not: after a restart each effect is
// there exactly once.
class FeedFollowerCrashTest
    : public FeedFollowerTest,
      public ::testing::WithParamInterface<FaultyStore::Outcome> {};

TEST_P(FeedFollowerCrashTest, B7_AFailedCommitChangesNothingInTheEnd) {
  for (int i = 0; i < 600; ++i) Append("acme", absl::StrCat(1000 + i));
  for (int n = 1; n <= 3; ++n) {
    store_.FailCommit(1, GetParam());
    EXPECT_THAT(follower_.FollowOnce(),
                StatusIs(absl::StatusCode::kUnavailable, "STORE_FAILED"));
    store_.Heal();
  }
  CountingHandler handler(store_);
  FeedFollower restarted(feed_, store_, handler);
  ASSERT_THAT(restarted.FollowOnce(), IsOk());
  const std::vector<std::string> effects = Effects("acme");
  ASSERT_EQ(effects.size(), 600u);
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(effects[i], absl::StrCat(1000 + i, ":1"));
  }
}

INSTANTIATE_TEST_SUITE_P(Outcomes, FeedFollowerCrashTest,
                         ::testing::Values(FaultyStore::Outcome::kNotWritten,
                                           FaultyStore::Outcome::kWritten));

TEST_F(FeedFollowerTest, B7_AnAccountThatFailsDoesNotHoldTheOthersUp) {
  Append("acme", "a");
  Append("zeta", "b");
  store_.FailCommit(1, FaultyStore::Outcome::kNotWritten);
  EXPECT_THAT(follower_.FollowOnce(), StatusIs(absl::StatusCode::kUnavailable));
  store_.Heal();
  EXPECT_EQ(handler_.calls, 2);
}

TEST_F(FeedFollowerTest, B7_ARolledBackProducerIsFollowedNoFurther) {
  for (const char* what : {"a", "b", "c"}) Append("acme", what);
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  feed_.RollBack("acme", 1);
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  // Even when the producer has caught up with our sequence and looks right.
  for (const char* what : {"d", "e", "f"}) Append("acme", what);
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  FeedFollower restarted(feed_, store_, handler_);
  ASSERT_THAT(restarted.FollowOnce(), IsOk());
  EXPECT_THAT(Effects("acme"), ElementsAre("a:1", "b:1", "c:1"));
  EXPECT_NE(ReadFeedPosition(*base_, AccountName("acme"))->lost(), "");
  // Once by each process, not once a second.
  EXPECT_EQ(log_.size(), 2u);
  EXPECT_THAT(log_[0], ::testing::HasSubstr("feed_history_lost"));
}

TEST_F(FeedFollowerTest, B7_AnotherIncarnationIsFollowedNoFurther) {
  Append("acme", "a");
  Append("zeta", "b");
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  feed_.SetIncarnation("second");
  Append("acme", "c");
  Append("new", "d");
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  EXPECT_THAT(Effects("acme"), ElementsAre("a:1"));
  EXPECT_THAT(Effects("new"), ElementsAre("d:1"));
}

// A store that was restored from before the account's first change, or that was
// made anew, has no feed to contradict us with.
TEST_F(FeedFollowerTest, B7_AnAccountThatTheProducerHasLostIsNoticed) {
  Append("acme", "a");
  Append("zeta", "b");
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  feed_.Lose("acme");
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  EXPECT_NE(ReadFeedPosition(*base_, AccountName("acme"))->lost(), "");
  EXPECT_EQ(ReadFeedPosition(*base_, AccountName("zeta"))->lost(), "");
  // Also when it is there again.
  Append("acme", "c");
  Append("acme", "d");
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  EXPECT_THAT(Effects("acme"), ElementsAre("a:1"));
}

TEST_F(FeedFollowerTest, AnAccountThatWasNeverFollowedIsNotMissed) {
  store::Batch batch("other");
  batch.Put(store::Key("something").Build(), "else");
  ASSERT_THAT(store_.Commit(batch), IsOk());
  Append("acme", "a");
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  EXPECT_EQ(ReadFeedPosition(*base_, AccountName("other"))->lost(), "");
}

// Otherwise the worker would ask again at once, for ever (invariant 28).
TEST_F(FeedFollowerTest, B7_AFeedThatEndsBeforeItsHeadIsAnError) {
  Append("acme", "a");
  feed_.SetUndelivered(1);
  EXPECT_THAT(follower_.FollowOnce(),
              StatusIs(absl::StatusCode::kUnavailable, "FEED_ENDED_EARLY"));
  EXPECT_THAT(Effects("acme"), ElementsAre("a:1"));
  feed_.SetUndelivered(0);
  EXPECT_THAT(follower_.FollowOnce(), IsOk());
}

TEST_F(FeedFollowerTest, B7_TheProducerBeingDownIsAnErrorAndNoLoss) {
  Append("acme", "a");
  feed_.SetStatus(absl::UnavailableError("down"));
  EXPECT_THAT(follower_.FollowOnce(), StatusIs(absl::StatusCode::kUnavailable));
  feed_.SetStatus(absl::OkStatus());
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  EXPECT_THAT(Effects("acme"), ElementsAre("a:1"));
}

}  // namespace
}  // namespace rollcall::feed
