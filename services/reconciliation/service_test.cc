// The two services and the worker behind them, without a network.
#include "services/reconciliation/service.h"

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/rpc/access_policy.h"
#include "common/status/errors.h"
#include "common/store/proto_table.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/identity_reader.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/user_service.h"
#include "services/reconciliation/worker.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kDirectory[] = "accounts/acme/directories/d1";
constexpr char kRequest[] = "6b1f8a52-0c1d-4e53-9a57-2f7a0e7f3c11";

rpc::Edge MakeEdge() {
  auto policy = rpc::AccessPolicy::ForServices(
      {"rollcall.reconciliation.v1.ReconciliationService",
       "rollcall.reconciliation.v1.UserService"});
  EXPECT_OK(policy.status());
  return rpc::Edge(*std::move(policy), "test.rollcall",
                   "reconciliation.rollcall");
}

// Lets something happen between the first look at a store and the second.
class Interrupted : public rollcall::store::Reader {
 public:
  Interrupted(const rollcall::store::Reader& base, std::function<void()> event)
      : base_(base), event_(std::move(event)) {}

  absl::StatusOr<absl::optional<std::string>> Get(
      absl::string_view partition, absl::string_view key) const override {
    auto value = base_.Get(partition, key);
    if (event_ != nullptr) std::exchange(event_, nullptr)();
    return value;
  }
  std::unique_ptr<rollcall::store::Cursor> Scan(
      absl::string_view partition,
      const rollcall::store::KeyRange& range) const override {
    return base_.Scan(partition, range);
  }
  absl::StatusOr<std::vector<std::string>> ListPartitions(
      absl::string_view after, int limit) const override {
    return base_.ListPartitions(after, limit);
  }

 private:
  const rollcall::store::Reader& base_;
  mutable std::function<void()> event_;
};

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {
    world.tenant().AddGroup(1, "Sales");
    world.tenant().AddUser(10, "ada@a.test", {1});
    world.tenant().AddUser(11, "ben@a.test", {1});
  }

  std::string MakeId() { return "id" + std::to_string(++ids); }

  absl::StatusOr<v1::Run> Create(const std::string& run_id = "",
                                 const std::string& request_id = "") {
    v1::CreateRunRequest request;
    request.set_parent(kDirectory);
    request.set_run_id(run_id);
    request.set_request_id(request_id);
    request.mutable_run()->set_kind(v1::Run::FULL);
    return runs.CreateRun(request);
  }

  v1::Run Get(const std::string& name) {
    v1::GetRunRequest request;
    request.set_name(name);
    return *runs.GetRun(request);
  }

  // Works until there is nothing to do.
  void Work() {
    auto pace = worker.RunOnce(world.clock.TimeNow());
    while (pace.ok() && *pace == Pace::kAgain) {
      pace = worker.RunOnce(world.clock.TimeNow());
    }
    EXPECT_OK(pace.status());
  }

  absl::StatusOr<v1::CheckAccessResponse> CheckAccess(
      const std::string& username) {
    v1::CheckAccessRequest request;
    request.set_parent("accounts/acme");
    request.set_username(username);
    return users.CheckAccess(request);
  }

  absl::StatusOr<v1::User> Lookup(const std::string& username) {
    v1::LookupUserRequest request;
    request.set_parent("accounts/acme");
    request.set_username(username);
    return users.LookupUser(request);
  }

  absl::StatusOr<std::vector<v1::WatchChangesResponse>> Watch(
      const std::string& cursor) {
    v1::WatchChangesRequest request;
    request.set_parent("accounts/acme");
    request.set_cursor(cursor);
    std::vector<v1::WatchChangesResponse> changes;
    const rpc::Caller caller{.spiffe_id = "spiffe://test/somebody"};
    absl::Status status =
        runs.WatchChanges(request, rpc::Call{caller, [] { return false; }},
                          [&](const v1::WatchChangesResponse& change) {
                            changes.push_back(change);
                            return true;
                          });
    if (!status.ok()) return status;
    return changes;
  }

  World world;
  int ids = 0;
  int nudges = 0;
  ReconciliationServiceImpl runs{{.store = *world.store,
                                  .directory = world.directory_service,
                                  .board = world.board,
                                  .clock = world.clock,
                                  .make_id = [this] { return MakeId(); },
                                  .on_run_started = [this] { ++nudges; }},
                                 MakeEdge()};
  UserServiceImpl users{{.store = *world.store,
                         .directory = world.directory_service,
                         .clock = world.clock,
                         .make_id = [this] { return MakeId(); }},
                        MakeEdge()};
  RunDesk desk;
  RunWorker worker{{.store = *world.store,
                    .directory = world.directory_service,
                    .board = world.board,
                    .clock = world.clock,
                    .make_id = [this] { return MakeId(); }},
                   desk};
};

TEST_F(ServiceTest, R66_CreateRunAnswersAtOnceAndTheWorkerCarriesItOut) {
  ASSERT_OK_AND_ASSIGN(const v1::Run run, Create("first"));
  EXPECT_EQ(run.name(), "accounts/acme/directories/d1/runs/first");
  EXPECT_EQ(run.state(), v1::Run::RUNNING);
  EXPECT_EQ(nudges, 1);
  Work();
  EXPECT_EQ(Get(run.name()).state(), v1::Run::SUCCEEDED);
  EXPECT_THAT(Create("first"),
              StatusIs(absl::StatusCode::kAlreadyExists, "RUN_EXISTS"));
}

TEST_F(ServiceTest, R69_ARequestDuringARunGetsThatRun) {
  ASSERT_OK_AND_ASSIGN(const v1::Run first, Create());
  ASSERT_OK_AND_ASSIGN(const v1::Run second, Create("other"));
  EXPECT_EQ(second.name(), first.name());
  Work();
  ASSERT_OK_AND_ASSIGN(const v1::Run third, Create());
  EXPECT_NE(third.name(), first.name());
}

TEST_F(ServiceTest, R69_TheSameRequestGetsTheSameRunForADay) {
  ASSERT_OK_AND_ASSIGN(const v1::Run first, Create("", kRequest));
  Work();
  world.clock.AdvanceTime(kRequestRetention - absl::Seconds(1));
  ASSERT_OK_AND_ASSIGN(const v1::Run again, Create("", kRequest));
  EXPECT_EQ(again.name(), first.name());
  EXPECT_EQ(again.state(), v1::Run::SUCCEEDED);
  EXPECT_THAT(
      Create("", "no-uuid"),
      StatusIs(absl::StatusCode::kInvalidArgument, "REQUEST_ID_INVALID"));
}

TEST_F(ServiceTest,
       R13_A10_WhatCannotBeSynchronizedIsRefusedAndChangesNothing) {
  using directory::v1::Directory;
  world.tenant().state = Directory::REAUTHORIZATION_REQUIRED;
  EXPECT_THAT(Create(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                 "REAUTHORIZATION_REQUIRED"));
  world.tenant().state = Directory::SETUP_INCOMPLETE;
  EXPECT_THAT(Create(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                 "DIRECTORY_SETUP_INCOMPLETE"));
  v1::ListRunsRequest list;
  list.set_parent(kDirectory);
  EXPECT_THAT(runs.ListRuns(list)->runs(), IsEmpty());
  // A vanished group does not keep the others from being synchronized (A7).
  world.tenant().state = Directory::NEEDS_ATTENTION;
  EXPECT_OK(Create());
}

TEST_F(ServiceTest, ListRunsPagesFromTheNewestOn) {
  for (const char* id : {"one", "two", "three"}) {
    ASSERT_OK(Create(id));
    Work();
    world.clock.AdvanceTime(absl::Seconds(1));
  }
  v1::ListRunsRequest request;
  request.set_parent(kDirectory);
  request.set_page_size(2);
  ASSERT_OK_AND_ASSIGN(v1::ListRunsResponse page, runs.ListRuns(request));
  ASSERT_THAT(page.runs(), SizeIs(2));
  EXPECT_THAT(page.runs(0).name(), ::testing::EndsWith("three"));
  EXPECT_THAT(page.runs(1).name(), ::testing::EndsWith("two"));
  request.set_page_token(page.next_page_token());
  ASSERT_OK_AND_ASSIGN(page, runs.ListRuns(request));
  ASSERT_THAT(page.runs(), SizeIs(1));
  EXPECT_THAT(page.next_page_token(), IsEmpty());
}

// A run may have a sentence about each of very many groups.
TEST_F(ServiceTest, PagesOfRunsAreBoundedInBytesToo) {
  for (const char* id : {"one", "two", "three"}) {
    ASSERT_OK(Create(id));
    Work();
    world.clock.AdvanceTime(absl::Seconds(1));
    ASSERT_OK_AND_ASSIGN(auto transaction, world.store->Begin("acme"));
    store::RunRow row;
    *row.mutable_run() = Get(absl::StrCat(kDirectory, "/runs/", id));
    row.mutable_run()->add_problems()->set_message(std::string(900'000, 'x'));
    transaction->Put(keys::Run("d1", id), row);
    ASSERT_OK(transaction->Commit());
  }
  v1::ListRunsRequest request;
  request.set_parent(kDirectory);
  ASSERT_OK_AND_ASSIGN(v1::ListRunsResponse page, runs.ListRuns(request));
  EXPECT_THAT(page.runs(), SizeIs(2));
  request.set_page_token(page.next_page_token());
  ASSERT_OK_AND_ASSIGN(page, runs.ListRuns(request));
  ASSERT_THAT(page.runs(), SizeIs(1));
  EXPECT_THAT(page.runs(0).name(), ::testing::EndsWith("one"));
  EXPECT_THAT(page.next_page_token(), IsEmpty());
}

// Whoever cancels a run that was to make something good does not want it now,
// but it is still to be made good.
TEST_F(ServiceTest, R30_B6_WhatACancelledRunWasToMakeGoodStaysDue) {
  const auto full_retry = [&] {
    return world.store->Runs("acme").GetDirectory("d1")->full_retry_nanos();
  };
  ASSERT_OK(Create("one"));
  ASSERT_OK(RequestCancel(
      *RunName::Parse(absl::StrCat(kDirectory, "/runs/one")), *world.store));
  Work();
  EXPECT_EQ(full_retry(), 0);  // Nothing was.
  {
    ASSERT_OK_AND_ASSIGN(auto transaction, world.store->Begin("acme"));
    ASSERT_OK_AND_ASSIGN(store::DirectoryRow row,
                         transaction->runs().GetDirectory("d1"));
    row.set_full_retry_nanos(absl::ToUnixNanos(world.clock.TimeNow()));
    transaction->Put(keys::Directory("d1"), row);
    ASSERT_OK(transaction->Commit());
  }
  ASSERT_OK(Create("two"));
  ASSERT_OK(RequestCancel(
      *RunName::Parse(absl::StrCat(kDirectory, "/runs/two")), *world.store));
  Work();
  EXPECT_EQ(Get(absl::StrCat(kDirectory, "/runs/two")).state(),
            v1::Run::CANCELLED);
  EXPECT_GT(full_retry(), absl::ToUnixNanos(world.clock.TimeNow()));
}

TEST_F(ServiceTest, R67_WatchRunShowsARunToItsEnd) {
  ASSERT_OK_AND_ASSIGN(const v1::Run run, Create());
  std::vector<v1::Run> shown;
  absl::Notification watching;
  std::thread watcher([&] {
    v1::WatchRunRequest request;
    request.set_name(run.name());
    EXPECT_OK(runs.WatchRun(
        request, "somebody", [] { return false; },
        [&](const v1::Run& state) {
          shown.push_back(state);
          if (shown.size() == 1) watching.Notify();
          return true;
        }));
  });
  watching.WaitForNotification();
  Work();
  watcher.join();
  EXPECT_EQ(shown.front().state(), v1::Run::RUNNING);
  EXPECT_EQ(shown.back().state(), v1::Run::SUCCEEDED);
  for (size_t i = 1; i < shown.size(); ++i) {
    EXPECT_GE(shown[i].phase(), shown[i - 1].phase());
  }
  EXPECT_EQ(shown.back().SerializeAsString().size(),
            Get(run.name()).SerializeAsString().size());
}

// Whether a caller may watch is decided when the call comes.
TEST_F(ServiceTest, R67_AWatcherHasToComeBackAfterAMinute) {
  ASSERT_OK_AND_ASSIGN(const v1::Run run, Create());
  v1::WatchRunRequest request;
  request.set_name(run.name());
  int looks = 0;
  EXPECT_OK(runs.WatchRun(
      request, "somebody", [&] { return ++looks > 3; },
      [&](const v1::Run&) {
        world.clock.AdvanceTime(absl::Minutes(1));
        return true;
      }));
  EXPECT_EQ(looks, 1);
}

// Each watcher holds a thread: one caller leaves some for others, and all of
// them leave some for other calls.
TEST_F(ServiceTest, R67_WatchersAreLimited) {
  ASSERT_OK_AND_ASSIGN(const v1::Run run, Create());
  v1::WatchRunRequest request;
  request.set_name(run.name());
  int watchers = 0;
  absl::Status refused;
  std::function<std::string()> next_caller = [] { return "one"; };
  std::function<void()> watch = [&] {
    ++watchers;
    const absl::Status status = runs.WatchRun(
        request, next_caller(), [] { return false; },
        [&](const v1::Run&) {
          watch();
          return false;
        });
    if (!status.ok()) refused = status;
  };
  watch();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted,
                                "TOO_MANY_WATCHERS"));
  EXPECT_EQ(watchers, kMaxStreamsPerCaller + 1);
  watchers = 0;
  watch();  // They have left.
  EXPECT_EQ(watchers, kMaxStreamsPerCaller + 1);
  watchers = 0;
  next_caller = [&] { return absl::StrCat("caller ", watchers); };
  watch();
  EXPECT_EQ(watchers, kMaxStreams + 1);
}

TEST_F(ServiceTest, B12_TheWorkerTriesAgainWhenItIsTimeAndNotBefore) {
  ASSERT_OK_AND_ASSIGN(const v1::Run run, Create());
  world.directory_service.break_error = absl::UnavailableError("away");
  world.directory_service.breaks_left = 1;
  Work();
  EXPECT_EQ(Get(run.name()).state(), v1::Run::RUNNING);
  EXPECT_EQ(world.directory_service.streams_opened(), 1);
  Work();
  EXPECT_EQ(world.directory_service.streams_opened(), 1);
  world.clock.AdvanceTime(absl::Minutes(1));
  Work();
  EXPECT_EQ(Get(run.name()).state(), v1::Run::SUCCEEDED);
}

TEST_F(ServiceTest, B12_ARunThatCannotBeReadDoesNotHoldTheOthersUp) {
  ASSERT_OK_AND_ASSIGN(const v1::Run run, Create());
  rollcall::store::Batch damage("aaa");
  store::RunningRow lost;
  lost.set_run("lost");
  damage.Put(keys::Running("d1"), rollcall::store::Serialize(lost));
  ASSERT_OK(world.rows->Commit(damage));
  EXPECT_THAT(worker.RunOnce(world.clock.TimeNow()),
              StatusIs(absl::StatusCode::kNotFound, "RUN_NOT_FOUND"));
  EXPECT_EQ(Get(run.name()).state(), v1::Run::SUCCEEDED);
}

TEST_F(ServiceTest, B7_TheFeedIsReadFromACursorOnToItsEnd) {
  EXPECT_THAT(*Watch(""), IsEmpty());
  ASSERT_OK(Create());
  Work();
  ASSERT_OK_AND_ASSIGN(const auto all, Watch(""));
  ASSERT_THAT(all, SizeIs(4));
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].event().sequence(), static_cast<int64_t>(i) + 1);
    EXPECT_THAT(all[i].cursor(), StartsWith(all[i].event().event_id() + "~c"));
  }
  ASSERT_OK_AND_ASSIGN(const auto rest, Watch(all[1].cursor()));
  ASSERT_THAT(rest, SizeIs(2));
  EXPECT_EQ(rest[0].event().event_id(), all[2].event().event_id());
  EXPECT_TRUE(rest[1].event().has_run_finished());  // R70
  EXPECT_THAT(*Watch(all[3].cursor()), IsEmpty());

  ASSERT_OK_AND_ASSIGN(const v1::ListFeedsResponse feeds,
                       runs.ListFeeds(v1::ListFeedsRequest()));
  ASSERT_THAT(feeds.feeds(), SizeIs(1));
  EXPECT_EQ(feeds.feeds(0).account(), "accounts/acme");
  EXPECT_EQ(feeds.feeds(0).head_sequence(), 4);
  EXPECT_EQ(feeds.feeds(0).incarnation(), world.rows->incarnation());
}

TEST_F(ServiceTest, B7_AFeedWithoutItsLastEventsIsAnError) {
  ASSERT_OK(Create());
  Work();
  rollcall::store::Batch damage("acme");
  damage.Delete(keys::Feed(4));
  ASSERT_OK(world.rows->Commit(damage));
  EXPECT_THAT(Watch(""), StatusIs(absl::StatusCode::kDataLoss, "FEED_GAP"));
}

TEST_F(ServiceTest, B7_ALostHistoryIsNoticed) {
  ASSERT_OK(Create());
  Work();
  const std::string incarnation = world.rows->incarnation();
  for (const char* lost : {"other-1", "other-0"}) {
    EXPECT_THAT(Watch(lost), StatusIs(absl::StatusCode::kFailedPrecondition,
                                      "FEED_HISTORY_LOST"));
  }
  EXPECT_THAT(
      Watch(incarnation + "-5"),
      StatusIs(absl::StatusCode::kFailedPrecondition, "FEED_HISTORY_LOST"));
  EXPECT_THAT(Watch("nonsense"),
              StatusIs(absl::StatusCode::kInvalidArgument, "CURSOR_INVALID"));
}

TEST_F(ServiceTest, B13_R57_CheckAccessFollowsTheUsersLife) {
  EXPECT_EQ(CheckAccess("ada@a.test")->reason(), "USER_UNKNOWN");
  ASSERT_OK(Create());
  Work();
  ASSERT_OK_AND_ASSIGN(v1::CheckAccessResponse answer,
                       CheckAccess("ADA@a.test"));  // R37
  EXPECT_EQ(answer.decision(), v1::CheckAccessResponse::ENROLL_FIRST);
  EXPECT_EQ(answer.user(), Lookup("ada@a.test")->name());

  Group sales = world.group("Sales");
  sales.status = GroupStatus::kDisabled;
  world.PutGroup(sales);
  ASSERT_OK_AND_ASSIGN(answer, CheckAccess("ada@a.test"));
  EXPECT_EQ(answer.reason(), "GROUP_DISABLED");  // R53
  EXPECT_EQ(answer.group(), "accounts/acme/groups/" + sales.id);

  world.tenant().RemoveUser(10);
  ASSERT_OK(Create());
  Work();
  EXPECT_EQ(CheckAccess("ada@a.test")->reason(), "USER_PENDING_DELETION");
}

// The lost group may be one that is disabled.
TEST_F(ServiceTest, R53_NobodyIsLetInBecauseAGroupIsLost) {
  ASSERT_OK(Create());
  Work();
  rollcall::store::Batch damage("acme");
  damage.Delete(keys::Group(world.group("Sales").id));
  ASSERT_OK(world.rows->Commit(damage));
  EXPECT_THAT(CheckAccess("ada@a.test"),
              StatusIs(absl::StatusCode::kDataLoss, "GROUP_UNKNOWN"));
}

TEST_F(ServiceTest, R58_A26_ATrashedUserIsShownAndNotBilled) {
  ASSERT_OK(Create());
  Work();
  EXPECT_TRUE(Lookup("ada@a.test")->billable());
  world.tenant().RemoveUser(10);
  ASSERT_OK(Create());
  Work();
  ASSERT_OK_AND_ASSIGN(const v1::User ada, Lookup("ada@a.test"));
  EXPECT_EQ(ada.state(), v1::User::PENDING_DELETION);
  EXPECT_FALSE(ada.billable());
  EXPECT_TRUE(ada.has_delete_time());
}

TEST_F(ServiceTest, R60_R64_PurgeIsFencedAndFinal) {
  ASSERT_OK(Create());
  Work();
  const std::string name = Lookup("ada@a.test")->name();
  v1::PurgeUserRequest purge;
  purge.set_name(name);
  purge.set_deletion_epoch(1);
  EXPECT_THAT(
      users.PurgeUser(purge),
      StatusIs(absl::StatusCode::kFailedPrecondition, "DELETION_SUPERSEDED"));
  world.tenant().RemoveUser(10);
  ASSERT_OK(Create());
  Work();
  purge.set_deletion_epoch(0);
  EXPECT_THAT(
      users.PurgeUser(purge),
      StatusIs(absl::StatusCode::kFailedPrecondition, "DELETION_SUPERSEDED"));
  purge.set_deletion_epoch(1);
  EXPECT_TRUE(users.PurgeUser(purge)->purged());
  EXPECT_FALSE(users.PurgeUser(purge)->purged());
  EXPECT_EQ(world.Events().back().user_purge().name(), name);
  EXPECT_EQ(world.Events().back().rule(), "R60");
  EXPECT_OK(CheckInvariants(*world.store, "acme"));

  world.tenant().AddUser(10, "ada@a.test", {1});
  ASSERT_OK_AND_ASSIGN(const v1::Run run, Create());
  Work();
  EXPECT_EQ(Get(run.name()).counters().users_created(), 1);
  EXPECT_NE(Lookup("ada@a.test")->name(), name);
}

// A sync has created ada and was undone: to delete it would let the next sync
// create it anew, with a mail.
TEST_F(ServiceTest, R60_B5_B3_WhomAnUndoneRunHasTrashedIsKeptForAPlan) {
  ASSERT_OK_AND_ASSIGN(const v1::Run run, Create());
  Work();
  const std::string name = Lookup("ada@a.test")->name();
  world.Revert(Get(run.name()));
  ASSERT_EQ(Lookup("ada@a.test")->state(), v1::User::PENDING_DELETION);
  world.clock.AdvanceTime(absl::Hours(24 * 7));
  v1::PurgeUserRequest purge;
  purge.set_name(name);
  purge.set_deletion_epoch(1);
  EXPECT_THAT(users.PurgeUser(purge),
              StatusIs(absl::StatusCode::kFailedPrecondition, "PURGE_PINNED"));
  world.directory_service.look_error = absl::UnavailableError("away");
  EXPECT_THAT(
      users.PurgeUser(purge),
      StatusIs(absl::StatusCode::kFailedPrecondition, "PURGE_UNPROVEN"));
  world.directory_service.look_error = absl::OkStatus();
  // The days hold as soon as the source does not have it any more.
  world.tenant().MoveOutside(10);
  EXPECT_TRUE(users.PurgeUser(purge)->purged());
}

// The source has the last word (invariants 9 to 11), unless a person has it.
TEST_F(ServiceTest, R60_R62_B3_WhoIsNotProvedGoneIsNotPurgedByTheClock) {
  ASSERT_OK(Create());
  Work();
  const auto ada = world.tenant().UserAt(10);
  world.tenant().RemoveUser(10);
  ASSERT_OK(Create());
  Work();
  v1::PurgeUserRequest purge;
  purge.set_name(Lookup("ada@a.test")->name());
  purge.set_deletion_epoch(1);
  const auto refused =
      StatusIs(absl::StatusCode::kFailedPrecondition, "PURGE_UNPROVEN");

  world.tenant().users[SourceId(10)] = ada;  // No sync has seen it yet.
  EXPECT_THAT(users.PurgeUser(purge), refused);
  world.tenant().MoveOutside(10);
  world.tenant().look_complete = false;
  EXPECT_THAT(users.PurgeUser(purge), refused);
  world.tenant().look_complete = true;
  world.directory_service.look_error = absl::UnavailableError("away");
  EXPECT_THAT(users.PurgeUser(purge), refused);
  world.directory_service.look_error = absl::OkStatus();
  world.directory_service.read_seconds += 100;
  ASSERT_OK(users.PurgeUser(purge));
  EXPECT_FALSE(world.FindUser("ada@a.test").has_value());
  EXPECT_EQ(world.Events().back().evidence().read_time().seconds(),
            world.directory_service.read_seconds);
}

TEST_F(ServiceTest, R60_R62_WhomNobodyCanBeAskedAboutIsPurged) {
  for (const bool by_hand : {true, false}) {
    world.tenant().AddUser(10, "ada@a.test", {1});
    ASSERT_OK(Create());
    Work();
    world.tenant().RemoveUser(10);
    ASSERT_OK(Create());
    Work();
    v1::PurgeUserRequest purge;
    purge.set_name(Lookup("ada@a.test")->name());
    purge.set_deletion_epoch(1);
    world.directory_service.look_error = absl::UnavailableError("away");
    if (by_hand) {
      purge.set_actor("spiffe://test/account/acme/role/owner/olga");
    } else {
      world.tenant().state = directory::v1::Directory::DELETED;
    }
    EXPECT_OK(users.PurgeUser(purge));
    world.directory_service.look_error = absl::OkStatus();
  }
}

TEST_F(ServiceTest, R62_B4_APurgeByHandNamesWhoAndTheRule) {
  ASSERT_OK(Create());
  Work();
  world.tenant().RemoveUser(10);
  ASSERT_OK(Create());
  Work();
  v1::PurgeUserRequest purge;
  purge.set_name(Lookup("ada@a.test")->name());
  purge.set_deletion_epoch(1);
  purge.set_actor("spiffe://test/account/acme/role/owner/olga");
  ASSERT_OK(users.PurgeUser(purge));
  EXPECT_EQ(world.Events().back().rule(), "R62");
  EXPECT_EQ(world.Events().back().actor(), purge.actor());
}

TEST_F(ServiceTest, R60_AUserWhoIsPurgedWhileLookedUpIsUnknownNotDamaged) {
  ASSERT_OK(Create());
  Work();
  world.tenant().RemoveUser(10);
  ASSERT_OK(Create());
  Work();
  v1::PurgeUserRequest purge;
  purge.set_name(Lookup("ada@a.test")->name());
  purge.set_deletion_epoch(1);
  const Interrupted reader(*world.rows,
                           [&] { EXPECT_OK(users.PurgeUser(purge)); });
  ASSERT_OK_AND_ASSIGN(
      const auto found,
      IdentityReader(reader, "acme").FindUserByUsername("ada@a.test"));
  EXPECT_FALSE(found.has_value());
}

TEST_F(ServiceTest, ListsArePagedInOrder) {
  ASSERT_OK(Create());
  Work();
  v1::ListUsersRequest request;
  request.set_parent("accounts/acme");
  request.set_page_size(1);
  std::vector<std::string> names;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const v1::ListUsersResponse page,
                         users.ListUsers(request));
    if (page.users().empty()) break;
    names.push_back(page.users(0).name());
    if (page.next_page_token().empty()) break;
    request.set_page_token(page.next_page_token());
  }
  ASSERT_THAT(names, SizeIs(2));
  EXPECT_LT(names[0], names[1]);

  v1::ListGroupsRequest groups;
  groups.set_parent("accounts/acme");
  ASSERT_OK_AND_ASSIGN(const v1::ListGroupsResponse listed,
                       users.ListGroups(groups));
  ASSERT_THAT(listed.groups(), SizeIs(1));
  v1::ListGroupMembersRequest members;
  members.set_parent(listed.groups(0).name());
  EXPECT_THAT(users.ListGroupMembers(members)->users(),
              ElementsAre(names[0], names[1]));
  v1::GetUserRequest get;
  get.set_name("accounts/acme/users/nobody");
  EXPECT_THAT(users.GetUser(get),
              StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
}

}  // namespace
}  // namespace rollcall::reconciliation
