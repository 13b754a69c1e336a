// Proves that a snapshot takes the place of all that a consumer knew of an
// account, wherever it is interrupted (reliability.md B4, invariant 22).
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/feed/fake_feed.h"
#include "common/feed/feed_follower.h"
#include "common/feed/feed_position.h"
#include "common/log/log.h"
#include "common/status/errors.h"
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
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

const AccountName kAcme("acme");

std::string UserOf(int number) { return absl::StrCat("u", 1000 + number); }

std::string RowKey(const std::string& user) {
  return store::Key("users").String(user).Build();
}

// Keeps the username of each user.
class UsernameKeeper : public FeedHandler {
 public:
  explicit UsernameKeeper(store::Store& store) : store_(store) {}

  absl::Status Apply(const AccountName&, const std::vector<ChangeEvent>& events,
                     store::Batch* batch) override {
    for (const ChangeEvent& event : events) {
      const bool is_purge = event.has_user_purge();
      ASSIGN_OR_RETURN(
          const UserName user,
          UserName::Parse(is_purge ? event.user_purge().name()
                                   : event.user_change().user().name()));
      if (is_purge) {
        batch->Delete(RowKey(user.id()));
      } else {
        batch->Put(RowKey(user.id()), event.user_change().user().username());
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> ListUsers(const AccountName& account,
                                                     const std::string& after,
                                                     int limit) override {
    const std::string table = store::Key("users").Build();
    auto cursor = store_.Scan(
        account.id(), after.empty()
                          ? store::KeyRange::Prefix(table)
                          : store::KeyRange::PrefixAfter(table, RowKey(after)));
    std::vector<std::string> users;
    while (users.size() < static_cast<size_t>(limit)) {
      ASSIGN_OR_RETURN(auto entry, cursor->Next());
      if (!entry.has_value()) break;
      RETURN_IF_ERROR(store::KeyReader(entry->key)
                          .Table("users")
                          .String(&users.emplace_back())
                          .Finish());
    }
    return users;
  }

 private:
  store::Store& store_;
};

class FeedResyncTest : public ::testing::Test {
 protected:
  FeedResyncTest()
      : base_(*store::OpenInMemory()),
        store_(*base_),
        handler_(store_),
        follower_(feed_, store_, handler_) {
    SetLogSink([this](absl::string_view line) { log_.emplace_back(line); });
  }
  ~FeedResyncTest() override { SetLogSink(nullptr); }

  void Put(int number, const std::string& username) {
    ChangeEvent event;
    auto& user = *event.mutable_user_change()->mutable_user();
    user.set_name(UserName(kAcme, UserOf(number)).ToString());
    user.set_username(username);
    feed_.Append(kAcme.id(), event);
  }
  void Purge(int number) {
    ChangeEvent event;
    event.mutable_user_purge()->set_name(
        UserName(kAcme, UserOf(number)).ToString());
    feed_.Append(kAcme.id(), event);
  }

  // Until there is nothing left to do.
  void Follow() {
    for (int i = 0; i < 100; ++i) {
      const auto pace = follower_.FollowOnce();
      ASSERT_THAT(pace, IsOk());
      if (*pace == Pace::kRest) return;
    }
    FAIL() << "It never rests.";
  }

  // What the consumer has.
  std::map<std::string, std::string> Users() {
    std::map<std::string, std::string> users;
    const auto known = handler_.ListUsers(kAcme, "", 100'000);
    EXPECT_THAT(known, IsOk());
    for (const std::string& user : known.value_or(std::vector<std::string>())) {
      users[user] = base_->Get(kAcme.id(), RowKey(user))->value_or("");
    }
    return users;
  }
  FeedPosition Position() { return *ReadFeedPosition(*base_, kAcme); }

  // The consumer knows users whom the producer, which goes on from an earlier
  // point, has never had, and the other way round.
  void LoseHistory(int users) {
    for (int i = 0; i < users; ++i) Put(i, absl::StrCat("old", i));
    const auto kept = static_cast<int64_t>(users / 2);
    Follow();
    feed_.RollBack(kAcme.id(), kept);
    feed_.SetIncarnation("second");
    for (int i = 0; i < users; i += 3) Put(i, absl::StrCat("new", i));
    for (int i = 1; i < users; i += 4) Purge(i);
    Follow();
    ASSERT_THAT(Position().lost(), HasSubstr("incarnation"));
  }
  std::map<std::string, std::string> Truth(int users) {
    std::map<std::string, std::string> truth;
    for (int i = 0; i < users; ++i) {
      if (i % 4 == 1) continue;
      if (i % 3 == 0) truth[UserOf(i)] = absl::StrCat("new", i);
      if (i % 3 != 0 && i < users / 2) {
        truth[UserOf(i)] = absl::StrCat("old", i);
      }
    }
    return truth;
  }

  std::vector<std::string> log_;
  std::unique_ptr<store::Store> base_;
  FaultyStore store_;
  FakeFeed feed_;
  UsernameKeeper handler_;
  FeedFollower follower_;
};

TEST_F(FeedResyncTest, B4_ASnapshotReplacesWhatIsKnownAndTheFeedGoesOn) {
  LoseHistory(20);
  ASSERT_NE(Users(), Truth(20));
  const auto lost = RequestResync(kAcme, store_);
  ASSERT_THAT(lost, IsOk());
  EXPECT_THAT(*lost, HasSubstr("incarnation"));
  Follow();
  EXPECT_EQ(Users(), Truth(20));
  EXPECT_EQ(Position().lost(), "");
  EXPECT_FALSE(Position().has_resync());
  EXPECT_EQ(Position().incarnation(), "second");
  EXPECT_THAT(log_, Contains(HasSubstr("feed_resynced")));

  Put(7, "later");
  Follow();
  EXPECT_THAT(Users(), Contains(Pair(UserOf(7), "later")));
}

TEST_F(FeedResyncTest, B4_NothingIsTouchedUntilAnOperatorAsks) {
  LoseHistory(20);
  const auto before = Users();
  Follow();
  EXPECT_EQ(Users(), before);
}

// The producer has not lost anything, it only keeps no more: that is the same
// history, so nobody need be asked.
TEST_F(FeedResyncTest, B4_WhoeverIsTooSlowTakesASnapshotByItself) {
  Put(1, "ada");
  Put(2, "ben");
  Follow();
  Purge(1);
  Put(3, "cleo");
  Put(2, "bob");
  feed_.Drop(kAcme.id(), 4);
  Follow();
  const std::map<std::string, std::string> truth = {{UserOf(2), "bob"},
                                                    {UserOf(3), "cleo"}};
  EXPECT_EQ(Users(), truth);
  EXPECT_EQ(Position().lost(), "");
  EXPECT_THAT(log_, Contains(HasSubstr("feed_resynced")));
}

// So is a feed that was there long before its consumer.
TEST_F(FeedResyncTest, B4_ANewConsumerOfAnOldFeedTakesASnapshot) {
  Put(1, "ada");
  Put(2, "ben");
  feed_.Drop(kAcme.id(), 2);
  Follow();
  EXPECT_THAT(Users(), SizeIs(2));
}

// More users than one commit, and more commits than one turn, have.
TEST_F(FeedResyncTest, B4_ALargeSnapshotTakesSeveralTurns) {
  constexpr int kUsers = 12'000;
  LoseHistory(kUsers);
  ASSERT_THAT(RequestResync(kAcme, store_), IsOk());
  const auto pace = follower_.FollowOnce();
  ASSERT_THAT(pace, IsOk());
  EXPECT_EQ(*pace, Pace::kAgain);
  EXPECT_TRUE(Position().has_resync());
  EXPECT_NE(Position().lost(), "");  // Until it is complete.
  Follow();
  EXPECT_EQ(Users(), Truth(kUsers));
}

// Stops at every commit, once with the batch written and once without, and
// starts again.
TEST_F(FeedResyncTest, B4_GoesOnAfterACrashAtAnyCommit) {
  constexpr int kUsers = 1'500;
  LoseHistory(kUsers);
  ASSERT_THAT(RequestResync(kAcme, store_), IsOk());
  int crashes = 0;
  for (int i = 0; i < 100 && Position().has_resync(); ++i) {
    store_.FailCommit(1 + i % 2, i % 3 == 0
                                     ? FaultyStore::Outcome::kWritten
                                     : FaultyStore::Outcome::kNotWritten);
    FeedFollower process(feed_, store_, handler_);
    crashes += !process.FollowOnce().ok();
    store_.Heal();
  }
  EXPECT_GT(crashes, 3);
  Follow();
  EXPECT_EQ(Users(), Truth(kUsers));
}

TEST_F(FeedResyncTest, B4_ASnapshotOfAHistoryThatIsGoneBeginsAnew) {
  constexpr int kUsers = 6'000;
  LoseHistory(kUsers);
  ASSERT_THAT(RequestResync(kAcme, store_), IsOk());
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  ASSERT_TRUE(Position().has_resync());
  ASSERT_THAT(Users(), Contains(Pair(UserOf(0), "new0")));
  feed_.SetIncarnation("third");
  feed_.RollBack(kAcme.id(), 1);
  Follow();
  EXPECT_THAT(Users(), ElementsAre(Pair(UserOf(0), "old0")));
  EXPECT_EQ(Position().incarnation(), "third");
}

TEST_F(FeedResyncTest, B4_WhatHappensDuringTheSnapshotIsHeardAfterIt) {
  constexpr int kUsers = 12'000;
  LoseHistory(kUsers);
  ASSERT_THAT(RequestResync(kAcme, store_), IsOk());
  ASSERT_THAT(follower_.FollowOnce(), IsOk());
  ASSERT_TRUE(Position().has_resync());
  Put(0, "meanwhile");
  Purge(3);
  Follow();
  EXPECT_THAT(Users(), Contains(Pair(UserOf(0), "meanwhile")));
  EXPECT_EQ(Users().count(UserOf(3)), 0u);
}

// Lists its feeds, and has lost the history of everybody who asks for changes.
class ForgetfulFeed : public FakeFeed {
 public:
  absl::Status WatchChanges(
      const AccountName&, const std::string&, bool,
      const std::function<
          bool(const reconciliation::v1::WatchChangesResponse&)>&) override {
    return FailedPrecondition("FEED_HISTORY_LOST", "It was another one.");
  }
};

TEST_F(FeedResyncTest, B4_AProducerThatMakesNoSenseIsNotAskedAgainAtOnce) {
  LoseHistory(20);
  ASSERT_THAT(RequestResync(kAcme, store_), IsOk());
  ForgetfulFeed forgetful;
  forgetful.Append(kAcme.id(), ChangeEvent());
  FeedFollower follower(forgetful, store_, handler_);
  EXPECT_THAT(follower.FollowOnce(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       std::string("FEED_HISTORY_LOST")));
  EXPECT_TRUE(Position().has_resync());
}

TEST_F(FeedResyncTest, B4_AskingTwiceIsAskingOnce) {
  LoseHistory(20);
  ASSERT_THAT(RequestResync(kAcme, store_), IsOk());
  const int commits = store_.commit_count();
  EXPECT_THAT(RequestResync(kAcme, store_), IsOk());
  EXPECT_EQ(store_.commit_count(), commits);
  Follow();
  // Again later, of a feed that is followed: the same once more.
  const auto lost = RequestResync(kAcme, store_);
  ASSERT_THAT(lost, IsOk());
  EXPECT_EQ(*lost, "");
  Follow();
  EXPECT_EQ(Users(), Truth(20));
}

TEST_F(FeedResyncTest, B4_AFeedThatWasNeverFollowedHasNothingToReplace) {
  EXPECT_THAT(RequestResync(kAcme, store_),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       std::string("FEED_NOT_FOLLOWED")));
  EXPECT_THAT(Users(), IsEmpty());
  EXPECT_EQ(store_.commit_count(), 0);
}

TEST_F(FeedResyncTest, B4_AnEmptySnapshotLeavesNobody) {
  LoseHistory(20);
  feed_.RollBack(kAcme.id(), 0);
  ASSERT_THAT(RequestResync(kAcme, store_), IsOk());
  Follow();
  EXPECT_THAT(Users(), IsEmpty());
  Put(1, "first");
  Follow();
  EXPECT_THAT(Users(), SizeIs(1));
}

}  // namespace
}  // namespace rollcall::feed
