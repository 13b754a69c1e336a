// Full syncs, rule by rule, on the real store.
#include <string>
#include <vector>

#include "common/status/errors.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Two groups; ada in both, ben in the first, cyd in the second.
void Populate(FakeTenant& tenant) {
  tenant.AddGroup(1, "Sales");
  tenant.AddGroup(2, "Staff");
  tenant.AddUser(10, "Ada@a.test", {1, 2});
  tenant.AddUser(11, "ben@a.test", {1});
  tenant.AddUser(12, "cyd@a.test", {2});
}

std::vector<std::string> Reasons(const v1::Run& run) {
  std::vector<std::string> reasons;
  for (const v1::RunProblem& problem : run.problems()) {
    reasons.push_back(problem.reason());
  }
  return reasons;
}

TEST(FullSync, R66_R67_R24_R25_R70_FirstSyncImportsAllAndCounts) {
  World world;
  Populate(world.tenant());
  world.tenant().mail = true;
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(run.phase(), v1::Run::ENDED);
  EXPECT_EQ(run.counters().users_seen(), 3);
  EXPECT_EQ(run.counters().users_created(), 3);
  EXPECT_EQ(run.counters().groups_seen(), 2);
  EXPECT_EQ(run.counters().groups_created(), 2);
  EXPECT_EQ(run.counters().memberships_added(), 4);
  EXPECT_EQ(run.counters().ignored_members().at("DEVICE"), 3);  // R27
  EXPECT_EQ(run.counters().source_requests(), 42);
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Sales", "Staff"));
  EXPECT_EQ(world.group("Staff").member_count, 2);
  EXPECT_THAT(world.EventTexts(),
              ElementsAre("group Sales R24", "group Staff R24",
                          "CREATED ada@a.test R18", "CREATED ben@a.test R18",
                          "CREATED cyd@a.test R18", "finished SUCCEEDED"));
  const v1::RunFinished finished = world.Events().back().run_finished();
  EXPECT_TRUE(finished.enrollment_mail_enabled());
  EXPECT_FALSE(finished.phone_import_enabled());
  EXPECT_EQ(finished.run().counters().users_created(), 3);
}

TEST(FullSync, R67_SecondSyncChangesNothing) {
  World world;
  Populate(world.tenant());
  world.Sync();
  const size_t events = world.Events().size();
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().users_unchanged(), 3);
  EXPECT_EQ(run.counters().users_updated(), 0);
  EXPECT_THAT(world.EventTexts(events), ElementsAre("finished SUCCEEDED"));
}

TEST(FullSync, R43_R47_ManualUserIsMergedWithItsDevices) {
  World world;
  Populate(world.tenant());
  User manual;
  manual.id = "manual";
  manual.username = "ada@a.test";
  manual.email = "old@a.test";
  manual.devices.resize(1);
  manual.status = UserStatus::kBypass;  // R48
  world.PutUser(manual);
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().users_merged(), 1);
  EXPECT_EQ(run.counters().users_created(), 2);
  const User ada = world.user("ada@a.test");
  EXPECT_EQ(ada.id, "manual");
  EXPECT_EQ(ada.email, "Ada@a.test");
  EXPECT_THAT(ada.devices, ::testing::SizeIs(1));
  EXPECT_EQ(ada.status, UserStatus::kBypass);
}

TEST(FullSync, R44_A6_TwoDirectoriesShareAUserUntilBothHaveLostIt) {
  World world;
  Populate(world.tenant("d1"));
  world.tenant("d2").AddGroup(5, "Other");
  world.tenant("d2").AddUser(50, "ada@a.test", {5}).set_display_name("A2");
  world.Sync("d1");
  EXPECT_EQ(world.Sync("d2").counters().users_merged(), 1);
  EXPECT_THAT(world.user("ada@a.test").claims, SizeIs(2));
  EXPECT_EQ(world.user("ada@a.test").display_name, "A2");
  EXPECT_EQ(world.Sync("d1").counters().users_updated(), 1);  // In turn.

  world.tenant("d1").RemoveUser(10);
  const v1::Run dropped = world.Sync("d1");
  EXPECT_EQ(dropped.counters().users_removed(), 0);
  EXPECT_FALSE(world.user("ada@a.test").pending_deletion());
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Other"));

  world.tenant("d2").RemoveUser(50);
  EXPECT_EQ(world.Sync("d2").counters().users_removed(), 1);
  EXPECT_TRUE(world.user("ada@a.test").pending_deletion());
}

TEST(FullSync, R45_R54_ManualGroupIsTakenOverWithItsMembership) {
  World world;
  Populate(world.tenant());
  Group manual;
  manual.id = "manual";
  manual.display_name = "sales";
  manual.status = GroupStatus::kDisabled;
  world.PutGroup(manual);
  User stranger;
  stranger.id = "stranger";
  stranger.username = "stranger";
  stranger.groups = {"manual"};
  world.PutUser(stranger);
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().groups_merged(), 1);
  EXPECT_EQ(world.group("Sales").id, "manual");
  EXPECT_EQ(world.group("Sales").status, GroupStatus::kDisabled);
  EXPECT_EQ(world.group("Sales").member_count, 2);
  EXPECT_THAT(world.GroupNamesOf("stranger"), IsEmpty());
}

// Taken over by a reading that proves nothing: the strangers are still in it
// when the group vanishes, or is unselected.
TEST(FullSync, R45_A7_A8_WhoIsInAGroupThatIsNotReadStaysInIt) {
  for (const bool vanishes : {true, false}) {
    SCOPED_TRACE(vanishes);
    World world;
    Populate(world.tenant());
    world.PutGroup({.id = "manual", .display_name = "Sales"});
    world.PutUser(
        {.id = "stranger", .username = "stranger", .groups = {"manual"}});
    world.tenant().complete = false;
    world.Sync();
    ASSERT_EQ(world.group("Sales").directory, "d1");
    world.tenant().complete = true;
    world.tenant().Unselect(1);
    if (vanishes) world.tenant().AddGroup(1, "").set_missing(true);
    world.Sync();
    EXPECT_THAT(world.GroupNamesOf("stranger"), ElementsAre("Sales"));
  }
}

TEST(FullSync, R46_DirectoriesOverwriteEachOthersGroup) {
  World world;
  Populate(world.tenant("d1"));
  world.tenant("d2").AddGroup(5, "Sales");
  world.tenant("d2").AddUser(50, "dan@b.test", {5});
  world.Sync("d1");
  world.Sync("d2");
  EXPECT_EQ(world.group("Sales").directory, "d2");
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Staff"));
  world.Sync("d1");
  EXPECT_EQ(world.group("Sales").directory, "d1");
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Sales", "Staff"));
  EXPECT_THAT(world.GroupNamesOf("dan@b.test"), IsEmpty());
}

TEST(FullSync, R46_WhoIsInTheTrashLeavesAGroupThatIsTakenBack) {
  World world;
  Populate(world.tenant("d1"));
  world.Sync("d1");
  // The group changes hands, and nobody may be taken out of it yet (R30).
  world.tenant("d2").AddGroup(5, "Sales");
  world.tenant("d2").complete = false;
  world.Sync("d2");
  world.tenant("d1").RemoveUser(10);
  world.directory_service.read_seconds += 10;
  ASSERT_OK(world.SyncUser("ada@a.test").status());
  ASSERT_TRUE(world.user("ada@a.test").pending_deletion());
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Sales"));
  world.directory_service.read_seconds += 10;
  world.Sync("d1");
  EXPECT_EQ(world.group("Sales").directory, "d1");
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), IsEmpty());
}

TEST(FullSync, R33_A4_NormalizationRenamesAllButThoseThatCollide) {
  World world;
  Populate(world.tenant());
  world.tenant().AddUser(13, "ben@b.test", {1});
  world.Sync();
  world.tenant().normalization = true;
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().users_renamed(), 2);
  EXPECT_EQ(run.counters().warnings().at("USERNAME_COLLISION"), 2);
  EXPECT_TRUE(world.FindUser("ada").has_value());
  EXPECT_FALSE(world.FindUser("ada@a.test").has_value());
  EXPECT_TRUE(world.FindUser("ben@a.test").has_value());
  EXPECT_TRUE(world.FindUser("ben@b.test").has_value());
}

// The trailer counts them too, all of them.
TEST(FullSync, R42_AnObjectThatCannotBeReadIsCountedOnce) {
  World world;
  Populate(world.tenant());
  world.Sync();
  world.tenant().UserAt(10).set_skip_reason("OBJECT_TEXT_INVALID");
  world.tenant()
      .AddUser(14, "dan@a.test", {1})
      .set_skip_reason("OBJECT_TEXT_INVALID");
  world.tenant().warnings = {{"OBJECT_TEXT_INVALID", 2},
                             {"GROUP_OBJECT_TEXT_INVALID", 1},
                             {"PHONE_MALFORMED", 3}};
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().warnings().at("OBJECT_TEXT_INVALID"), 1);
  EXPECT_EQ(run.counters().skipped().at("OBJECT_TEXT_INVALID"), 1);
  EXPECT_EQ(run.counters().warnings().at("GROUP_OBJECT_TEXT_INVALID"), 1);
  EXPECT_EQ(run.counters().warnings().at("PHONE_MALFORMED"), 3);
}

TEST(FullSync, R36_A3_UsersWhoSwapTheirNamesInTheSourceKeepTheirUsernames) {
  World world;
  Populate(world.tenant());
  world.Sync();
  world.tenant().UserAt(11).set_user_principal_name("cyd@a.test");
  world.tenant().UserAt(12).set_user_principal_name("ben@a.test");
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().warnings().at("RENAME_PENDING"), 2);
  EXPECT_EQ(world.user("ben@a.test").claims[0].source_id, SourceId(11));
}

TEST(FullSync, A4_R37_WhoCannotBeImportedIsSkippedWithAReason) {
  World world;
  Populate(world.tenant());
  world.tenant().AddUser(20, "", {1});
  world.tenant().AddUser(21, "eve@a.test", {1});
  world.tenant().AddUser(22, "EVE@a.test", {1});
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().users_skipped(), 3);
  EXPECT_EQ(run.counters().skipped().at("USERNAME_EMPTY"), 1);
  EXPECT_EQ(run.counters().skipped().at("USERNAME_COLLISION"), 2);
  EXPECT_FALSE(world.FindUser("eve@a.test").has_value());
  EXPECT_EQ(run.state(), v1::Run::SUCCEEDED);
}

TEST(FullSync, R50_R52_A12_DisabledAndEnabledFollowTheSource) {
  World world;
  Populate(world.tenant());
  world.Sync();
  User ada = world.user("ada@a.test");
  ada.status = UserStatus::kBypass;
  world.PutUser(ada);
  world.tenant().UserAt(10).set_enabled(false);
  const v1::Run off = world.Sync();
  EXPECT_EQ(off.counters().users_disabled(), 1);
  EXPECT_EQ(off.counters().users_updated(), 1);
  EXPECT_EQ(off.counters().users_unchanged(), 2);
  EXPECT_EQ(world.user("ada@a.test").status, UserStatus::kDisabled);
  world.tenant().UserAt(10).set_enabled(true);
  EXPECT_EQ(world.Sync().counters().users_enabled(), 1);
  EXPECT_EQ(world.user("ada@a.test").status, UserStatus::kActive);
}

TEST(FullSync, R56_R61_R63_LeavingStayingAwayAndComingBack) {
  World world;
  Populate(world.tenant());
  world.Sync();
  const absl::Time left = world.clock.TimeNow();
  world.tenant().RemoveUser(10);
  EXPECT_EQ(world.Sync().counters().users_removed(), 1);
  world.clock.AdvanceTime(absl::Hours(24 * 6));
  const v1::Run still = world.Sync();
  EXPECT_EQ(still.counters().users_removed(), 0);
  EXPECT_EQ(world.user("ada@a.test").delete_time, left);
  EXPECT_EQ(world.user("ada@a.test").deletion_epoch, 1);

  world.tenant().AddUser(10, "Ada@a.test", {1});
  const v1::Run back = world.Sync();
  EXPECT_EQ(back.counters().users_restored(), 1);
  EXPECT_FALSE(world.user("ada@a.test").pending_deletion());
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Sales"));

  world.tenant().RemoveUser(10);
  world.Sync();
  EXPECT_EQ(world.user("ada@a.test").delete_time, world.clock.TimeNow());
  EXPECT_EQ(world.user("ada@a.test").deletion_epoch, 2);
}

TEST(FullSync, R30_IncompleteReadingGivesButTakesNothing) {
  World world;
  Populate(world.tenant());
  world.Sync();
  FakeTenant& tenant = world.tenant();
  tenant.complete = false;
  tenant.RemoveUser(11);
  tenant.UserAt(12).set_enabled(false);
  tenant.Unselect(1);
  tenant.AddUser(14, "dan@a.test", {2});
  tenant.UserAt(10).set_email("new@a.test");
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::PARTIAL);
  EXPECT_THAT(Reasons(run), ElementsAre("READ_INCOMPLETE"));
  EXPECT_EQ(run.counters().users_created(), 1);
  EXPECT_EQ(run.counters().users_updated(), 1);
  EXPECT_EQ(run.counters().users_unchanged(), 1);
  EXPECT_EQ(run.counters().users_kept(), 1);
  EXPECT_EQ(run.counters().users_removed(), 0);
  EXPECT_EQ(run.counters().groups_released(), 0);
  EXPECT_EQ(world.user("cyd@a.test").status, UserStatus::kActive);
  EXPECT_FALSE(world.user("ben@a.test").pending_deletion());
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Sales", "Staff"));

  tenant.complete = true;
  const v1::Run complete = world.Sync();
  EXPECT_EQ(complete.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(complete.counters().users_removed(), 1);
  EXPECT_EQ(complete.counters().users_disabled(), 1);
  EXPECT_EQ(complete.counters().groups_released(), 1);
}

TEST(FullSync, R30_B3_CountsThatDoNotTieOutRemoveNobody) {
  World world;
  Populate(world.tenant());
  world.Sync();
  world.tenant().RemoveUser(11);
  world.tenant().announce_more = 1;
  const v1::Run run = world.Sync();
  EXPECT_THAT(Reasons(run), ElementsAre("READ_COUNT_MISMATCH"));
  EXPECT_EQ(run.counters().users_kept(), 1);
  EXPECT_FALSE(world.user("ben@a.test").pending_deletion());
}

TEST(FullSync, R30_AnEmptyTenantIsBelievedOnlyWithProof) {
  World world;
  for (int n = 10; n < 15; ++n) {
    world.tenant().AddUser(n, "u" + std::to_string(n) + "@a.test", {1});
  }
  world.tenant().AddGroup(1, "Sales");
  world.Sync();
  world.tenant().users.clear();
  world.tenant().complete = false;
  EXPECT_EQ(world.Sync().counters().users_kept(), 5);
  world.tenant().complete = true;
  EXPECT_EQ(world.Sync().counters().users_removed(), 5);
  EXPECT_EQ(world.group("Sales").member_count, 0);
}

TEST(FullSync, A7_RemovalsCausedByAVanishedGroupAreHeld) {
  World world;
  Populate(world.tenant());
  world.Sync();
  world.tenant().Unselect(1);
  world.tenant().AddGroup(1, "").set_missing(true);
  world.tenant().RemoveUser(11);  // Was in Sales only.
  world.tenant().RemoveUser(12);  // Was in Staff only.
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::PARTIAL);
  EXPECT_THAT(Reasons(run), ElementsAre("GROUP_MISSING"));
  EXPECT_EQ(run.counters().users_kept(), 1);
  EXPECT_EQ(run.counters().users_removed(), 1);
  EXPECT_EQ(run.counters().groups_seen(), 1);
  EXPECT_FALSE(world.user("ben@a.test").pending_deletion());
  EXPECT_TRUE(world.user("cyd@a.test").pending_deletion());
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Sales", "Staff"));
}

TEST(FullSync, A8_UnselectedGroupIsReleasedAndEmptied) {
  World world;
  Populate(world.tenant());
  world.Sync();
  User manual;
  manual.id = "manual";
  manual.username = "manual";
  manual.groups = {world.group("Sales").id};
  world.PutUser(manual);
  world.tenant().Unselect(1);
  world.tenant().RemoveUser(11);
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().groups_released(), 1);
  EXPECT_EQ(run.counters().users_removed(), 1);
  EXPECT_EQ(world.group("Sales").directory, "");
  EXPECT_EQ(world.group("Sales").member_count, 1);
  EXPECT_THAT(world.GroupNamesOf("manual"), ElementsAre("Sales"));
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Staff"));
}

TEST(FullSync, A24_GroupFollowsItsNameUnlessTheNameIsTaken) {
  World world;
  Populate(world.tenant());
  world.Sync();
  Group manual;
  manual.id = "manual";
  manual.display_name = "Taken";
  world.PutGroup(manual);
  world.tenant().GroupAt(1).set_display_name("Sellers");
  world.tenant().GroupAt(2).set_display_name("Taken");
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::PARTIAL);
  EXPECT_THAT(Reasons(run), ElementsAre("GROUP_NAME_CONFLICT"));
  EXPECT_EQ(run.counters().groups_updated(), 1);
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"),
              ElementsAre("Sellers", "Staff"));
  EXPECT_EQ(world.group("Taken").directory, "");
}

TEST(FullSync, R38_R39_R42_R47_PhonesComeAndGoWithTheSource) {
  World world;
  Populate(world.tenant());
  world.tenant().phone_import = true;
  auto& ada = world.tenant().UserAt(10);
  ada.set_has_phone_data(true);
  ada.add_phones()->set_number("+4401617150105");  // R40
  world.Sync();
  EXPECT_THAT(world.user("ada@a.test").phones,
              ElementsAre(Phone{"+4401617150105", "d1"}));
  const v1::ChangeEvent created = world.Events()[2];
  EXPECT_EQ(created.user_change().user().phones(0).platform(),
            v1::Phone::GENERIC_SMARTPHONE);
  EXPECT_TRUE(created.user_change().user().source_has_phone_data());  // R41
  ada.clear_phones();
  world.Sync();
  EXPECT_THAT(world.user("ada@a.test").phones, IsEmpty());
}

TEST(FullSync, A10_WithoutAnyGroupNobodyIsTouched) {
  World world;
  Populate(world.tenant());
  world.Sync();
  world.tenant().groups.clear();
  world.tenant().users.clear();
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::FAILED);
  EXPECT_THAT(Reasons(run), ElementsAre("DIRECTORY_SETUP_INCOMPLETE"));
  EXPECT_FALSE(world.user("ada@a.test").pending_deletion());
}

TEST(FullSync, B3_UsersOutOfOrderEndTheRun) {
  World world;
  Populate(world.tenant());
  world.tenant().repeat_users = true;
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::FAILED);
  EXPECT_THAT(Reasons(run), ElementsAre("STREAM_OUT_OF_ORDER"));
}

TEST(FullSync, R12_R13_AFinalErrorOfTheDirectoryEndsTheRunAtOnce) {
  World world;
  Populate(world.tenant());
  world.directory_service.break_error =
      FailedPrecondition("REAUTHORIZATION_REQUIRED", "Authorize again.");
  world.directory_service.breaks_left = 1;
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::FAILED);
  EXPECT_THAT(Reasons(run), ElementsAre("REAUTHORIZATION_REQUIRED"));
  EXPECT_THAT(world.EventTexts(), ElementsAre("finished FAILED"));
}

TEST(FullSync, B12_ADirectoryThatStaysAwayEndsTheRunAfterAWhile) {
  World world;
  Populate(world.tenant());
  world.directory_service.break_error = absl::UnavailableError("away");
  world.directory_service.breaks_left = 100;
  const RunName run = world.Start();
  int tries = 0;
  while (world.Find(run).state() == v1::Run::RUNNING) {
    ASSERT_OK(world.Carry(run));
    ASSERT_LE(++tries, kMaxTries);
  }
  EXPECT_EQ(tries, kMaxTries);
  EXPECT_EQ(world.Find(run).state(), v1::Run::FAILED);
}

// Neither the store's fault nor its directory's: nobody may try that for ever
// (invariant 28).
TEST(FullSync, B12_ARunThatFailsByItselfEndsAfterAWhile) {
  World world;
  Populate(world.tenant());
  world.faulty->RefuseKey(keys::UserByUsername("ben@a.test"));
  const RunName run = world.Start();
  int tries = 0;
  while (world.Find(run).state() == v1::Run::RUNNING && tries < 2 * kMaxTries) {
    ++tries;
    ASSERT_OK(world.Carry(run));
    world.clock.AdvanceTime(absl::Hours(1));
  }
  EXPECT_EQ(tries, kMaxTries);
  EXPECT_EQ(world.Find(run).state(), v1::Run::FAILED);
  EXPECT_THAT(Reasons(world.Find(run)), ElementsAre("BATCH_REFUSED"));
}

TEST(FullSync, B12_AProcessThatEndsLeavesTheRunToTheNext) {
  World world;
  Populate(world.tenant());
  const RunName run = world.Start();
  world.is_stopping = true;
  ASSERT_OK(world.Carry(run));
  EXPECT_EQ(world.Find(run).state(), v1::Run::RUNNING);
  world.is_stopping = false;
  world.Restart();
  ASSERT_OK(world.Carry(run));
  EXPECT_EQ(world.Find(run).state(), v1::Run::SUCCEEDED);
}

// Invariant 29: as many users are held in memory as there is room for.
TEST(FullSync, B12_UsersWhoAreLargeAreComparedInSmallerSteps) {
  static constexpr int kUsers = 20;
  const auto commits_with = [](size_t bytes_per_step) {
    World world;
    world.tenant().AddGroup(1, "Sales");
    for (int i = 0; i < kUsers; ++i) {
      world.tenant().AddUser(100 + i, absl::StrCat("u", i, "@a.test"), {1});
    }
    RunEngineOptions options = world.Options();
    options.max_batch_rows = 10'000;
    options.users_per_step = 1000;
    options.bytes_per_step = bytes_per_step;
    const int before = world.faulty->commit_count();
    const RunName name = world.Start();
    EXPECT_OK(RunEngine(options).Execute(name));
    EXPECT_EQ(world.Find(name).counters().users_created(), kUsers);
    return world.faulty->commit_count() - before;
  };
  EXPECT_EQ(commits_with(1) - commits_with(1 << 20), kUsers - 1);
}

TEST(FullSync, B12_AnotherReadingCountsEachUserOnce) {
  World world;
  Populate(world.tenant());
  world.directory_service.break_error = absl::UnavailableError("away");
  world.directory_service.break_after = 6;  // After two users.
  world.directory_service.breaks_left = 1;
  const RunName name = world.Start();
  ASSERT_OK(world.Carry(name));
  ASSERT_TRUE(world.FindUser("ada@a.test").has_value());
  world.directory_service.ForgetReadings();
  world.tenant().UserAt(10).set_email("new@a.test");
  world.tenant().RemoveUser(11);
  ASSERT_OK(world.Carry(name));
  const v1::Run run = world.Find(name);
  EXPECT_EQ(run.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(run.counters().users_seen(), 2);
  EXPECT_EQ(run.counters().users_created(), 2);
  EXPECT_EQ(run.counters().users_removed(), 1);
  EXPECT_EQ(run.counters().groups_created(), 2);
  EXPECT_EQ(world.user("ada@a.test").email, "new@a.test");
}

// Invariant 31: what cannot be read ends the run, and nobody is taken for
// absent because of it.
TEST(FullSync, B3_ADamagedIndexEndsTheRunWithoutRemovals) {
  World world;
  Populate(world.tenant());
  world.Sync();
  rollcall::store::Batch damage("acme");
  damage.Put(keys::UserBySource("d1", SourceId(11)), "\xff\xff garbage");
  ASSERT_OK(world.rows->Commit(damage));
  const RunName name = world.Start();
  ASSERT_OK(world.Carry(name));
  EXPECT_EQ(world.Find(name).state(), v1::Run::FAILED);
  EXPECT_THAT(Reasons(world.Find(name)), ElementsAre("STORE_VALUE_MALFORMED"));
  EXPECT_FALSE(world.user("ada@a.test").pending_deletion());
  EXPECT_FALSE(world.user("cyd@a.test").pending_deletion());
}

TEST(FullSync, B3_ADamagedGroupIndexEndsTheRunToo) {
  World world;
  Populate(world.tenant());
  world.Sync();
  rollcall::store::Batch damage("acme");
  damage.Delete(keys::Group(world.group("Sales").id));
  ASSERT_OK(world.rows->Commit(damage));
  const RunName name = world.Start();
  ASSERT_OK(world.Carry(name));
  EXPECT_EQ(world.Find(name).state(), v1::Run::FAILED);
  EXPECT_THAT(Reasons(world.Find(name)), ElementsAre("INDEX_DANGLING"));
  EXPECT_FALSE(world.board.Find(name.ToString()).has_value());
}

TEST(FullSync, B3_AGroupStreamedTwiceEndsTheRun) {
  World world;
  Populate(world.tenant());
  world.tenant().repeat_groups = true;
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::FAILED);
  EXPECT_THAT(Reasons(run), ElementsAre("STREAM_OUT_OF_ORDER"));
  EXPECT_FALSE(world.FindGroup("Sales").has_value());
}

TEST(FullSync, R18_R24_AGroupThatIsNotSelectedEndsTheRun) {
  World world;
  Populate(world.tenant());
  world.tenant().AddGroup(3, "Secret");
  world.tenant().unannounced_group = SourceId(3);
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::FAILED);
  EXPECT_THAT(Reasons(run), ElementsAre("STREAM_OUT_OF_ORDER"));
  EXPECT_FALSE(world.FindGroup("Secret").has_value());
}

TEST(FullSync, R67_AFailedRunDoesNotShowThatAllIsDone) {
  World world;
  Populate(world.tenant());
  world.directory_service.break_error =
      FailedPrecondition("REAUTHORIZATION_REQUIRED", "Authorize again.");
  world.directory_service.break_after = 6;  // After two users of three.
  world.directory_service.breaks_left = 1;
  const v1::Run run = world.Sync();
  ASSERT_EQ(run.state(), v1::Run::FAILED);
  EXPECT_EQ(run.progress().done(), 2);
  EXPECT_EQ(run.progress().total(), 3);
}

TEST(FullSync, R47_ComingBackThroughAnotherDirectoryLeavesNoPhonesOfTheFirst) {
  World world;
  Populate(world.tenant("d1"));
  world.tenant("d1").phone_import = true;
  world.tenant("d1").UserAt(10).add_phones()->set_number("+4401617150105");
  world.tenant("d2").AddGroup(5, "Other");
  world.Sync("d1");
  world.tenant("d1").RemoveUser(10);
  world.Sync("d1");
  ASSERT_TRUE(world.user("ada@a.test").pending_deletion());
  world.tenant("d2").AddUser(50, "ada@a.test", {5});
  world.Sync("d2");
  const User ada = world.user("ada@a.test");
  ASSERT_THAT(ada.claims, SizeIs(1));
  EXPECT_THAT(ada.phones, IsEmpty());
}

// The checker that the other tests rely on does see damage.
TEST(Invariants, SeesWhatIsBroken) {
  World world;
  Populate(world.tenant());
  world.Sync();
  ASSERT_OK(CheckInvariants(*world.store, "acme"));
  const std::vector<std::string> victims = {
      keys::UserByUsername("ben@a.test"),
      keys::UserBySource("d1", SourceId(10)),
      keys::Member(world.group("Sales").id, world.user("ada@a.test").id),
      keys::GroupByName("sales"),
      keys::Feed(2),
      keys::Feed(6)};
  for (const std::string& key : victims) {
    auto value = world.rows->Get("acme", key);
    ASSERT_OK(value);
    ASSERT_TRUE(value->has_value());
    rollcall::store::Batch damage("acme");
    damage.Delete(key);
    ASSERT_OK(world.rows->Commit(damage));
    EXPECT_FALSE(CheckInvariants(*world.store, "acme").ok());
    rollcall::store::Batch repair("acme");
    repair.Put(key, **value);
    ASSERT_OK(world.rows->Commit(repair));
    ASSERT_OK(CheckInvariants(*world.store, "acme"));
  }
}

}  // namespace
}  // namespace rollcall::reconciliation
