// Who gets a name that another user of the same directory had, where renames
// are followed (A3).
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/collision_desk.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::FaultyStore;
using ::testing::ElementsAre;

// Two groups of names: ada and ben will swap theirs, cyd takes dan's, who takes
// eve's.
void Populate(World& world) {
  FakeTenant& tenant = world.tenant();
  tenant.follow_renames = true;
  tenant.AddGroup(1, "Sales");
  tenant.AddUser(10, "ada@a.test", {1});
  tenant.AddUser(11, "ben@a.test", {1});
  tenant.AddUser(12, "cyd@a.test", {1});
  tenant.AddUser(13, "dan@a.test", {1});
  world.Sync();
  tenant.UserAt(10).set_user_principal_name("ben@a.test");
  tenant.UserAt(11).set_user_principal_name("ada@a.test");
  tenant.UserAt(12).set_user_principal_name("dan@a.test");
  tenant.UserAt(13).set_user_principal_name("eve@a.test");
}

std::string ObjectOf(const World& world, const std::string& username) {
  return world.user(username).ClaimOf("d1")->source_id;
}

void ExpectNewNames(const World& world) {
  EXPECT_EQ(ObjectOf(world, "ben@a.test"), SourceId(10));
  EXPECT_EQ(ObjectOf(world, "ada@a.test"), SourceId(11));
  EXPECT_EQ(ObjectOf(world, "dan@a.test"), SourceId(12));
  EXPECT_EQ(ObjectOf(world, "eve@a.test"), SourceId(13));
}

TEST(Naming, A3_NamesThatTheSourceSwapsOrPassesOnFollowInOneRun) {
  for (const auto kind : {v1::Run::FULL, v1::Run::CHANGES}) {
    World world;
    Populate(world);
    const v1::Run run = world.Sync("d1", kind);
    ExpectNewNames(world);
    EXPECT_EQ(run.counters().users_renamed(), 4);
    EXPECT_EQ(run.counters().users_updated(), 4);
    EXPECT_EQ(run.counters().warnings().count("USERNAME_COLLISION"), 0);
    EXPECT_EQ(world.Sync().counters().users_unchanged(), 4);
  }
}

TEST(Naming, A3_B1_APlanGivesThemTheSameNames) {
  World world;
  Populate(world);
  const v1::Run plan = world.Plan();
  EXPECT_EQ(plan.counters().users_renamed(), 4);
  EXPECT_EQ(ObjectOf(world, "ada@a.test"), SourceId(10));
  world.Apply(plan);
  ExpectNewNames(world);
}

TEST(Naming, A3_B5_APlanGivesThemToThePinnedToo) {
  World world;
  Populate(world);
  const v1::Run renaming = world.Sync();
  world.clock.AdvanceTime(absl::Hours(1));
  world.Revert(renaming);
  ASSERT_EQ(ObjectOf(world, "ada@a.test"), SourceId(10));
  world.clock.AdvanceTime(absl::Hours(1));
  world.Apply(world.Plan());
  ExpectNewNames(world);
}

TEST(Naming, A3_A4_WhoeverWaitsInVainKeepsHisName) {
  World world;
  Populate(world);
  User manual;
  manual.id = "manual";
  manual.username = "eve@a.test";
  world.PutUser(manual);
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().users_renamed(), 2);
  EXPECT_EQ(run.counters().warnings().at("USERNAME_COLLISION"), 2);
  EXPECT_EQ(ObjectOf(world, "cyd@a.test"), SourceId(12));
  EXPECT_EQ(ObjectOf(world, "dan@a.test"), SourceId(13));
}

TEST(Naming, A3_B12_KilledAtEachCommitItEndsTheSame) {
  for (const auto outcome :
       {FaultyStore::Outcome::kNotWritten, FaultyStore::Outcome::kWritten}) {
    bool was_killed = true;
    for (int n = 1; was_killed; ++n) {
      SCOPED_TRACE(n);
      World world(/*max_batch_rows=*/1, /*users_per_step=*/1);
      Populate(world);
      const RunName run = world.Start();
      world.faulty->FailCommit(n, outcome);
      was_killed = !world.Carry(run).ok();
      world.Restart();
      ASSERT_OK(CheckInvariants(*world.store, "acme"));
      ASSERT_OK(world.Carry(run));
      ASSERT_OK(CheckInvariants(*world.store, "acme"));
      ExpectNewNames(world);
      EXPECT_EQ(world.Find(run).counters().users_renamed(), 4);
      EXPECT_EQ(world.Find(run).counters().users_updated(), 4);
    }
  }
}

// Zoe is new, and is given the name that somebody gives up in the same run: of
// the object `mover`, before hers or behind it.
void PopulateWithNewcomer(World& world, int mover) {
  FakeTenant& tenant = world.tenant();
  tenant.follow_renames = true;
  tenant.AddGroup(1, "Sales");
  tenant.AddUser(mover, "zoe@a.test", {1});
  world.Sync();
  tenant.UserAt(mover).set_user_principal_name("yan@a.test");
  tenant.AddUser(20, "zoe@a.test", {1}).set_email("");
}

void ExpectNewcomer(const World& world, const v1::Run& run, int mover) {
  EXPECT_EQ(ObjectOf(world, "zoe@a.test"), SourceId(20));
  EXPECT_EQ(ObjectOf(world, "yan@a.test"), SourceId(mover));
  EXPECT_EQ(run.counters().users_created(), 1);
  EXPECT_EQ(run.counters().users_renamed(), 1);
  EXPECT_EQ(run.counters().users_updated(), 1);
  EXPECT_EQ(run.counters().users_skipped(), 0);
}

std::vector<v1::Collision::Kind> KindsMet(const World& world,
                                          const v1::Run& run) {
  std::vector<v1::Collision::Kind> kinds;
  rollcall::store::MessageCursor<store::CollisionRow> cursor(
      world.store->rows(), "acme",
      rollcall::store::KeyRange::Prefix(
          keys::CollisionsOfRun("d1", RunName::Parse(run.name())->id())));
  while (auto row = *cursor.Next()) {
    std::string directory, run_id, source_id;
    int64_t kind = 0;
    EXPECT_OK(rollcall::store::KeyReader(row->key)
                  .Table("collisions")
                  .String(&directory)
                  .String(&run_id)
                  .Int64(&kind)
                  .String(&source_id)
                  .Finish());
    kinds.push_back(static_cast<v1::Collision::Kind>(kind));
  }
  return kinds;
}

// Decides at the desk how an object is called (B10).
void Name(World& world, int object, const std::string& name) {
  store::DecisionRow given;
  given.set_choice(static_cast<int>(DeskChoice::kRename));
  given.set_name(name);
  auto transaction = world.store->Begin("acme");
  ASSERT_OK(transaction.status());
  (*transaction)
      ->Put(keys::Decision("d1", kDeskUsers, SourceId(object)), given);
  ASSERT_OK((*transaction)->Commit());
}

constexpr int kBefore = 10;
constexpr int kBehind = 30;

TEST(Naming, A4_B12_ANewUserGetsTheNameThatTheSameRunFrees) {
  for (const int mover : {kBefore, kBehind}) {
    for (const auto kind : {v1::Run::FULL, v1::Run::CHANGES}) {
      SCOPED_TRACE(mover);
      World world;
      PopulateWithNewcomer(world, mover);
      const v1::Run run = world.Sync("d1", kind);
      ExpectNewcomer(world, run, mover);
      // Her missing email is told, and no collision.
      EXPECT_THAT(KindsMet(world, run),
                  ElementsAre(v1::Collision::MISSING_EMAIL));
    }
  }
}

TEST(Naming, A4_B1_APlanForeseesWhoGetsIt) {
  World world;
  PopulateWithNewcomer(world, kBehind);
  const v1::Run plan = world.Plan();
  EXPECT_EQ(plan.counters().users_created(), 1);
  EXPECT_EQ(plan.counters().users_skipped(), 0);
  ExpectNewcomer(world, world.Apply(plan), kBehind);
}

TEST(Naming, A4_B5_WhoeverIsPinnedKeepsTheNameAndTheNewUserIsKeptOut) {
  World world;
  PopulateWithNewcomer(world, kBehind);
  world.tenant().RemoveUser(20);
  const v1::Run renaming = world.Sync();
  world.clock.AdvanceTime(absl::Hours(1));
  world.Revert(renaming);
  world.tenant().AddUser(20, "zoe@a.test", {1});
  world.clock.AdvanceTime(absl::Hours(1));
  const v1::Run run = world.Sync();
  EXPECT_EQ(ObjectOf(world, "zoe@a.test"), SourceId(kBehind));
  EXPECT_EQ(run.counters().users_pinned(), 1);
  EXPECT_EQ(run.counters().skipped().at("USERNAME_COLLISION"), 1);
  EXPECT_EQ(run.counters().users_skipped(), 1);
  EXPECT_THAT(KindsMet(world, run), ElementsAre(v1::Collision::USERNAME));
}

TEST(Naming, A4_B10_OfTwoWhoWantTheNameTheFirstGetsIt) {
  World world;
  PopulateWithNewcomer(world, kBehind);
  // Whatever the source calls her, this one is to be called so, too.
  world.tenant().AddUser(25, "una@a.test", {1});
  Name(world, 25, "zoe@a.test");
  const v1::Run run = world.Sync();
  EXPECT_EQ(ObjectOf(world, "zoe@a.test"), SourceId(20));
  EXPECT_EQ(run.counters().users_created(), 1);
  EXPECT_EQ(run.counters().skipped().at("USERNAME_COLLISION"), 1);
}

// Whether or not the reading begins anew after the crash.
TEST(Naming, A4_B12_KilledAtEachCommitTheNewUserGetsIt) {
  for (const bool loses_reading : {false, true}) {
    bool was_killed = true;
    for (int n = 1; was_killed; ++n) {
      SCOPED_TRACE(n);
      World world(/*max_batch_rows=*/1, /*users_per_step=*/1);
      PopulateWithNewcomer(world, kBehind);
      const RunName run = world.Start();
      world.faulty->FailCommit(n, FaultyStore::Outcome::kWritten);
      was_killed = !world.Carry(run).ok();
      world.Restart();
      if (loses_reading) world.directory_service.ForgetReadings();
      ASSERT_OK(world.Carry(run));
      ASSERT_OK(CheckInvariants(*world.store, "acme"));
      ExpectNewcomer(world, world.Find(run), kBehind);
    }
  }
}

// Ada is to be Zoe, whom the source calls otherwise; a new user, who comes
// last, when the name is free already, is to be called so as well.
TEST(Naming, A3_B12_ANameThatIsAwaitedIsNotTakenByWhoeverComesLater) {
  bool was_killed = true;
  for (int n = 1; was_killed; ++n) {
    SCOPED_TRACE(n);
    World world(/*max_batch_rows=*/1, /*users_per_step=*/1);
    FakeTenant& tenant = world.tenant();
    tenant.follow_renames = true;
    tenant.AddGroup(1, "Sales");
    tenant.AddUser(5, "ada@a.test", {1});
    tenant.AddUser(kBefore, "zoe@a.test", {1});
    world.Sync();
    tenant.UserAt(5).set_user_principal_name("zoe@a.test");
    tenant.UserAt(kBefore).set_user_principal_name("yan@a.test");
    tenant.AddUser(20, "una@a.test", {1});
    Name(world, 20, "zoe@a.test");
    const RunName run = world.Start();
    world.faulty->FailCommit(n, FaultyStore::Outcome::kWritten);
    was_killed = !world.Carry(run).ok();
    world.Restart();
    world.directory_service.ForgetReadings();
    ASSERT_OK(world.Carry(run));
    EXPECT_EQ(ObjectOf(world, "zoe@a.test"), SourceId(5));
    EXPECT_EQ(ObjectOf(world, "yan@a.test"), SourceId(kBefore));
    const v1::RunCounters counters = world.Find(run).counters();
    EXPECT_EQ(counters.users_renamed(), 2);
    EXPECT_EQ(counters.skipped().at("USERNAME_COLLISION"), 1);
  }
}

// A sync of this user alone has seen something newer: the source is asked
// again.
TEST(Naming, A4_R80_WhoeverIsCreatedMeanwhileIsLookedAtAgain) {
  World world;
  PopulateWithNewcomer(world, kBehind);
  bool is_over = false;
  world.directory_service.on_message = [&](int message) {
    // She waits by now for a name that is free, and that she has not got yet.
    const bool is_trailer = message == 5;
    if (!is_trailer || std::exchange(is_over, true)) return;
    world.directory_service.read_seconds += 60;
    ASSERT_OK(world.SyncUser("zoe@a.test").status());
    world.tenant().UserAt(20).set_display_name("Zoe, later");
  };
  const v1::Run run = world.Sync();
  ASSERT_TRUE(is_over);
  EXPECT_EQ(world.user("zoe@a.test").display_name, "Zoe, later");
  EXPECT_EQ(run.counters().users_newer(), 1);
  EXPECT_EQ(run.counters().users_skipped(), 0);
}

}  // namespace
}  // namespace rollcall::reconciliation
