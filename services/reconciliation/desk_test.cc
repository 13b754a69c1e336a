// The collision desk (B10): what is met is listed, and what was decided about
// it is done by every kind of run.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/access_policy.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/desk_sweeper.h"
#include "services/reconciliation/directory_releaser.h"
#include "services/reconciliation/service.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Decision = v1::CollisionDecision;

constexpr char kDirectory[] = "accounts/acme/directories/d1";
constexpr char kOwner[] = "spiffe://test.rollcall/account/acme/role/owner/ada";

rpc::Edge MakeEdge() {
  auto policy = rpc::AccessPolicy::ForServices(
      {"rollcall.reconciliation.v1.ReconciliationService"});
  EXPECT_OK(policy.status());
  return rpc::Edge(*std::move(policy), "test.rollcall",
                   "reconciliation.rollcall");
}

Decision OnUser(int n, Decision::Choice choice, const std::string& name = "") {
  Decision decision;
  decision.set_source_id(SourceId(n));
  decision.set_username(name);
  decision.set_choice(choice);
  return decision;
}
Decision OnGroup(int n, Decision::Choice choice, const std::string& name = "") {
  Decision decision;
  decision.set_source_id(SourceId(n));
  decision.set_group_name(name);
  decision.set_choice(choice);
  return decision;
}

class DeskTest : public ::testing::Test {
 protected:
  DeskTest() { world.tenant().AddGroup(1, "Sales"); }

  absl::StatusOr<v1::DecideCollisionsResponse> TryToDecide(
      const std::vector<Decision>& decisions, bool validate_only = false) {
    v1::DecideCollisionsRequest request;
    request.set_parent(kDirectory);
    request.set_validate_only(validate_only);
    for (const Decision& decision : decisions) {
      *request.add_decisions() = decision;
    }
    return service.DecideCollisions(request, kOwner);
  }
  void Decide(const std::vector<Decision>& decisions) {
    ASSERT_OK(TryToDecide(decisions).status());
  }
  // `MANUAL_USER ada@a.test PRESET R43`.
  std::vector<std::string> Met(
      const v1::Run& run,
      v1::Collision::Kind kind = v1::Collision::KIND_UNSPECIFIED) {
    std::vector<std::string> texts;
    v1::ListCollisionsRequest request;
    request.set_parent(run.name());
    request.set_page_size(2);
    request.set_kind(kind);
    do {
      auto page = service.ListCollisions(request);
      EXPECT_OK(page.status());
      if (!page.ok()) break;
      for (const v1::Collision& collision : page->collisions()) {
        texts.push_back(absl::StrCat(v1::Collision::Kind_Name(collision.kind()),
                                     " ", collision.wanted(), " ",
                                     Decision::Choice_Name(collision.choice()),
                                     " ", collision.rule()));
        if (collision.reason().empty()) continue;
        absl::StrAppend(&texts.back(), " ", collision.reason());
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return texts;
  }
  // The objects that something is decided about.
  std::vector<std::string> Decided() {
    v1::ListCollisionDecisionsRequest request;
    request.set_parent(kDirectory);
    request.set_page_size(1000);
    std::vector<std::string> objects;
    const auto page = service.ListCollisionDecisions(request);
    EXPECT_OK(page.status());
    if (!page.ok()) return objects;
    for (const Decision& decision : page->decisions()) {
      objects.push_back(decision.source_id());
    }
    return objects;
  }
  User PutManual(const std::string& id, const std::string& username) {
    User manual;
    manual.id = id;
    manual.username = username;
    manual.email = "manual@a.test";
    world.PutUser(manual);
    return world.user(username);
  }

  World world;
  ReconciliationServiceImpl service{{.store = *world.store,
                                     .directory = world.directory_service,
                                     .board = world.board,
                                     .clock = world.clock,
                                     .make_id = [] { return "unused"; },
                                     .on_run_started = [] {}},
                                    MakeEdge()};
};

TEST_F(DeskTest, B10_R43_R44_WithoutADecisionTheModelMergesAndIsNoted) {
  PutManual("manual", "ada@a.test");
  world.tenant().AddUser(10, "ada@a.test", {1});
  const v1::Run run = world.Sync();
  EXPECT_THAT(Met(run), ElementsAre("MANUAL_USER ada@a.test PRESET R43"));
  EXPECT_EQ(world.user("ada@a.test").id, "manual");
  EXPECT_EQ(world.user("ada@a.test").email, "ada@a.test");
  // Once linked it is no collision any more, and the old notes are gone.
  EXPECT_THAT(Met(world.Sync()), IsEmpty());
  EXPECT_THAT(Met(run), IsEmpty());

  world.tenant("d2").AddGroup(5, "Other");
  world.tenant("d2").AddUser(50, "ada@a.test", {5});
  EXPECT_THAT(Met(world.Sync("d2")),
              ElementsAre("SHARED_USER ada@a.test PRESET R44"));
  EXPECT_THAT(world.user("ada@a.test").claims, SizeIs(2));
}

// Paged two by two, and kept until the next full run has ended.
TEST_F(DeskTest, B10_A3_A13_R37_WhatIsLeftUndoneIsListedRowByRow) {
  world.tenant().AddUser(10, "ada@a.test", {1});
  world.tenant().AddUser(11, "ben@a.test", {1});
  world.Sync();
  User manual = PutManual("manual", "cyd@a.test");
  manual.status = UserStatus::kDisabled;
  manual.disabled_by = DisabledBy::kAdministrator;
  world.PutUser(manual);
  world.tenant().UserAt(10).set_user_principal_name("eve@a.test");
  world.tenant().UserAt(11).set_user_principal_name("fay@a.test");
  world.tenant().AddUser(12, "cyd@a.test", {1});
  world.tenant().AddUser(13, "", {1});
  world.tenant()
      .AddUser(14, "gus@a.test", {1})
      .set_skip_reason("SOURCE_HIDDEN");
  const std::vector<std::string> all = {
      "MANUAL_USER cyd@a.test PRESET R43",
      "RENAME_PENDING eve@a.test PRESET A3",
      "RENAME_PENDING fay@a.test PRESET A3",
      "MANUALLY_DISABLED cyd@a.test PRESET A13",
      "NOT_IMPORTABLE  PRESET R37 USERNAME_EMPTY",
      "NOT_IMPORTABLE  PRESET R37 SOURCE_HIDDEN"};
  EXPECT_EQ(Met(world.Plan()), all);
  const v1::Run run = world.Sync();
  EXPECT_EQ(Met(run), all);
  EXPECT_THAT(Met(run, v1::Collision::NOT_IMPORTABLE), SizeIs(2));
  EXPECT_THAT(Met(world.Sync()), SizeIs(4));  // Cyd is merged.
  EXPECT_THAT(Met(run), IsEmpty());
}

TEST_F(DeskTest, B10_WhoIsSkippedStaysOutOfEveryKindOfRun) {
  const User manual = PutManual("manual", "ada@a.test");
  world.tenant().AddUser(10, "ada@a.test", {1});
  world.tenant().AddUser(11, "ben@a.test", {1});
  Decide({OnUser(10, Decision::SKIP)});
  v1::Run run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(run.counters().users_skipped(), 1);
  EXPECT_EQ(run.counters().skipped().at("SKIPPED_BY_DECISION"), 1);
  EXPECT_EQ(run.counters().users_created(), 1);
  EXPECT_THAT(Met(run), ElementsAre("MANUAL_USER ada@a.test SKIP R43"));
  EXPECT_EQ(world.user("ada@a.test"), manual);

  world.tenant().UserAt(10).set_display_name("New");
  run = world.SyncChanges();
  EXPECT_EQ(run.kind(), v1::Run::CHANGES);
  EXPECT_EQ(run.counters().skipped().at("SKIPPED_BY_DECISION"), 1);
  ASSERT_OK_AND_ASSIGN(const v1::SyncUserResponse single,
                       world.SyncUser("ada@a.test"));
  EXPECT_EQ(single.outcome(), v1::SyncUserResponse::SKIPPED);
  EXPECT_EQ(single.reason(), "SKIPPED_BY_DECISION");
  EXPECT_EQ(world.user("ada@a.test"), manual);

  // Taken back, the model's behaviour is what is left.
  Decide({OnUser(10, Decision::PRESET)});
  EXPECT_EQ(world.Sync().counters().users_merged(), 1);
  EXPECT_THAT(world.user("ada@a.test").claims, SizeIs(1));
}

TEST_F(DeskTest, B10_B5_WhoStaysOutIsSkippedEvenIfHisNamesakeIsPinned) {
  PutManual("manual", "ada@a.test");
  world.tenant().AddUser(10, "ada@a.test", {1});
  const v1::Run merging = world.Sync();
  world.clock.AdvanceTime(absl::Hours(1));
  world.Revert(merging);
  ASSERT_EQ(world.user("ada@a.test").pinned_by, "d1");
  EXPECT_EQ(world.Sync().counters().users_pinned(), 1);
  Decide({OnUser(10, Decision::SKIP)});
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().skipped().at("SKIPPED_BY_DECISION"), 1);
  EXPECT_EQ(run.counters().users_pinned(), 0);
}

TEST_F(DeskTest, B10_WhoIsLinkedStaysLinked) {
  world.tenant().AddUser(10, "ada@a.test", {1});
  world.Sync();
  Decide({OnUser(10, Decision::SKIP)});
  world.tenant().UserAt(10).set_email("new@a.test");
  EXPECT_EQ(world.Sync().counters().users_updated(), 1);
  EXPECT_EQ(world.user("ada@a.test").email, "new@a.test");
}

TEST_F(DeskTest, B10_WhoIsRenamedGetsAnotherNameAndKeepsIt) {
  const User manual = PutManual("manual", "ada@a.test");
  world.tenant().AddUser(10, "ada@a.test", {1});
  Decide({OnUser(10, Decision::RENAME, "Ada-Entra")});
  v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().users_created(), 1);
  EXPECT_EQ(run.counters().users_merged(), 0);
  EXPECT_THAT(Met(run), ElementsAre("MANUAL_USER ada@a.test RENAME R43"));
  EXPECT_EQ(world.user("ada@a.test"), manual);
  EXPECT_EQ(world.user("ada-entra").ClaimOf("d1")->source_id, SourceId(10));
  EXPECT_EQ(world.Sync().counters().users_unchanged(), 1);
  // Neither the switch (R33) nor the end of the decision takes it away.
  Decide({OnUser(10, Decision::PRESET)});
  world.tenant().normalization = true;
  EXPECT_EQ(world.Sync().counters().users_renamed(), 0);
  EXPECT_TRUE(world.FindUser("ada-entra").has_value());
}

TEST_F(DeskTest, B10_ANameThatWasTakenSinceIsNeverMergedWith) {
  world.tenant().AddUser(10, "ada@a.test", {1});
  Decide({OnUser(10, Decision::RENAME, "ada-entra")});
  const User other = PutManual("manual", "ada-entra");
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().skipped().at("USERNAME_COLLISION"), 1);
  EXPECT_EQ(world.user("ada-entra"), other);
  EXPECT_FALSE(world.FindUser("ada@a.test").has_value());
}

TEST_F(DeskTest, B10_R37_AnotherNameMakesUpForAnEmptyOne) {
  world.tenant().normalization = true;
  world.tenant().AddUser(10, "@a.test", {1});
  EXPECT_EQ(world.Sync().counters().skipped().at("USERNAME_EMPTY"), 1);
  Decide({OnUser(10, Decision::RENAME, "nameless")});
  EXPECT_EQ(world.Sync().counters().users_created(), 1);
  EXPECT_TRUE(world.FindUser("nameless").has_value());
}

TEST_F(DeskTest, B10_A4_ShortNamesThatCollideAreListedAndSettled) {
  world.tenant().normalization = true;
  world.tenant().AddUser(10, "ada@a.test", {1});
  world.tenant().AddUser(11, "ada@b.test", {1});
  world.tenant().AddUser(12, "ada@c.test", {1});
  v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().skipped().at("USERNAME_COLLISION"), 3);
  EXPECT_THAT(Met(run, v1::Collision::USERNAME),
              ElementsAre("USERNAME ada PRESET A4", "USERNAME ada PRESET A4",
                          "USERNAME ada PRESET A4"));
  EXPECT_THAT(Met(run, v1::Collision::GUEST), IsEmpty());

  Decide({OnUser(11, Decision::ADOPT), OnUser(12, Decision::RENAME, "ada-c")});
  run = world.Sync();
  EXPECT_EQ(run.counters().users_created(), 2);
  EXPECT_EQ(run.counters().skipped().at("USERNAME_COLLISION"), 1);
  EXPECT_EQ(world.user("ada").ClaimOf("d1")->source_id, SourceId(11));
  EXPECT_EQ(world.user("ada-c").ClaimOf("d1")->source_id, SourceId(12));
  // Two objects never share a user, whatever was decided.
  Decide({OnUser(10, Decision::ADOPT)});
  run = world.Sync();
  EXPECT_EQ(run.counters().skipped().at("USERNAME_COLLISION"), 1);
  EXPECT_EQ(world.user("ada").ClaimOf("d1")->source_id, SourceId(11));
}

TEST_F(DeskTest, B10_R33_ASwitchFollowsWhatWasDecided) {
  world.tenant().AddUser(10, "ada@a.test", {1});
  world.tenant().AddUser(11, "ada@b.test", {1});
  world.tenant().AddUser(12, "ben@a.test", {1});
  world.tenant().AddUser(13, "ben@b.test", {1});
  world.tenant().AddUser(14, "cyd@a.test", {1});
  PutManual("manual", "cyd");
  world.Sync();
  world.tenant().normalization = true;
  v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().users_renamed(), 0);
  EXPECT_EQ(run.counters().warnings().at("USERNAME_COLLISION"), 5);
  EXPECT_THAT(Met(run),
              ElementsAre("USERNAME ada PRESET A4", "USERNAME ada PRESET A4",
                          "USERNAME ben PRESET A4", "USERNAME ben PRESET A4",
                          "USERNAME cyd PRESET A4"));

  Decide({OnUser(10, Decision::ADOPT), OnUser(11, Decision::RENAME, "ada-b"),
          OnUser(12, Decision::SKIP), OnUser(13, Decision::SKIP),
          OnUser(14, Decision::RENAME, "cyd-entra")});
  run = world.Sync();
  EXPECT_EQ(run.counters().users_renamed(), 3);
  EXPECT_EQ(run.counters().warnings().count("USERNAME_COLLISION"), 0);
  EXPECT_EQ(world.user("ada").ClaimOf("d1")->source_id, SourceId(10));
  EXPECT_EQ(world.user("ada-b").ClaimOf("d1")->source_id, SourceId(11));
  EXPECT_TRUE(world.FindUser("ben@a.test").has_value());
  EXPECT_EQ(world.user("cyd-entra").ClaimOf("d1")->source_id, SourceId(14));
  EXPECT_EQ(world.user("cyd").id, "manual");
}

TEST_F(DeskTest, A3_ADirectoryThatFollowsRenamesRenames) {
  world.tenant().AddUser(10, "ada@a.test", {1});
  world.tenant().AddUser(11, "ben@a.test", {1});
  PutManual("manual", "cyd@a.test");
  world.Sync();
  world.tenant().UserAt(10).set_user_principal_name("eve@a.test");
  world.tenant().UserAt(11).set_user_principal_name("cyd@a.test");
  EXPECT_EQ(world.Sync().counters().warnings().at("RENAME_PENDING"), 2);
  world.tenant().follow_renames = true;
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().users_renamed(), 1);
  EXPECT_EQ(world.user("eve@a.test").ClaimOf("d1")->source_id, SourceId(10));
  EXPECT_THAT(Met(run), ElementsAre("USERNAME cyd@a.test PRESET A4"));
  EXPECT_EQ(world.user("cyd@a.test").id, "manual");
  EXPECT_EQ(world.Sync().counters().users_renamed(), 0);
}

TEST_F(DeskTest, B10_R45_R46_GroupsAreListedAndSettled) {
  for (const char* name : {"Sales", "Staff", "Crew"}) {
    Group manual;
    manual.id = absl::StrCat("manual", name);
    manual.display_name = name;
    world.PutGroup(manual);
  }
  world.tenant().AddGroup(2, "Staff");
  world.tenant().AddGroup(3, "Crew");
  world.tenant().AddUser(10, "ada@a.test", {1, 2, 3});
  Decide({OnGroup(2, Decision::SKIP), OnGroup(3, Decision::RENAME, "Crew E")});
  v1::Run run = world.Sync();
  EXPECT_THAT(Met(run), ElementsAre("MANUAL_GROUP Sales PRESET R45",
                                    "MANUAL_GROUP Staff SKIP R45",
                                    "MANUAL_GROUP Crew RENAME R45"));
  EXPECT_EQ(run.counters().groups_merged(), 1);
  EXPECT_EQ(run.counters().groups_created(), 1);
  EXPECT_EQ(run.counters().warnings().at("GROUP_SKIPPED_BY_DECISION"), 1);
  EXPECT_EQ(world.group("Sales").id, "manualSales");
  EXPECT_EQ(world.group("Staff").directory, "");
  EXPECT_EQ(world.group("Crew").directory, "");
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Crew E", "Sales"));
  // The given name holds against the source's.
  world.tenant().GroupAt(3).set_display_name("Crew of the source");
  world.Sync();
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Crew E", "Sales"));
  // Taken back, the source decides (A24).
  Decide({OnGroup(3, Decision::PRESET)});
  world.Sync();
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"),
              ElementsAre("Crew of the source", "Sales"));

  world.tenant("d2").AddGroup(5, "Sales");
  EXPECT_THAT(Met(world.Sync("d2")),
              ElementsAre("SHARED_GROUP Sales PRESET R46"));
}

TEST_F(DeskTest, B10_A24_AGroupNameThatIsTakenIsListed) {
  world.Sync();
  Group manual;
  manual.id = "manual";
  manual.display_name = "Staff";
  world.PutGroup(manual);
  world.tenant().GroupAt(1).set_display_name("Staff");
  const v1::Run run = world.Sync();
  EXPECT_THAT(Met(run), ElementsAre("GROUP_NAME Staff PRESET A24"));
  EXPECT_EQ(world.group("Staff").id, "manual");
  // A name that was given is not taken over either.
  world.tenant().AddGroup(2, "Crew");
  Decide({OnGroup(2, Decision::RENAME, "Crew E")});
  manual.id = "other";
  manual.display_name = "Crew E";
  world.PutGroup(manual);
  EXPECT_EQ(world.Sync().state(), v1::Run::PARTIAL);
  EXPECT_EQ(world.group("Crew E").directory, "");
  EXPECT_FALSE(world.FindGroup("Crew").has_value());
}

TEST_F(DeskTest, B10_A23_R42_R29_GuestsPhonesAndMissingEmailsAreListed) {
  world.tenant().AddUser(10, "ada@a.test", {1}).set_guest(true);
  world.tenant().AddUser(11, "ben@a.test", {1}).add_warnings("PHONE_MALFORMED");
  world.tenant().AddUser(12, "cyd@a.test", {1}).clear_email();
  world.tenant().AddUser(13, "dan@a.test", {1});
  v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().users_created(), 4);
  EXPECT_THAT(Met(run), ElementsAre("GUEST ada@a.test PRESET A23",
                                    "MALFORMED_PHONE ben@a.test PRESET R42",
                                    "MISSING_EMAIL cyd@a.test PRESET R29"));
  // A daily run does not repeat it of everybody.
  EXPECT_THAT(Met(world.Sync()), IsEmpty());
  world.tenant().AddUser(14, "eve@a.test", {1}).set_guest(true);
  Decide({OnUser(14, Decision::SKIP)});
  run = world.SyncChanges();
  EXPECT_THAT(Met(run), ElementsAre("GUEST eve@a.test SKIP A23"));
  EXPECT_FALSE(world.FindUser("eve@a.test").has_value());
}

TEST_F(DeskTest, B10_B2_WhatWasDecidedHoldsForAHeldMergeToo) {
  for (int n = 10; n < 20; ++n) {
    PutManual(absl::StrCat("m", n), absl::StrCat("u", n, "@a.test"));
    world.tenant().AddUser(n, absl::StrCat("u", n, "@a.test"), {1});
  }
  v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().held().at("MERGED"), 10);
  std::vector<Decision> decisions;
  for (int n = 10; n < 20; ++n) {
    decisions.push_back(
        OnUser(n, Decision::RENAME, absl::StrCat("renamed-", n)));
  }
  Decide(decisions);
  run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(run.counters().users_created(), 10);
  EXPECT_TRUE(world.user("u10@a.test").claims.empty());
}

TEST_F(DeskTest, B10_B1_R33_APlanShowsWhatASwitchWouldMeet) {
  world.tenant().AddUser(10, "ada@a.test", {1});
  world.tenant().AddUser(11, "ada@b.test", {1});
  world.tenant().AddUser(12, "ben@a.test", {1}).clear_email();
  world.Sync();
  const std::vector<std::string> before = world.DumpObjects();
  const v1::Run plan = world.Plan("d1", /*assumes_normalization=*/true);
  EXPECT_EQ(plan.state(), v1::Run::PLANNED);
  EXPECT_TRUE(plan.username_normalization_assumed());
  EXPECT_EQ(plan.counters().users_renamed(), 1);
  EXPECT_THAT(Met(plan),
              ElementsAre("USERNAME ada PRESET A4", "USERNAME ada PRESET A4",
                          "MISSING_EMAIL ben PRESET R29"));
  EXPECT_EQ(world.DumpObjects(), before);

  v1::ApplyPlanRequest request;
  request.set_name(plan.name());
  EXPECT_THAT(service.ApplyPlan(request).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, "PLAN_ASSUMES"));
  // What a plan has met is none of any run's.
  EXPECT_THAT(Met(world.Sync()), IsEmpty());
  world.clock.AdvanceTime(absl::Hours(24 * 8));
  v1::ListCollisionsRequest list;
  list.set_parent(plan.name());
  EXPECT_THAT(service.ListCollisions(list).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, "PLAN_EXPIRED"));
}

TEST_F(DeskTest, B10_B1_OnlyAPlanAssumesAnotherFormOfUsernames) {
  v1::CreateRunRequest request;
  request.set_parent(kDirectory);
  request.mutable_run()->set_kind(v1::Run::FULL);
  request.mutable_run()->set_username_normalization_assumed(true);
  EXPECT_THAT(service.CreateRun(request).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       "NORMALIZATION_NOT_ASSUMABLE"));
  request.mutable_run()->set_plan_only(true);
  ASSERT_OK_AND_ASSIGN(const v1::Run run, service.CreateRun(request));
  EXPECT_TRUE(run.username_normalization_assumed());
  // Another plan than the one that was asked for is no answer.
  request.mutable_run()->set_username_normalization_assumed(false);
  EXPECT_THAT(service.CreateRun(request).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, "RUN_UNDER_WAY"));
}

TEST_F(DeskTest, B10_B1_APlanDoesWhatIsDecidedAndHoldsOnlyAsLongAsItIs) {
  const User manual = PutManual("manual", "ada@a.test");
  world.tenant().AddUser(10, "ada@a.test", {1});
  v1::Run plan = world.Plan();
  EXPECT_THAT(Met(plan), ElementsAre("MANUAL_USER ada@a.test PRESET R43"));
  Decide({OnUser(10, Decision::SKIP)});
  EXPECT_EQ(world.Apply(plan).state(), v1::Run::FAILED);
  EXPECT_EQ(world.user("ada@a.test"), manual);

  plan = world.Plan();
  EXPECT_THAT(Met(plan), ElementsAre("MANUAL_USER ada@a.test SKIP R43"));
  // Decided once more it is still the same.
  world.clock.AdvanceTime(absl::Minutes(1));
  Decide({OnUser(10, Decision::SKIP)});
  const v1::Run applied = world.Apply(plan);
  EXPECT_EQ(applied.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(applied.counters().skipped().at("SKIPPED_BY_DECISION"), 1);
  EXPECT_EQ(world.user("ada@a.test"), manual);
  EXPECT_THAT(Met(applied), IsEmpty());
}

TEST_F(DeskTest, B10_A9_ADeletedDirectoryKeepsNothingOfTheDesk) {
  PutManual("manual", "ada@a.test");
  world.tenant().AddUser(10, "ada@a.test", {1});
  Decide({OnUser(10, Decision::SKIP), OnUser(11, Decision::SKIP)});
  world.Sync();
  world.tenant().state = directory::v1::Directory::DELETED;
  EXPECT_THAT(
      TryToDecide({OnUser(12, Decision::SKIP)}).status(),
      StatusIs(absl::StatusCode::kFailedPrecondition, "DIRECTORY_DELETED"));
  const auto rows_of_the_desk = [&] {
    int count = 0;
    for (const std::string& row : world.Dump()) {
      count +=
          absl::StartsWith(row, "desk") || absl::StartsWith(row, "collisions");
    }
    return count;
  };
  ASSERT_EQ(rows_of_the_desk(), 3);
  DirectoryReleaser releaser({.store = *world.store,
                              .directory = world.directory_service,
                              .max_batch_rows = 1});
  ASSERT_OK(releaser.RunOnce(world.clock.TimeNow()).status());
  EXPECT_EQ(rows_of_the_desk(), 0);
}

TEST_F(DeskTest, B10_DecisionsAreCheckedAndStoredAllOrNone) {
  world.tenant().AddUser(10, "ada@a.test", {1});
  world.Sync();
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  constexpr auto kTaken = absl::StatusCode::kAlreadyExists;
  const Decision good = OnUser(20, Decision::SKIP);
  Decision no_object;
  no_object.set_source_id(SourceId(21));
  no_object.set_choice(Decision::SKIP);
  const struct {
    Decision decision;
    absl::StatusCode code;
    const char* reason;
  } kCases[] = {
      {no_object, kInvalid, "DECISION_OBJECT_MISSING"},
      {OnUser(21, Decision::CHOICE_UNSPECIFIED), kInvalid, "CHOICE_INVALID"},
      {OnUser(21, Decision::SKIP, "x"), kInvalid, "NAME_WITHOUT_RENAME"},
      {OnUser(20, Decision::ADOPT), kInvalid, "OBJECT_TWICE"},
      {OnUser(21, Decision::RENAME, "Ada@a.test"), kTaken, "USERNAME_TAKEN"},
      {OnGroup(21, Decision::RENAME, " sales"), kTaken, "GROUP_NAME_TAKEN"},
  };
  for (const auto& refused : kCases) {
    EXPECT_THAT(TryToDecide({good, refused.decision}).status(),
                StatusIs(refused.code, refused.reason));
  }
  EXPECT_FALSE(TryToDecide({good, OnUser(21, Decision::RENAME)}).ok());
  EXPECT_FALSE(TryToDecide({}).ok());
  v1::ListCollisionDecisionsRequest list;
  list.set_parent(kDirectory);
  EXPECT_THAT(service.ListCollisionDecisions(list)->decisions(), IsEmpty());
  EXPECT_OK(TryToDecide({good}, /*validate_only=*/true).status());
  EXPECT_THAT(service.ListCollisionDecisions(list)->decisions(), IsEmpty());

  // A name may be given to its own owner, and to one object only.
  Decide({OnUser(10, Decision::RENAME, "ada@a.test"),
          OnUser(22, Decision::RENAME, "free")});
  EXPECT_THAT(TryToDecide({OnUser(23, Decision::RENAME, "FREE")}).status(),
              StatusIs(kTaken, "USERNAME_TAKEN"));
  Decide({OnUser(22, Decision::SKIP), OnUser(23, Decision::RENAME, "free"),
          OnGroup(2, Decision::ADOPT)});
  std::vector<std::string> listed;
  list.set_page_size(3);
  do {
    ASSERT_OK_AND_ASSIGN(const v1::ListCollisionDecisionsResponse page,
                         service.ListCollisionDecisions(list));
    for (const Decision& decision : page.decisions()) {
      EXPECT_EQ(decision.actor(), kOwner);
      EXPECT_TRUE(decision.has_decide_time());
      listed.push_back(absl::StrCat(Decision::Choice_Name(decision.choice()),
                                    decision.has_username() ? " u " : " g ",
                                    decision.username()));
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_THAT(listed, ElementsAre("ADOPT g ", "RENAME u ada@a.test", "SKIP u ",
                                  "RENAME u free"));
}

// What an object is that is decided about, and whether the decision outlives
// it.
TEST_F(DeskTest, B10_DecisionsAboutWhatIsLongGoneAreDropped) {
  world.tenant().AddGroup(2, "Staff");
  for (int n = 10; n <= 14; ++n) {
    world.tenant().AddUser(n, absl::StrCat("user", n, "@a.test"), {1});
  }
  Decide({OnUser(10, Decision::RENAME, "linked"), OnUser(11, Decision::SKIP),
          OnUser(12, Decision::SKIP), OnUser(13, Decision::SKIP),
          OnGroup(2, Decision::RENAME, "Personnel"),
          OnGroup(3, Decision::SKIP)});
  world.Sync();
  world.tenant().MoveOutside(12);
  world.tenant().RemoveUser(13);
  DeskSweeper sweeper(
      {.store = *world.store, .directory = world.directory_service});
  const auto sweep = [&] {
    ASSERT_OK(sweeper.RunOnce(world.clock.TimeNow()).status());
  };
  world.clock.AdvanceTime(kDecisionPatience - absl::Seconds(1));
  sweep();
  EXPECT_THAT(Decided(), SizeIs(6));
  EXPECT_EQ(world.directory_service.looks(), 0);
  world.clock.AdvanceTime(absl::Seconds(1));
  world.tenant().look_complete = false;  // It may be there.
  sweep();
  EXPECT_THAT(Decided(), SizeIs(5));  // A group is selected, or it is not.
  EXPECT_EQ(world.directory_service.looks(), 3);
  world.tenant().look_complete = true;
  sweep();  // All that could be known is known for another while.
  EXPECT_EQ(world.directory_service.looks(), 3);
  world.clock.AdvanceTime(kDecisionPatience);
  sweep();
  EXPECT_THAT(Decided(), UnorderedElementsAre(SourceId(10), SourceId(11),
                                              SourceId(12), SourceId(2)));
}

TEST_F(DeskTest, B10_AFewObjectsAreAskedAboutAtATime) {
  std::vector<Decision> decisions;
  for (int n = 0; n < 3 * DeskSweeper::kLooksPerDirectory; ++n) {
    decisions.push_back(OnUser(100 + n, Decision::SKIP));
  }
  Decide(decisions);
  world.clock.AdvanceTime(kDecisionPatience);
  DeskSweeper sweeper(
      {.store = *world.store, .directory = world.directory_service});
  for (int n = 1; n <= 3; ++n) {
    ASSERT_OK(sweeper.RunOnce(world.clock.TimeNow()).status());
    EXPECT_EQ(world.directory_service.looks(),
              n * DeskSweeper::kLooksPerDirectory);
  }
  EXPECT_THAT(Decided(), IsEmpty());
}

}  // namespace
}  // namespace rollcall::reconciliation
