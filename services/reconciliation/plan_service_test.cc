// The methods for plans and undoing, as a caller sees them (B1, B5).
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/rpc/access_policy.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/changed_world.h"
#include "services/reconciliation/plan_sweeper.h"
#include "services/reconciliation/service.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

rpc::Edge MakeEdge() {
  return rpc::Edge(*rpc::AccessPolicy::ForServices(
                       {"rollcall.reconciliation.v1.ReconciliationService"}),
                   "test", "reconciliation.rollcall");
}

struct Served {
  explicit Served(World& the_world) : world(the_world) {}

  absl::StatusOr<v1::Run> Create(bool plan_only,
                                 v1::Run::Kind kind = v1::Run::FULL) {
    v1::CreateRunRequest request;
    request.set_parent("accounts/acme/directories/d1");
    request.mutable_run()->set_kind(kind);
    request.mutable_run()->set_plan_only(plan_only);
    return service.CreateRun(request);
  }
  v1::Run Carry(const v1::Run& run) {
    const RunName name = *RunName::Parse(run.name());
    EXPECT_OK(world.Carry(name));
    return world.Find(name);
  }
  absl::StatusOr<v1::Run> Apply(const v1::Run& plan) {
    v1::ApplyPlanRequest request;
    request.set_name(plan.name());
    return service.ApplyPlan(request);
  }

  World& world;
  ReconciliationServiceImpl service{{.store = *world.store,
                                     .directory = world.directory_service,
                                     .board = world.board,
                                     .clock = world.clock,
                                     .make_id = world.Options().make_id,
                                     .on_run_started = [] {}},
                                    MakeEdge()};
};

// `user new20@a.test: CREATE JOIN_GROUPS`, and `mail` if one is due.
std::string Text(const v1::PlannedChange& change) {
  std::vector<std::string> words;
  for (const int kind : change.kinds()) {
    words.push_back(v1::PlannedChange::Kind_Name(
        static_cast<v1::PlannedChange::Kind>(kind)));
  }
  if (change.enrollment_mail_due()) words.push_back("mail");
  const std::string name =
      change.has_user_after()
          ? absl::StrCat("user ", change.user_after().username())
          : absl::StrCat("group ", change.group_after().display_name());
  return absl::StrCat(name, ": ", absl::StrJoin(words, " "));
}

TEST(PlanService, B1_ListsWhatWouldHappenToEachObjectPageByPage) {
  auto world = ChangedWorld();
  Served served(*world);
  ASSERT_OK_AND_ASSIGN(const v1::Run run, served.Create(/*plan_only=*/true));
  EXPECT_TRUE(run.plan_only());
  const v1::Run plan = served.Carry(run);

  std::vector<std::string> texts;
  v1::ListPlannedChangesRequest request;
  request.set_parent(plan.name());
  request.set_page_size(4);
  do {
    ASSERT_OK_AND_ASSIGN(const auto page,
                         served.service.ListPlannedChanges(request));
    EXPECT_LE(page.planned_changes_size(), 4);
    for (const v1::PlannedChange& change : page.planned_changes()) {
      EXPECT_GT(change.rules_size() + change.has_group_after(), 0);
      texts.push_back(Text(change));
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(texts,
              IsSupersetOf({"group Taken: ADOPT", "group Old: RELEASE",
                            "user new20: CREATE JOIN_GROUPS",
                            "user user12: RENAME LEAVE_GROUPS ENABLE",
                            "user user13: RENAME LEAVE_GROUPS DISABLE"}));
  EXPECT_THAT(absl::StrJoin(texts, "\n"),
              ::testing::AllOf(::testing::HasSubstr("TRASH"),
                               ::testing::HasSubstr("RESTORE"),
                               ::testing::HasSubstr("MERGE")));
}

TEST(PlanService, B1_SaysWhoWouldBeMailedAndWhatTheUserWas) {
  World world;
  world.tenant().mail = true;
  world.tenant().AddGroup(1, "Sales");
  world.tenant().AddUser(10, "ada@a.test", {1}).set_email("ada@a.test");
  world.Sync();
  world.tenant().UserAt(10).set_email("ada@new.test");
  Served served(world);
  const v1::Run plan = served.Carry(*served.Create(true));
  v1::ListPlannedChangesRequest request;
  request.set_parent(plan.name());
  ASSERT_OK_AND_ASSIGN(const auto page,
                       served.service.ListPlannedChanges(request));
  ASSERT_EQ(page.planned_changes_size(), 1);
  const v1::PlannedChange& change = page.planned_changes(0);
  EXPECT_EQ(Text(change), "user ada@a.test: UPDATE mail");
  EXPECT_EQ(change.user_before().email(), "ada@a.test");
  EXPECT_EQ(change.user_after().email(), "ada@new.test");
}

TEST(PlanService, B1_IsAppliedByItsName) {
  auto world = ChangedWorld();
  Served served(*world);
  const v1::Run plan = served.Carry(*served.Create(true));
  ASSERT_OK_AND_ASSIGN(const v1::Run run, served.Apply(plan));
  EXPECT_EQ(run.kind(), v1::Run::PLAN);
  EXPECT_EQ(served.Carry(run).state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(world->Find(*RunName::Parse(plan.name())).application(),
            run.name());
  EXPECT_THAT(served.Apply(plan),
              StatusIs(absl::StatusCode::kFailedPrecondition, "PLAN_APPLIED"));
}

TEST(PlanService, B1_OnlyFullRunsArePlannedAndAPlanIsNoSync) {
  auto world = ChangedWorld();
  Served served(*world);
  EXPECT_THAT(served.Create(true, v1::Run::CHANGES),
              StatusIs(absl::StatusCode::kInvalidArgument, "RUN_KIND_INVALID"));
  ASSERT_OK(served.Create(true).status());
  EXPECT_THAT(served.Create(false),
              StatusIs(absl::StatusCode::kFailedPrecondition, "RUN_UNDER_WAY"));
}

TEST(PlanService, B1_RowsOfAnOldPlanGoAndItIsNoAccount) {
  auto world = ChangedWorld();
  const v1::Run plan = world->Plan();
  ASSERT_EQ(world->rows->ListPartitions("", 10)->size(), 2u);
  Served served(*world);
  ASSERT_OK_AND_ASSIGN(const v1::ListFeedsResponse feeds,
                       served.service.ListFeeds({}));
  EXPECT_EQ(feeds.feeds_size(), 1);

  ASSERT_OK(SweepPlans(world->Options(), world->clock.TimeNow()));
  EXPECT_EQ(world->rows->ListPartitions("", 10)->size(), 2u);
  world->clock.AdvanceTime(absl::Hours(24 * 8));
  ASSERT_OK(SweepPlans(world->Options(), world->clock.TimeNow()));
  EXPECT_THAT(*world->rows->ListPartitions("", 10), ElementsAre("acme"));
  EXPECT_THAT(served.Apply(plan),
              StatusIs(absl::StatusCode::kFailedPrecondition, "PLAN_EXPIRED"));
}

TEST(RevertService, B5_UndoesARunByItsName) {
  auto world = ChangedWorld();
  const v1::Run done = world->Sync();
  Served served(*world);
  v1::RevertRunRequest request;
  request.set_name(done.name());
  ASSERT_OK_AND_ASSIGN(const v1::Run run, served.service.RevertRun(request));
  EXPECT_EQ(run.kind(), v1::Run::REVERT);
  EXPECT_GT(served.Carry(run).counters().users_reverted(), 0);
  EXPECT_EQ(world->Find(*RunName::Parse(done.name())).reverted_by(),
            run.name());
}

TEST(RevertService, B5_A9_ARunOfADeletedDirectoryIsNotUndone) {
  auto world = ChangedWorld();
  const v1::Run done = world->Sync();
  Served served(*world);
  world->tenant().state = directory::v1::Directory::DELETED;
  v1::RevertRunRequest request;
  request.set_name(done.name());
  EXPECT_THAT(
      served.service.RevertRun(request),
      StatusIs(absl::StatusCode::kFailedPrecondition, "DIRECTORY_DELETED"));
  EXPECT_EQ(world->Find(*RunName::Parse(done.name())).reverted_by(), "");
  // It asks nothing of the source.
  world->tenant().state = directory::v1::Directory::REAUTHORIZATION_REQUIRED;
  EXPECT_OK(served.service.RevertRun(request).status());
}

// Ada gets an email, then leaves a group: two events.
TEST(PlanFeed, B1_B7_EachEventSaysOnceWhichGroupsItsUserHasLeft) {
  World world;
  FakeTenant& tenant = world.tenant();
  tenant.AddGroup(1, "Sales");
  tenant.AddGroup(2, "Crew");
  tenant.AddUser(10, "ada@a.test", {1, 2});
  tenant.AddUser(11, "ben@a.test", {1, 2});
  world.Sync();
  tenant.AddUser(10, "ada@a.test", {}).set_email("ada@new.test");
  tenant.UserAt(10).clear_group_source_ids();
  tenant.UserAt(10).add_group_source_ids(SourceId(1));
  const size_t before = world.Events().size();
  world.Apply(world.Plan());
  std::vector<int> left;
  for (const v1::ChangeEvent& event : world.Events()) {
    if (static_cast<size_t>(event.sequence()) <= before) continue;
    if (!event.has_user_change()) continue;
    left.push_back(event.user_change().left_groups_size());
  }
  EXPECT_THAT(left, ElementsAre(0, 1));
}

}  // namespace
}  // namespace rollcall::reconciliation
