// Reconciliation's store goes back in time, and grows past the place that a
// consumer of its feed has come to (F7, invariant 22): told by the incarnation
// that restoring draws anew, or else by the event at that place.
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/feed/feed_follower.h"
#include "common/feed/feed_position.h"
#include "common/feed/feed_source.h"
#include "common/identity/resource_name.h"
#include "common/log/log.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/edge.h"
#include "common/store/restore.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/service.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

namespace fs = std::filesystem;

using ::rollcall::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

rpc::Edge MakeEdge() {
  auto policy = rpc::AccessPolicy::ForServices(
      {"rollcall.reconciliation.v1.ReconciliationService"});
  EXPECT_OK(policy.status());
  return rpc::Edge(*std::move(policy), "test.rollcall",
                   "reconciliation.rollcall");
}

// What the service answers, without a wire between.
class ServiceFeed : public feed::FeedSource {
 public:
  explicit ServiceFeed(World& world)
      : service_({.store = *world.store,
                  .directory = world.directory_service,
                  .board = world.board,
                  .clock = world.clock,
                  .make_id = [] { return "none"; },
                  .on_run_started = [] {}},
                 MakeEdge()) {}

  absl::StatusOr<std::vector<v1::Feed>> ListFeeds() override {
    const auto feeds = service_.ListFeeds(v1::ListFeedsRequest());
    if (!feeds.ok()) return feeds.status();
    return std::vector<v1::Feed>(feeds->feeds().begin(), feeds->feeds().end());
  }

  absl::Status WatchChanges(
      const AccountName& account, const std::string& cursor, bool snapshot,
      const std::function<bool(const v1::WatchChangesResponse&)>& deliver)
      override {
    v1::WatchChangesRequest request;
    request.set_parent(account.ToString());
    request.set_cursor(cursor);
    request.set_snapshot(snapshot);
    const rpc::Caller caller{.spiffe_id = "consumer"};
    return service_.WatchChanges(
        request, rpc::Call{caller, [] { return false; }}, deliver);
  }

 private:
  ReconciliationServiceImpl service_;
};

// Keeps the id of every event that it was told of, and the usernames of users
// by their ids.
class Listener : public feed::FeedHandler {
 public:
  absl::Status Apply(const AccountName&,
                     const std::vector<v1::ChangeEvent>& events,
                     rollcall::store::Batch*) override {
    for (const v1::ChangeEvent& event : events) {
      heard.push_back(event.event_id());
      if (event.has_user_change()) {
        const v1::User& user = event.user_change().user();
        usernames[UserName::Parse(user.name())->id()] = user.username();
      } else if (event.has_user_purge()) {
        usernames.erase(UserName::Parse(event.user_purge().name())->id());
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> ListUsers(const AccountName&,
                                                     const std::string& after,
                                                     int limit) override {
    std::vector<std::string> users;
    for (auto user = usernames.upper_bound(after);
         user != usernames.end() && users.size() < static_cast<size_t>(limit);
         ++user) {
      users.push_back(user->first);
    }
    return users;
  }

  std::vector<std::string> heard;
  std::map<std::string, std::string> usernames;
};

class RestoredFeedTest : public ::testing::Test {
 protected:
  RestoredFeedTest() {
    SetLogSink([this](absl::string_view line) { log_.emplace_back(line); });
    fs::remove_all(directory_);
    fs::create_directories(directory_);
    world_.tenant().AddGroup(1, "Sales");
  }
  ~RestoredFeedTest() override {
    Close();
    SetLogSink(nullptr);
    fs::remove_all(directory_);
  }

  void Open() {
    auto opened = rollcall::store::OpenRocksDb(
        {.path = path_, .owner = "reconciliation", .min_free_bytes = 0});
    ASSERT_OK(opened);
    opened_ = opened->get();
    Use(*std::move(opened));
  }
  void Close() { Use(*rollcall::store::OpenInMemory()); }

  // One more user each time, and so some more events.
  void Grow(int times) {
    for (int i = 0; i < times; ++i) {
      ++users_;
      world_.tenant().AddUser(100 + users_,
                              absl::StrCat("u", users_, "@a.test"), {1});
      world_.Sync();
    }
  }

  // What the consumer hears when it looks now.
  std::vector<std::string> Follow() {
    ServiceFeed source(world_);
    listener_.heard.clear();
    feed::FeedFollower follower(source, *consumer_, listener_);
    while (true) {
      const auto pace = follower.FollowOnce();
      EXPECT_OK(pace);
      if (!pace.ok() || *pace == Pace::kRest) return listener_.heard;
    }
  }
  feed::FeedPosition Position() {
    return *feed::ReadFeedPosition(*consumer_, AccountName("acme"));
  }
  int64_t Head() { return world_.store->Feed("acme").Bounds()->head_sequence; }

  const std::string directory_ = ::testing::TempDir() + "/restored_feed";
  const std::string path_ = directory_ + "/store";
  const std::string copy_ = directory_ + "/copy";
  std::vector<std::string> log_;
  World world_;
  rollcall::store::RocksDbStore* opened_ = nullptr;
  int users_ = 0;
  const std::unique_ptr<rollcall::store::Store> consumer_ =
      *rollcall::store::OpenInMemory();
  Listener listener_;

 private:
  // What there was closes when nobody uses it any more.
  void Use(std::unique_ptr<rollcall::store::Store> rows) {
    world_.rows.swap(rows);
    world_.Restart();
  }
};

TEST_F(RestoredFeedTest, B7_ARestoredProducerIsNoticedHoweverFarItHasGrown) {
  Open();
  Grow(2);
  EXPECT_THAT(Follow(), SizeIs(Head()));
  ASSERT_OK(opened_->Checkpoint(copy_));
  Grow(1);
  EXPECT_THAT(Follow(), SizeIs(::testing::Gt(0)));
  const feed::FeedPosition before = Position();
  Close();

  ASSERT_OK(rollcall::store::RestoreStore(
      {.checkpoint = copy_, .store = path_, .replace = true}));
  Open();
  ASSERT_LT(Head(), before.sequence());
  world_.clock.AdvanceTime(absl::Hours(1));
  Grow(3);
  ASSERT_GT(Head(), before.sequence());
  EXPECT_THAT(Follow(), IsEmpty());
  EXPECT_EQ(Position().sequence(), before.sequence());
  EXPECT_THAT(Position().lost(), HasSubstr("incarnation"));
  EXPECT_THAT(log_, ::testing::Contains(HasSubstr("feed_history_lost")));
  // So is whoever asks with a cursor, without listing the feeds.
  EXPECT_THAT(ServiceFeed(world_).WatchChanges(
                  AccountName("acme"), before.cursor(), /*snapshot=*/false,
                  [](const v1::WatchChangesResponse&) { return true; }),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       std::string("FEED_HISTORY_LOST")));
}

// What an operator does then: syncs, so that the store is true again, and has
// its consumers take a snapshot.
TEST_F(RestoredFeedTest, B4_AConsumerGoesOnFromASnapshotWhenAnOperatorSaysSo) {
  Open();
  Grow(2);
  ASSERT_OK(opened_->Checkpoint(copy_));
  Grow(2);
  EXPECT_THAT(Follow(), SizeIs(Head()));
  ASSERT_THAT(listener_.usernames, SizeIs(4));
  Close();
  ASSERT_OK(rollcall::store::RestoreStore(
      {.checkpoint = copy_, .store = path_, .replace = true}));
  Open();
  world_.clock.AdvanceTime(absl::Hours(1));
  Grow(1);  // Those who were lost are created anew, with other ids.
  EXPECT_THAT(Follow(), IsEmpty());

  ASSERT_OK(feed::RequestResync(AccountName("acme"), *consumer_));
  EXPECT_THAT(Follow(), SizeIs(::testing::Gt(0)));
  EXPECT_EQ(Position().lost(), "");
  EXPECT_EQ(Position().sequence(), Head());
  std::map<std::string, std::string> stored;
  for (int i = 1; i <= users_; ++i) {
    const User user = world_.user(absl::StrCat("u", i, "@a.test"));
    stored[user.id] = user.username;
  }
  EXPECT_EQ(listener_.usernames, stored);
  Grow(1);
  EXPECT_THAT(Follow(), SizeIs(::testing::Gt(0)));
  EXPECT_THAT(listener_.usernames, SizeIs(6));
}

// Files that were copied back by hand have the incarnation that they had, and
// after a while the sequence as well; but another event at the consumer's
// place.
TEST_F(RestoredFeedTest, Invariant22_FilesCopiedBackByHandAreNoticedToo) {
  Open();
  Grow(2);
  EXPECT_THAT(Follow(), SizeIs(Head()));
  Close();
  fs::copy(path_, copy_);
  Open();
  Grow(1);
  EXPECT_THAT(Follow(), SizeIs(::testing::Gt(0)));
  const feed::FeedPosition before = Position();
  Close();

  fs::remove_all(path_);
  fs::copy(copy_, path_);
  Open();
  ASSERT_LT(Head(), before.sequence());
  world_.clock.AdvanceTime(absl::Hours(1));
  Grow(3);
  ASSERT_GT(Head(), before.sequence());
  // It is not told the end of another story than the one that it knows.
  EXPECT_THAT(Follow(), IsEmpty());
  EXPECT_THAT(Position().lost(), HasSubstr("history"));
}

// A checkpoint is not mistaken for a store, so that the way by hand is shut.
TEST_F(RestoredFeedTest, B7_ACheckpointCopiedByHandIsNotOpened) {
  Open();
  Grow(1);
  ASSERT_OK(opened_->Checkpoint(copy_));
  Close();
  fs::remove_all(path_);
  fs::copy(copy_, path_);
  EXPECT_THAT(
      rollcall::store::OpenRocksDb(
          {.path = path_, .owner = "reconciliation", .min_free_bytes = 0}),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               std::string("STORE_IS_CHECKPOINT")));
}

}  // namespace
}  // namespace rollcall::reconciliation
