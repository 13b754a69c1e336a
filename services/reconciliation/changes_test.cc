// Runs of changes, polls, the schedule, and the second look (B3, B6).
#include <set>
#include <string>
#include <vector>

#include "common/status/errors.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/run_desk.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/scheduler.h"
#include "services/reconciliation/worker.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::IsEmpty;
using ::testing::Lt;
using ::testing::SizeIs;

constexpr absl::Duration kDay = absl::Hours(24);

const DirectoryName kD1(AccountName("acme"), "d1");

// Two groups, three users; all are synced.
void Populate(World& world, const std::string& directory = "d1") {
  FakeTenant& tenant = world.tenant(directory);
  const int base = directory == "d1" ? 0 : 500;
  tenant.AddGroup(base + 1, "Sales of " + directory);
  tenant.AddGroup(base + 2, "Staff of " + directory);
  for (const auto& [n, name] :
       {std::pair(10, "ada"), {11, "ben"}, {12, "cyd"}}) {
    tenant.AddUser(base + n, std::string(name) + "@" + directory + ".test",
                   {base + 1 + n % 2});
  }
  world.Sync(directory);
}

std::vector<std::string> Reasons(const v1::Run& run) {
  std::vector<std::string> reasons;
  for (const v1::RunProblem& problem : run.problems()) {
    reasons.push_back(problem.reason());
  }
  return reasons;
}

std::vector<v1::Run> Runs(const World& world) {
  std::vector<v1::Run> runs;
  auto listed = world.store->Runs("acme").ListRuns("d1", "", 100);
  for (ListedRun& run : *listed) runs.push_back(std::move(run.run));
  return runs;
}

// The threads of a service, one turn at a time.
struct Crew {
  explicit Crew(World& the_world) : world(the_world) {}

  // The scheduler looks, then a worker works until there is nothing left.
  void Turn() {
    ASSERT_OK(scheduler.RunOnce(world.clock.TimeNow()));
    for (int i = 0; i < 10; ++i) {
      ASSERT_OK_AND_ASSIGN(const Pace pace,
                           worker.RunOnce(world.clock.TimeNow()));
      if (pace == Pace::kRest) return;
    }
    FAIL() << "The work does not end.";
  }

  World& world;
  RunDesk desk;
  Scheduler scheduler{world.Options(), desk, [] {}};
  RunWorker worker{world.Options(), desk};
};

TEST(ChangesRun, B6_AppliesWhatHasChangedAndReadsNothingElse) {
  World world;
  Populate(world);
  FakeTenant& tenant = world.tenant();
  tenant.UserAt(10).set_email("new@d1.test");
  tenant.AddUser(13, "dan@d1.test", {1});
  tenant.RemoveUser(11);
  const size_t events = world.Events().size();
  const v1::Run run = world.SyncChanges();
  EXPECT_EQ(run.kind(), v1::Run::CHANGES);
  EXPECT_EQ(run.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(run.counters().users_seen(), 2);
  EXPECT_EQ(run.counters().users_created(), 1);
  EXPECT_EQ(run.counters().users_updated(), 1);
  EXPECT_EQ(run.counters().users_removed(), 1);
  EXPECT_THAT(world.EventTexts(events),
              ElementsAre("UPDATED ada@d1.test R28", "CREATED dan@d1.test R18",
                          "REMOVED ben@d1.test R56", "finished SUCCEEDED"));
  EXPECT_FALSE(world.user("cyd@d1.test").pending_deletion());
}

TEST(ChangesRun, B6_TheCursorMovesWithTheEndOfTheRun) {
  World world;
  Populate(world);
  auto cursor = [&] {
    return world.store->Runs("acme").GetDirectory("d1")->change_cursor();
  };
  const std::string before = cursor();
  ASSERT_NE(before, "");
  world.tenant().AddUser(13, "dan@d1.test", {1});
  const RunName run = world.Start("d1", v1::Run::CHANGES);
  world.directory_service.break_error =
      FailedPrecondition("REAUTHORIZATION_REQUIRED", "Authorize again.");
  world.directory_service.break_after = 5;
  world.directory_service.breaks_left = 1;
  ASSERT_OK(world.Carry(run));
  EXPECT_EQ(world.Find(run).state(), v1::Run::FAILED);
  EXPECT_EQ(cursor(), before);
  EXPECT_EQ(world.SyncChanges().counters().users_seen(), 1);
  EXPECT_NE(cursor(), before);
}

TEST(ChangesRun, B6_AnExpiredCursorMakesItAFullRun) {
  World world;
  Populate(world);
  world.directory_service.cursors_expired = true;
  world.tenant().RemoveUser(11);
  const v1::Run run = world.SyncChanges();
  EXPECT_EQ(run.kind(), v1::Run::FULL);
  EXPECT_EQ(run.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(run.counters().users_seen(), 2);
  EXPECT_EQ(run.counters().users_removed(), 1);
}

TEST(ChangesRun, B6_WithoutAFirstReadingItIsAFullRun) {
  World world;
  world.tenant().AddGroup(1, "Sales");
  world.tenant().AddUser(10, "ada@d1.test", {1});
  EXPECT_EQ(world.SyncChanges().kind(), v1::Run::FULL);
}

TEST(ChangesRun, R30_B6_AnIncompleteOneTakesNothingAndHasEverythingReadAnew) {
  World world;
  Populate(world);
  Crew crew(world);
  crew.Turn();
  FakeTenant& tenant = world.tenant();
  tenant.complete = false;
  tenant.RemoveUser(11);
  const v1::Run run = world.SyncChanges();
  EXPECT_EQ(run.state(), v1::Run::PARTIAL);
  EXPECT_EQ(run.counters().users_kept(), 1);
  EXPECT_FALSE(world.user("ben@d1.test").pending_deletion());
  // The cursor is past the removal; only a full run sees it again.
  tenant.complete = true;
  world.clock.AdvanceTime(absl::Hours(1));
  crew.Turn();
  EXPECT_EQ(Runs(world).front().kind(), v1::Run::FULL);
  EXPECT_TRUE(world.user("ben@d1.test").pending_deletion());
}

// The cursor of an incomplete reading is taken: what changes meanwhile, such as
// who is disabled, must not wait. Whom the reading did not prove to be gone, no
// run of changes tells again; so the full run that was put off stays due,
// however many complete runs of changes come first.
TEST(ChangesRun, R30_B6_ChangesDoNotMakeUpForAnIncompleteFullReading) {
  World world;
  Populate(world);
  Crew crew(world);
  crew.Turn();
  FakeTenant& tenant = world.tenant();
  tenant.complete = false;
  tenant.RemoveUser(11);
  EXPECT_EQ(world.Sync().state(), v1::Run::PARTIAL);
  tenant.complete = true;
  for (const bool enabled : {false, true}) {
    tenant.UserAt(10).set_enabled(enabled);
    const v1::Run changes = world.SyncChanges();
    EXPECT_EQ(changes.kind(), v1::Run::CHANGES);
    EXPECT_EQ(changes.state(), v1::Run::SUCCEEDED);
    EXPECT_EQ(changes.counters().users_seen(), 1);
  }
  EXPECT_FALSE(world.user("ben@d1.test").pending_deletion());
  world.clock.AdvanceTime(absl::Hours(1));
  crew.Turn();
  EXPECT_EQ(Runs(world).front().kind(), v1::Run::FULL);
  EXPECT_TRUE(world.user("ben@d1.test").pending_deletion());
}

TEST(ChangesRun, B12_KilledAtEachCommitItEndsLikeOneThatIsNot) {
  auto changed = [] {
    auto world = std::make_unique<World>();
    Populate(*world);
    FakeTenant& tenant = world->tenant();
    tenant.UserAt(10).set_email("");
    tenant.UserAt(12).set_enabled(false);
    tenant.AddUser(13, "dan@d1.test", {1});
    tenant.RemoveUser(11);
    return world;
  };
  auto undisturbed = changed();
  undisturbed->SyncChanges();
  const std::vector<std::string> expected = undisturbed->Dump();
  int kills = 0;
  bool was_killed = true;
  for (int n = 1; was_killed; ++n) {
    SCOPED_TRACE(n);
    auto world = changed();
    const RunName run = world->Start("d1", v1::Run::CHANGES);
    world->faulty->FailCommit(
        n, rollcall::store::FaultyStore::Outcome::kNotWritten);
    was_killed = !world->Carry(run).ok();
    world->Restart();
    ASSERT_OK(world->Carry(run));
    ASSERT_EQ(world->Dump(), expected);
    kills += was_killed;
  }
  EXPECT_GT(kills, 4);
}

TEST(SecondLook, B3_WhoIsThereAfterAllIsKeptAndCounted) {
  World world;
  Populate(world);
  world.directory_service.hidden_from_streams = {SourceId(11)};
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(run.counters().removals_contradicted(), 1);
  EXPECT_EQ(run.counters().users_kept(), 1);
  EXPECT_EQ(run.counters().users_removed(), 0);
  EXPECT_FALSE(world.user("ben@d1.test").pending_deletion());
}

TEST(SecondLook, B3_WithoutProofNobodyIsRemoved) {
  World world;
  Populate(world);
  world.tenant().MoveOutside(11);
  world.tenant().look_complete = false;
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::PARTIAL);
  EXPECT_THAT(Reasons(run), ElementsAre("REMOVAL_UNPROVEN"));
  EXPECT_FALSE(world.user("ben@d1.test").pending_deletion());
  world.tenant().look_complete = true;
  EXPECT_EQ(world.Sync().counters().users_removed(), 1);
}

TEST(SecondLook, B3_TheEvidenceIsKeptWithTheRemoval) {
  World world;
  Populate(world);
  world.tenant().MoveOutside(11);
  world.Sync();
  const auto events = world.Events();
  const v1::ChangeEvent& removed = events[events.size() - 2];
  ASSERT_EQ(removed.rule(), "R56");
  EXPECT_TRUE(removed.evidence().found());
  EXPECT_TRUE(removed.evidence().complete());
  EXPECT_FALSE(removed.evidence().in_scope());
  EXPECT_EQ(removed.evidence().source_requests(), 5);
}

TEST(SecondLook, B3_OnlyThoseWhoWouldGoAreLookedAt) {
  World world(/*max_batch_rows=*/4000, /*users_per_step=*/100);
  world.tenant().AddGroup(1, "Sales");
  for (int n = 10; n < 110; ++n) {
    world.tenant().AddUser(n, "u" + std::to_string(n) + "@d1.test", {1});
  }
  world.Sync();
  for (int n = 10; n < 20; ++n) world.tenant().RemoveUser(n);
  EXPECT_EQ(world.Sync().counters().users_removed(), 10);
  EXPECT_EQ(world.directory_service.looks(), 10);
  world.Sync();  // They are in the trash: nobody asks again.
  EXPECT_EQ(world.directory_service.looks(), 10);
}

TEST(SecondLook, B12_ASourceThatFailsMeanwhileIsAskedAgainLater) {
  World world;
  Populate(world);
  world.tenant().RemoveUser(11);
  world.directory_service.look_error = absl::UnavailableError("away");
  const RunName run = world.Start();
  ASSERT_OK(world.Carry(run));
  EXPECT_EQ(world.Find(run).state(), v1::Run::RUNNING);
  EXPECT_FALSE(world.user("ben@d1.test").pending_deletion());
  world.directory_service.look_error = absl::OkStatus();
  world.Restart();
  ASSERT_OK(world.Carry(run));
  EXPECT_EQ(world.Find(run).state(), v1::Run::SUCCEEDED);
  EXPECT_TRUE(world.user("ben@d1.test").pending_deletion());
}

TEST(Schedule, R68_R69_TheSlotIsDrawnOnceAndSurvivesRestarts) {
  World world;
  world.tenant().AddGroup(1, "Sales");
  world.tenant().AddUser(10, "ada@d1.test", {1});
  Crew(world).Turn();
  const store::DirectoryRow drawn =
      *world.store->Runs("acme").GetDirectory("d1");
  EXPECT_GE(drawn.slot_second(), 0);
  EXPECT_LT(drawn.slot_second(), 24 * 60 * 60);
  EXPECT_THAT(Runs(world), IsEmpty());  // Today's slot was not missed.
  world.Restart();
  // Missed three times, it runs once, though nobody has synced before.
  world.clock.AdvanceTime(3 * kDay);
  Crew crew(world);
  crew.Turn();
  crew.Turn();
  EXPECT_EQ(world.store->Runs("acme").GetDirectory("d1")->slot_second(),
            drawn.slot_second());
  ASSERT_THAT(Runs(world), SizeIs(1));
  EXPECT_EQ(Runs(world)[0].kind(), v1::Run::FULL);
  EXPECT_TRUE(world.FindUser("ada@d1.test").has_value());
}

// Each hour of the day gets its share of directories: a hundred of 2,400, whose
// deviation is ten.
TEST(Schedule, R68_R69_TheSlotsAreSpreadOverTheDay) {
  World world;
  constexpr int kDirectories = 2400;
  for (int n = 0; n < kDirectories; ++n) {
    world.tenant("d" + std::to_string(n)).AddGroup(1, "Sales");
  }
  Crew(world).Turn();
  std::vector<int> by_hour(24);
  std::set<int> seconds;
  for (int n = 0; n < kDirectories; ++n) {
    const int second = world.store->Runs("acme")
                           .GetDirectory("d" + std::to_string(n))
                           ->slot_second();
    ++by_hour.at(static_cast<size_t>(second / 3600));
    seconds.insert(second);
  }
  EXPECT_THAT(by_hour, Each(AllOf(Gt(30), Lt(170))));
  EXPECT_GT(seconds.size(), 2200u);  // Not on the hour, nor on the minute.
}

TEST(Schedule, R9_NothingIsTriedWhileReauthorizationIsRequired) {
  World world;
  Populate(world);
  Crew crew(world);
  crew.Turn();
  const int streams = world.directory_service.streams_opened();
  world.tenant().state = directory::v1::Directory::REAUTHORIZATION_REQUIRED;
  for (int i = 0; i < 100; ++i) {
    world.clock.AdvanceTime(absl::Hours(1));
    crew.Turn();
  }
  EXPECT_EQ(world.directory_service.streams_opened(), streams);
  world.tenant().state = directory::v1::Directory::CONNECTED;
  crew.Turn();
  EXPECT_EQ(Runs(world).front().kind(), v1::Run::FULL);
}

TEST(Poll, B6_WithoutChangesOneRowIsWrittenAndNoRun) {
  World world;
  Populate(world);
  Crew crew(world);
  crew.Turn();
  const size_t runs = Runs(world).size();
  const std::vector<v1::ChangeEvent> events = world.Events();
  for (int i = 0; i < 20; ++i) {
    world.clock.AdvanceTime(absl::Minutes(5));
    const int streams = world.directory_service.streams_opened();
    const std::vector<std::string> before = world.Dump();
    ASSERT_OK(crew.scheduler.RunOnce(world.clock.TimeNow()));
    ASSERT_OK(crew.worker.RunOnce(world.clock.TimeNow()));
    if (Runs(world).size() != runs) break;  // The daily slot.
    EXPECT_EQ(world.directory_service.streams_opened(), streams + 1);
    const std::vector<std::string> after = world.Dump();
    ASSERT_EQ(after.size(), before.size());
    int changed = 0;
    for (size_t row = 0; row < after.size(); ++row) {
      changed += after[row] != before[row];
    }
    EXPECT_EQ(changed, 1);
    EXPECT_THAT(world.Events(), SizeIs(events.size()));
  }
}

TEST(Poll, B6_ChangesBecomeARunOfTheSameReading) {
  World world;
  Populate(world);
  Crew crew(world);
  crew.Turn();
  world.tenant().UserAt(10).set_email("new@d1.test");
  world.clock.AdvanceTime(absl::Minutes(5));
  crew.Turn();
  EXPECT_EQ(world.user("ada@d1.test").email, "new@d1.test");
  EXPECT_EQ(Runs(world).front().state(), v1::Run::SUCCEEDED);
}

TEST(Poll, B6_ARenamedGroupIsAChange) {
  World world;
  Populate(world);
  Crew crew(world);
  crew.Turn();
  world.tenant().GroupAt(1).set_display_name("Sellers");
  world.clock.AdvanceTime(absl::Minutes(5));
  crew.Turn();
  EXPECT_TRUE(world.FindGroup("Sellers").has_value());
}

TEST(Poll, B6_ADirectoryThatFailsIsAskedAgainAfterItsInterval) {
  World world;
  Populate(world);
  Crew crew(world);
  crew.Turn();
  world.directory_service.break_error = absl::UnavailableError("away");
  world.directory_service.breaks_left = 1000;
  const int streams = world.directory_service.streams_opened();
  world.clock.AdvanceTime(absl::Minutes(5));
  for (int i = 0; i < 5; ++i) crew.Turn();
  EXPECT_EQ(world.directory_service.streams_opened(), streams + 1);
}

TEST(Worker, R69_OneRunADirectoryAndNoDirectoryWaitsForAnother) {
  World world;
  Populate(world, "d1");
  Populate(world, "d2");
  const RunName first = world.Start("d1");
  const RunName second = world.Start("d2");
  RunDesk desk;
  RunWorker worker(world.Options(), desk);
  {
    // Another thread works on d1.
    const auto claim = desk.TryClaim(kD1);
    ASSERT_TRUE(claim.has_value());
    EXPECT_FALSE(desk.TryClaim(kD1).has_value());
    ASSERT_OK(worker.RunOnce(world.clock.TimeNow()));
    EXPECT_EQ(world.Find(first).state(), v1::Run::RUNNING);
    EXPECT_EQ(world.Find(second).state(), v1::Run::SUCCEEDED);
  }
  ASSERT_OK(worker.RunOnce(world.clock.TimeNow()));
  EXPECT_EQ(world.Find(first).state(), v1::Run::SUCCEEDED);
}

TEST(Cancel, ARunThatIsCancelledEndsAndLeavesWhatItHasDone) {
  World world;
  Populate(world);
  for (int n = 20; n < 40; ++n) {
    world.tenant().AddUser(n, "u" + std::to_string(n) + "@d1.test", {1});
  }
  const RunName run = world.Start();
  world.directory_service.on_message = [&](int n) {
    if (n != 12) return;
    ASSERT_OK(RequestCancel(run, *world.store));
  };
  ASSERT_OK(world.Carry(run));
  EXPECT_EQ(world.Find(run).state(), v1::Run::CANCELLED);
  EXPECT_GT(world.Find(run).counters().users_created(), 0);
  EXPECT_LT(world.Find(run).counters().users_created(), 20);
  world.directory_service.on_message = nullptr;
  EXPECT_EQ(world.Sync().state(), v1::Run::SUCCEEDED);
  EXPECT_TRUE(world.FindUser("u39@d1.test").has_value());
}

TEST(Cancel, ARunThatWaitsForItsDirectoryEndsAtOnce) {
  World world;
  Populate(world);
  const RunName run = world.Start();
  world.directory_service.break_error = absl::UnavailableError("away");
  world.directory_service.breaks_left = 1000;
  ASSERT_OK(world.Carry(run));
  ASSERT_OK(RequestCancel(run, *world.store));
  RunDesk desk;
  RunWorker worker(world.Options(), desk);
  ASSERT_OK(worker.RunOnce(world.clock.TimeNow()));
  EXPECT_EQ(world.Find(run).state(), v1::Run::CANCELLED);
}

TEST(Runs, B6_OldRunsOfChangesAreForgottenAndFullOnesAreNot) {
  World world;
  Populate(world);
  for (int i = 0; i < 5; ++i) {
    world.tenant().UserAt(10).set_email(std::to_string(i) + "@d1.test");
    world.SyncChanges();
  }
  EXPECT_THAT(Runs(world), SizeIs(6));
  world.clock.AdvanceTime(31 * kDay);
  world.Sync();
  EXPECT_THAT(Runs(world), SizeIs(2));
}

// The slot was served by a run that came to nothing.
TEST(Schedule, R68_R69_AFullRunThatFailsIsRepeatedTheSameDay) {
  World world;
  Populate(world);
  Crew crew(world);
  crew.Turn();
  world.clock.AdvanceTime(kDay);
  world.directory_service.break_error =
      FailedPrecondition("SOURCE_BROKEN", "The source is broken.");
  world.directory_service.breaks_left = 1;
  crew.Turn();
  ASSERT_EQ(Runs(world).front().state(), v1::Run::FAILED);
  crew.Turn();
  EXPECT_EQ(Runs(world).front().state(), v1::Run::FAILED);  // Not at once.
  world.clock.AdvanceTime(absl::Hours(1));
  crew.Turn();
  EXPECT_EQ(Runs(world).front().kind(), v1::Run::FULL);
  EXPECT_EQ(Runs(world).front().state(), v1::Run::SUCCEEDED);
}

// What is under way is the answer, and what was asked for comes after it.
TEST(Schedule, R66_R69_AFullSyncAskedForDuringAnotherRunComesNext) {
  for (const bool finds : {true, false}) {
    SCOPED_TRACE(finds);
    World world;
    Populate(world);
    Crew crew(world);
    crew.Turn();
    world.tenant().UserAt(10).set_email("new@d1.test");
    const RunName changes = world.Start("d1", v1::Run::CHANGES);
    const RunRequest wanted = {.kind = v1::Run::FULL, .request_id = "mine"};
    const absl::Time now = world.clock.TimeNow();
    if (finds) {
      ASSERT_OK_AND_ASSIGN(const auto answer,
                           FindAnswer(kD1, wanted, now, *world.store));
      ASSERT_TRUE(answer.has_value());
      EXPECT_EQ(answer->name(), changes.ToString());
    } else {
      ASSERT_OK_AND_ASSIGN(
          const v1::Run answer,
          StartRun(RunName(kD1, "full"), wanted, now, *world.store));
      EXPECT_EQ(answer.name(), changes.ToString());
    }
    ASSERT_OK(world.Carry(changes));
    crew.Turn();
    EXPECT_THAT(Runs(world), SizeIs(3));
    EXPECT_EQ(Runs(world).front().kind(), v1::Run::FULL);
    crew.Turn();
    EXPECT_THAT(Runs(world), SizeIs(3));  // Once.
  }
}

}  // namespace
}  // namespace rollcall::reconciliation
