// The change feed, story by story (B7): snapshots, filters, following, limits,
// retention.
#include <atomic>
#include <functional>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/rpc/access_policy.h"
#include "common/store/proto_table.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/feed_consumers.h"
#include "services/reconciliation/feed_expiry.h"
#include "services/reconciliation/feed_streams.h"
#include "services/reconciliation/feed_watch.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/service.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using v1::WatchChangesResponse;

constexpr char kAccount[] = "accounts/acme";

rpc::Edge MakeEdge() {
  auto policy = rpc::AccessPolicy::ForServices(
      {"rollcall.reconciliation.v1.ReconciliationService"});
  EXPECT_OK(policy.status());
  return rpc::Edge(*std::move(policy), "test.rollcall",
                   "reconciliation.rollcall");
}

// `snapshot group`, `snapshot ada@a.test`, `complete`, `CREATED ada@a.test`,
// `group`, `purge`, `finished`, `progress`.
std::string TextOf(const WatchChangesResponse& response) {
  if (response.has_snapshot_group()) return "snapshot group";
  if (response.has_snapshot_user()) {
    return "snapshot " + response.snapshot_user().username();
  }
  if (response.snapshot_complete()) return "complete";
  if (!response.has_event()) return "progress";
  const v1::ChangeEvent& event = response.event();
  if (event.has_user_change()) {
    return v1::UserChange::Kind_Name(event.user_change().kind()) + " " +
           event.user_change().user().username();
  }
  if (event.has_user_purge()) return "purge";
  return event.has_run_finished() ? "finished" : "group";
}

class FeedTest : public ::testing::Test {
 protected:
  FeedTest() {
    world.tenant().AddGroup(1, "Sales");
    world.tenant().AddGroup(2, "Support");
    world.tenant().AddUser(10, "ada@a.test", {1});
    world.tenant().AddUser(11, "ben@a.test", {1, 2});
  }

  v1::WatchChangesRequest Request(const std::string& cursor = "") {
    v1::WatchChangesRequest request;
    request.set_parent(kAccount);
    request.set_cursor(cursor);
    return request;
  }
  v1::WatchChangesRequest Snapshot() {
    v1::WatchChangesRequest request = Request();
    request.set_snapshot(true);
    return request;
  }
  v1::WatchChangesRequest OfGroup(const std::string& name) {
    v1::WatchChangesRequest request = Request();
    request.add_groups(std::string(kAccount) + "/groups/" +
                       world.group(name).id);
    return request;
  }

  absl::Status Watch(const v1::WatchChangesRequest& request,
                     const std::function<bool(const WatchChangesResponse&)>& on,
                     const rpc::Caller& caller = {.spiffe_id = "somebody"}) {
    return service.WatchChanges(request,
                                rpc::Call{caller, [] { return false; }}, on);
  }
  // All there is; `last_cursor` is where to go on.
  std::vector<std::string> Read(const v1::WatchChangesRequest& request,
                                const rpc::Caller& caller = {
                                    .spiffe_id = "somebody"}) {
    std::vector<std::string> texts;
    EXPECT_OK(Watch(
        request,
        [&](const WatchChangesResponse& response) {
          texts.push_back(TextOf(response));
          last_cursor = response.cursor();
          return true;
        },
        caller));
    return texts;
  }

  void Expire() {
    while (true) {
      auto pace = expiry.RunOnce(world.clock.TimeNow());
      ASSERT_OK(pace.status());
      ASSERT_OK(CheckInvariants(*world.store, "acme"));
      if (*pace == Pace::kRest) return;
    }
  }

  World world;
  std::string last_cursor;
  std::atomic<bool> is_stopping = false;
  FeedExpiry expiry{*world.store, absl::Hours(24 * 30)};
  ReconciliationServiceImpl service{
      {.store = *world.store,
       .directory = world.directory_service,
       .board = world.board,
       .clock = world.clock,
       .make_id = [] { return "id"; },
       .on_run_started = [] {},
       .is_stopping = [this] { return is_stopping.load(); }},
      MakeEdge()};
};

TEST_F(FeedTest, B7_ASnapshotShowsWhatIsThenWhatHappens) {
  world.Sync();
  EXPECT_THAT(Read(Snapshot()),
              ::testing::UnorderedElementsAre(
                  "snapshot group", "snapshot group", "snapshot ada@a.test",
                  "snapshot ben@a.test", "complete"));
  world.tenant().UserAt(10).set_display_name("Ada");
  world.Sync();
  EXPECT_THAT(Read(Request(last_cursor)),
              ElementsAre("UPDATED ada@a.test", "finished"));
  EXPECT_THAT(Read(Request(last_cursor)), IsEmpty());
}

// The consumer dies after each response in turn, and rows change meanwhile.
TEST_F(FeedTest, B7_ASnapshotGoesOnInTheMiddle) {
  world.Sync();
  std::vector<std::string> texts;
  v1::WatchChangesRequest request = Snapshot();
  for (int n = 0; n < 20; ++n) {
    ASSERT_OK(Watch(request, [&](const WatchChangesResponse& response) {
      texts.push_back(TextOf(response));
      request.set_cursor(response.cursor());
      return false;
    }));
    world.tenant().UserAt(10).set_display_name("Ada " + std::to_string(n));
    if (n < 3) world.Sync();
  }
  ASSERT_THAT(texts, SizeIs(11));
  EXPECT_EQ(texts[4], "complete");
  // The changes since the beginning of the snapshot are told again.
  for (int n = 5; n < 11; ++n) {
    EXPECT_EQ(texts[n], n % 2 == 1 ? "UPDATED ada@a.test" : "finished") << n;
  }
}

// The store has lost what it had not made durable, and does not know: the same
// incarnation, as many events and more, but another one in the place.
TEST_F(FeedTest, Invariant22_ALostTailThatWasWrittenAnewIsNoticed) {
  world.Sync();
  std::vector<std::string> cursors;
  for (const v1::WatchChangesRequest& request :
       {Request(), Snapshot(), OfGroup("Support")}) {
    Read(request);
    cursors.push_back(last_cursor);
  }
  world.tenant().UserAt(10).set_display_name("Ada");
  world.Sync();
  ASSERT_OK_AND_ASSIGN(const auto row,
                       rollcall::store::GetMessage<store::EventRow>(
                           world.store->rows(), "acme", keys::Feed(5)));
  store::EventRow other = *row;
  other.mutable_event()->mutable_commit_time()->set_nanos(1);
  rollcall::store::Batch batch("acme");
  batch.Put(keys::Feed(5), rollcall::store::Serialize(other));
  ASSERT_OK(world.rows->Commit(batch));
  const auto lost =
      StatusIs(absl::StatusCode::kFailedPrecondition, "FEED_HISTORY_LOST");
  EXPECT_THAT(Watch(Request(cursors[0]), nullptr), lost);
  EXPECT_THAT(Watch(Request(cursors[1]), nullptr), lost);
  v1::WatchChangesRequest filtered = OfGroup("Support");
  filtered.set_cursor(cursors[2]);
  EXPECT_THAT(Watch(filtered, nullptr), lost);
}

// Nobody waits for a consumer: not a writer, and not the engine's snapshots.
TEST_F(FeedTest, B7_AWholeSyncFitsBetweenTwoResponses) {
  world.Sync();
  int responses = 0;
  ASSERT_OK(Watch(Snapshot(), [&](const WatchChangesResponse&) {
    world.tenant().UserAt(11).set_display_name(std::to_string(responses));
    if (++responses < 4) world.Sync();
    return true;
  }));
  EXPECT_EQ(world.user("ben@a.test").display_name, "2");
}

TEST_F(FeedTest, B7_PagesAreBounded) {
  for (int n = 20; n < 60; ++n) {
    world.tenant().AddUser(n, "user" + std::to_string(n) + "@a.test", {1});
  }
  world.Sync();
  FeedPlace place{.phase = FeedPlace::Phase::kGroups};
  place.sequence = *world.store->Feed("acme").HeadSequence();
  int told = 0;
  while (true) {
    ASSERT_OK_AND_ASSIGN(
        const FeedPage page,
        ReadFeedPage(*world.store, "acme", FeedFilter(), place, {.rows = 7}));
    EXPECT_LE(page.responses.size(), 7u);
    told += static_cast<int>(page.responses.size());
    place = page.next;
    if (page.is_last) break;
  }
  EXPECT_EQ(told, 2 + 42 + 1);
}

TEST_F(FeedTest, B7_WhoLeavesAGroupIsToldToItsFollowers) {
  world.Sync();
  EXPECT_THAT(Read(OfGroup("Support")),
              ElementsAre("group", "CREATED ben@a.test", "finished"));
  const std::string cursor = last_cursor;
  world.tenant().UserAt(11).clear_group_source_ids();
  world.tenant().AddUser(11, "ben@a.test", {1});
  world.Sync();
  world.tenant().UserAt(11).set_display_name("Ben");
  world.Sync();
  v1::WatchChangesRequest request = OfGroup("Support");
  request.set_cursor(cursor);
  std::vector<v1::ChangeEvent> events;
  ASSERT_OK(Watch(request, [&](const WatchChangesResponse& response) {
    if (response.event().has_user_change()) events.push_back(response.event());
    return true;
  }));
  ASSERT_THAT(events, SizeIs(1));  // Of the second change he is not told.
  EXPECT_THAT(events[0].user_change().left_groups(),
              ElementsAre(request.groups(0)));
  EXPECT_THAT(events[0].user_change().user().groups(), SizeIs(1));
}

TEST_F(FeedTest, B7_AFilterMovesTheCursorAllTheSame) {
  world.Sync();
  v1::WatchChangesRequest request = Request();
  request.add_kinds(v1::ChangeEvent::GROUP_DELETE);
  EXPECT_THAT(Read(request), ElementsAre("progress"));
  request.set_cursor(last_cursor);
  EXPECT_THAT(Read(request), IsEmpty());
  EXPECT_THAT(
      Watch(Request(last_cursor), nullptr),
      StatusIs(absl::StatusCode::kInvalidArgument, "CURSOR_FILTER_MISMATCH"));
  request.add_kinds(v1::ChangeEvent::RUN_FINISHED);
  EXPECT_THAT(
      Watch(request, nullptr),
      StatusIs(absl::StatusCode::kInvalidArgument, "CURSOR_FILTER_MISMATCH"));
}

TEST_F(FeedTest, B7_WhatIsNoFilterIsRefused) {
  v1::WatchChangesRequest request = Request();
  request.add_groups("accounts/other/groups/g1");
  EXPECT_THAT(Watch(request, nullptr),
              StatusIs(absl::StatusCode::kInvalidArgument, "PARENT_MISMATCH"));
  request.clear_groups();
  for (int n = 0; n <= 400; ++n) {
    request.add_groups("accounts/acme/groups/g" + std::to_string(n));
  }
  EXPECT_THAT(Watch(request, nullptr),
              StatusIs(absl::StatusCode::kInvalidArgument, "TOO_MANY_GROUPS"));
  request.clear_groups();
  request.add_kinds(v1::ChangeEvent::KIND_UNSPECIFIED);
  EXPECT_THAT(
      Watch(request, nullptr),
      StatusIs(absl::StatusCode::kInvalidArgument, "CHANGE_KIND_INVALID"));
}

TEST_F(FeedTest, B7_AFollowerIsToldWhatHappensUntilTheProcessEnds) {
  world.Sync();
  v1::WatchChangesRequest request = Request();
  request.set_follow(true);
  std::vector<std::string> texts;
  absl::Notification caught_up, told;
  std::thread follower([&] {
    EXPECT_OK(Watch(request, [&](const WatchChangesResponse& response) {
      texts.push_back(TextOf(response));
      if (texts.size() == 5) caught_up.Notify();
      if (texts.size() == 7) told.Notify();
      return true;
    }));
  });
  caught_up.WaitForNotification();
  world.tenant().UserAt(10).set_display_name("Ada");
  world.Sync();
  told.WaitForNotification();
  is_stopping = true;
  follower.join();
  EXPECT_EQ(texts[5], "UPDATED ada@a.test");
}

TEST_F(FeedTest, B7_AFollowerHasToComeBackAfterAMinute) {
  world.Sync();
  v1::WatchChangesRequest request = Request();
  request.set_follow(true);
  int responses = 0;
  EXPECT_OK(Watch(request, [&](const WatchChangesResponse&) {
    if (++responses == 5) world.clock.AdvanceTime(kMaxFollowing);
    return true;
  }));
  EXPECT_EQ(responses, 5);
}

TEST(FeedStreams, B7_OneCallerDoesNotTakeAllStreams) {
  FeedStreams streams("TOO_MANY_STREAMS", "streams of the feed");
  const auto refused =
      StatusIs(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS");
  std::list<FeedStreams::Place> places;
  const auto enter = [&](const std::string& caller) {
    auto place = streams.Enter(caller);
    if (place.ok()) places.push_back(*std::move(place));
    return place.status();
  };
  for (int n = 0; n < kMaxStreamsPerCaller; ++n) ASSERT_OK(enter("ada"));
  EXPECT_THAT(enter("ada"), refused);
  ASSERT_OK(enter("ben"));
  places.erase(places.begin());
  ASSERT_OK(enter("ada"));
  for (int n = kMaxStreamsPerCaller + 1; n < kMaxStreams; ++n) {
    ASSERT_OK(enter("caller" + std::to_string(n)));
  }
  EXPECT_THAT(enter("late"), refused);
  places.clear();
  EXPECT_OK(enter("late"));
}

TEST_F(FeedTest, B7_OldEventsGoWithTheirHistory) {
  world.Sync();
  Read(Request());
  const std::string after_first = last_cursor;
  world.clock.AdvanceTime(absl::Hours(24 * 30) - absl::Seconds(1));
  world.tenant().UserAt(10).set_display_name("Ada");
  world.Sync();
  Expire();
  EXPECT_THAT(Read(Request()), SizeIs(7));
  world.clock.AdvanceTime(absl::Seconds(1));
  Expire();
  EXPECT_THAT(
      Watch(Request(), nullptr),
      StatusIs(absl::StatusCode::kFailedPrecondition, "FEED_CURSOR_EXPIRED"));
  // Who has had the last of them misses nothing.
  EXPECT_THAT(Read(Request(after_first)), SizeIs(2));
  EXPECT_THAT(Read(Snapshot()), SizeIs(5));
  EXPECT_EQ(service.ListFeeds({})->feeds(0).first_sequence(), 6);
}

TEST_F(FeedTest, B7_LongFeedsAreDroppedInSteps) {
  for (int n = 0; n < 2 * FeedExpiry::kEventsPerBatch; ++n) {
    world.tenant().AddUser(100 + n, "user" + std::to_string(n) + "@a.test",
                           {1});
  }
  world.Sync();
  world.clock.AdvanceTime(absl::Hours(24 * 30));
  ASSERT_OK_AND_ASSIGN(const Pace pace, expiry.RunOnce(world.clock.TimeNow()));
  EXPECT_EQ(pace, Pace::kAgain);
  EXPECT_EQ(world.store->Feed("acme").Bounds()->dropped_sequence,
            FeedExpiry::kEventsPerBatch);
  Expire();
  const FeedBounds bounds = *world.store->Feed("acme").Bounds();
  EXPECT_EQ(bounds.dropped_sequence, bounds.head_sequence);
}

TEST_F(FeedTest, B7_NothingIsDroppedThatAServiceOfOursHasNotTaken) {
  const rpc::Caller trash{.spiffe_id = "trash", .service = "trash"};
  world.Sync();
  Read(Request(), trash);  // Begins to read: it has stored nothing yet.
  world.clock.AdvanceTime(absl::Hours(24 * 31));
  Expire();
  EXPECT_THAT(Read(Request()), SizeIs(5));
  Read(Request(last_cursor), trash);  // Has stored it all.
  Expire();
  EXPECT_EQ(world.store->Feed("acme").Bounds()->dropped_sequence, 5);
  // It went back to an older copy of its store: what is left is kept for it.
  ASSERT_OK(
      NoteConsumer(*world.store, "acme", "trash", 2, world.clock.TimeNow()));
  EXPECT_EQ(ListConsumers(world.store->rows(), "acme")->at(0).sequence, 2);
}

TEST_F(FeedTest, B7_AServiceThatIsGoneIsNotWaitedForForever) {
  world.Sync();
  const rpc::Caller trash{.spiffe_id = "trash", .service = "trash"};
  Read(Request(), trash);
  absl::Duration waited;
  for (; waited < kConsumerPatience; waited += kSilenceTick) {
    world.clock.AdvanceTime(kSilenceTick);
    ASSERT_OK(expiry.RunOnce(world.clock.TimeNow()).status());
  }
  EXPECT_EQ(world.store->Feed("acme").Bounds()->dropped_sequence, 0);
  world.clock.AdvanceTime(kSilenceTick);
  Expire();
  Expire();
  EXPECT_EQ(world.store->Feed("acme").Bounds()->dropped_sequence, 5);
}

// It may have been ten years, or the clock is wrong: who was not seen to be
// silent for so long may still come.
TEST_F(FeedTest, B7_AJumpOfTheClockDropsNothingThatAServiceOfOursHasNotTaken) {
  world.Sync();
  const rpc::Caller trash{.spiffe_id = "trash", .service = "trash"};
  Read(Request(), trash);
  for (int n = 0; n < 20; ++n) {
    world.clock.AdvanceTime(n % 2 == 0 ? absl::Hours(24 * 3650)
                                       : -absl::Hours(24 * 3640));
    Expire();
  }
  EXPECT_THAT(Read(Request(), trash), SizeIs(5));
  ASSERT_OK_AND_ASSIGN(const std::vector<FeedConsumer> consumers,
                       ListConsumers(world.store->rows(), "acme"));
  EXPECT_LE(consumers.at(0).silence, 20 * kSilenceTick);
}

// Nothing grows without end: who is too slow for what may be kept is told.
TEST_F(FeedTest, B7_MoreEventsThanAnAccountMayHaveAreNotKeptForAnybody) {
  const rpc::Caller trash{.spiffe_id = "trash", .service = "trash"};
  world.Sync();
  Read(Request(), trash);
  FeedExpiry small(*world.store, absl::Hours(24 * 30), /*max_events=*/5);
  ASSERT_OK(small.RunOnce(world.clock.TimeNow()).status());
  EXPECT_EQ(world.store->Feed("acme").Bounds()->dropped_sequence, 0);
  world.tenant().UserAt(10).set_display_name("Ada");
  world.Sync();
  ASSERT_OK(small.RunOnce(world.clock.TimeNow()).status());
  ASSERT_OK(CheckInvariants(*world.store, "acme"));
  EXPECT_EQ(world.store->Feed("acme").Bounds()->dropped_sequence, 2);
  const auto expired =
      StatusIs(absl::StatusCode::kFailedPrecondition, "FEED_CURSOR_EXPIRED");
  EXPECT_THAT(Watch(Request(), nullptr, trash), expired);
  EXPECT_THAT(Read(Snapshot(), trash), SizeIs(5));
}

}  // namespace
}  // namespace rollcall::reconciliation
