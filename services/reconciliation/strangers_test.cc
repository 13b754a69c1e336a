// Groups that a directory takes over, with members whom it does not know (R45,
// R46): how many leave at once, nobody being asked (B2).
#include <string>
#include <vector>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/held_batches.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/run_scope.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const DirectoryName kD1(AccountName("acme"), "d1");

std::string NameOf(int n) { return "s" + std::to_string(n) + "@a.test"; }

// A group of people whom nobody manages, of that name.
void AddManualGroup(World& world, const std::string& name, int first,
                    int members) {
  Group group;
  group.id = "g-" + name;
  group.display_name = name;
  world.PutGroup(group);
  for (int n = first; n < first + members; ++n) {
    User stranger;
    stranger.id = "s" + std::to_string(n);
    stranger.username = NameOf(n);
    stranger.groups = {group.id};
    world.PutUser(stranger);
  }
}

// Ten strangers are in Sales, and fifteen members of the source's.
void Populate(World& world) {
  AddManualGroup(world, "Sales", 0, 10);
  world.tenant().AddGroup(1, "Sales");
  for (int n = 20; n < 35; ++n) {
    world.tenant().AddUser(n, "u" + std::to_string(n) + "@a.test", {1});
  }
}

std::vector<v1::HeldBatch> Batches(const World& world) {
  return *ListBatches(*world.store, kD1, "", 100);
}

v1::HeldBatch OnlyBatch(const World& world) {
  const std::vector<v1::HeldBatch> batches = Batches(world);
  EXPECT_THAT(batches, SizeIs(1));
  return batches.empty() ? v1::HeldBatch() : batches[0];
}

v1::Run Approve(World& world) {
  const auto started = StartApproved(
      {.batch = *HeldBatchName::Parse(OnlyBatch(world).name()),
       .approver = "spiffe://test/account/acme/role/owner/o",
       .scope = ScopeOf(*world.directory_service.GetDirectory(kD1))},
      "approved", world.clock.TimeNow(), *world.store);
  EXPECT_OK(started.status());
  const RunName name = *RunName::Parse(started->name());
  EXPECT_OK(world.Carry(name));
  EXPECT_OK(CheckInvariants(*world.store, "acme"));
  return world.Find(name);
}

TEST(Strangers, B2_R45_TooManyAreHeldAndLeaveWhenThatIsApproved) {
  World world;
  Populate(world);
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::PARTIAL);
  EXPECT_EQ(run.counters().held().at("MEMBERS_REMOVED"), 10);
  EXPECT_EQ(run.counters().memberships_removed(), 0);
  EXPECT_EQ(world.group("Sales").member_count, 25);
  const v1::HeldBatch batch = OnlyBatch(world);
  EXPECT_EQ(batch.danger(), v1::HeldBatch::MEMBERS_REMOVED);
  EXPECT_EQ(batch.count(), 10);
  EXPECT_EQ(batch.live_count(), 25);
  EXPECT_EQ(batch.change_count(), 10);
  // The next ones hold the same.
  world.Sync();
  world.tenant().UserAt(20).set_email("new@a.test");
  world.SyncChanges();
  EXPECT_EQ(OnlyBatch(world).name(), batch.name());
  EXPECT_EQ(OnlyBatch(world).change_count(), 10);

  const int looks = world.directory_service.looks();
  EXPECT_EQ(Approve(world).counters().memberships_removed(), 10);
  EXPECT_EQ(world.directory_service.looks(), looks);
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::APPLIED);
  EXPECT_EQ(world.group("Sales").member_count, 15);
  EXPECT_THAT(world.GroupNamesOf(NameOf(0)), IsEmpty());
  EXPECT_EQ(world.Sync().state(), v1::Run::SUCCEEDED);
  EXPECT_FALSE(world.group("Sales").has_strangers);
}

TEST(Strangers, B2_R45_ItDissolvesWhenTheyAreNotTooManyAnyMore) {
  for (const v1::Run::Kind kind : {v1::Run::FULL, v1::Run::CHANGES}) {
    SCOPED_TRACE(v1::Run::Kind_Name(kind));
    World world;
    Populate(world);
    world.Sync();
    world.tenant().limits.mutable_removed()->set_percent(50);
    world.tenant().UserAt(20).set_email("new@a.test");
    EXPECT_EQ(world.Sync("d1", kind).counters().memberships_removed(), 10);
    EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::DISSOLVED);
  }
}

TEST(Strangers, B2_R45_ApprovedItIsNotAboutWhoIsNoneAnyMore) {
  World world;
  Populate(world);
  world.Sync();
  world.directory_service.read_seconds += 100;
  world.tenant().AddUser(50, NameOf(0), {1});
  ASSERT_OK(world.SyncUser(NameOf(0)));
  EXPECT_EQ(Approve(world).counters().memberships_removed(), 9);
  EXPECT_THAT(world.GroupNamesOf(NameOf(0)), ElementsAre("Sales"));
}

TEST(Strangers, B2_R46_FewLeaveAtOnceAndManyTimesFewAreMany) {
  World world;
  AddManualGroup(world, "Sales", 0, 5);
  AddManualGroup(world, "Crew", 5, 1);
  world.tenant().AddGroup(1, "Sales");
  world.tenant().AddUser(20, "ada@a.test", {1});
  EXPECT_EQ(world.Sync().counters().memberships_removed(), 5);
  EXPECT_THAT(Batches(world), IsEmpty());
  world.tenant().AddGroup(2, "Crew");
  EXPECT_EQ(world.Sync().counters().memberships_removed(), 0);
  EXPECT_EQ(OnlyBatch(world).count(), 6);
  EXPECT_EQ(OnlyBatch(world).change_count(), 1);
  world.clock.AdvanceTime(absl::Hours(25));
  EXPECT_EQ(world.Sync().counters().memberships_removed(), 1);
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::DISSOLVED);
}

TEST(Strangers, R30_B2_AnIncompleteReadingNeitherHoldsThemNorTakesThemOut) {
  World world;
  Populate(world);
  world.tenant().complete = false;
  EXPECT_EQ(world.Sync().counters().memberships_removed(), 0);
  EXPECT_THAT(Batches(world), IsEmpty());
  EXPECT_TRUE(world.group("Sales").has_strangers);
}

TEST(Strangers, B12_KilledAtEachCommitTheSameIsHeld) {
  bool was_killed = true;
  for (int n = 1; was_killed; ++n) {
    SCOPED_TRACE(n);
    World world(/*max_batch_rows=*/40, /*users_per_step=*/10);
    Populate(world);
    const RunName run = world.Start();
    world.faulty->FailCommit(
        n, n % 2 == 0 ? rollcall::store::FaultyStore::Outcome::kNotWritten
                      : rollcall::store::FaultyStore::Outcome::kWritten);
    was_killed = !world.Carry(run).ok();
    world.Restart();
    ASSERT_OK(world.Carry(run));
    ASSERT_EQ(OnlyBatch(world).change_count(), 10);
    ASSERT_EQ(OnlyBatch(world).state(), v1::HeldBatch::HELD);
    ASSERT_EQ(world.Find(run).counters().held().at("MEMBERS_REMOVED"), 10);
    ASSERT_OK(CheckInvariants(*world.store, "acme"));
  }
}

}  // namespace
}  // namespace rollcall::reconciliation
