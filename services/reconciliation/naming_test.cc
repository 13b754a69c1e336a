// Who gets a name that another user of the same directory had, where renames
// are followed (A3).
#include <string>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::FaultyStore;

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

}  // namespace
}  // namespace rollcall::reconciliation
