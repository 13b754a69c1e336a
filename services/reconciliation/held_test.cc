// What the guard holds, and what becomes of it (B2).
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

using rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const DirectoryName kD1(AccountName("acme"), "d1");

std::string NameOf(int n) { return "u" + std::to_string(n) + "@a.test"; }

// Thirty users in one group, of whom three are ten percent.
void Populate(World& world, bool sync = true) {
  world.tenant().AddGroup(1, "Sales");
  for (int n = 10; n < 40; ++n) world.tenant().AddUser(n, NameOf(n), {1});
  if (sync) world.Sync();
}

// Somebody whom a first sync finds by the name.
void AddManual(World& world, int n) {
  User manual;
  manual.id = "manual" + std::to_string(n);
  manual.username = NameOf(n);
  manual.email = "old@a.test";
  world.PutUser(manual);
}

std::vector<v1::HeldBatch> Batches(const World& world) {
  return *ListBatches(*world.store, kD1, "", 100);
}

v1::HeldBatch OnlyBatch(const World& world) {
  const std::vector<v1::HeldBatch> batches = Batches(world);
  EXPECT_THAT(batches, SizeIs(1));
  return batches.empty() ? v1::HeldBatch() : batches[0];
}

absl::StatusOr<v1::Run> Approve(World& world, const v1::HeldBatch& batch,
                                int64_t change_count = 0) {
  auto configured = world.directory_service.GetDirectory(kD1);
  return StartApproved({.batch = *HeldBatchName::Parse(batch.name()),
                        .approver = "spiffe://test/account/acme/role/owner/o",
                        .change_count = change_count,
                        .scope = ScopeOf(*configured)},
                       "approved", world.clock.TimeNow(), *world.store);
}

v1::Run CarryOut(World& world, const v1::Run& run) {
  const RunName name = *RunName::Parse(run.name());
  EXPECT_TRUE(world.Carry(name).ok());
  return world.Find(name);
}

TEST(Held, B2_TooManyRemovalsAreHeldAndTheRestIsDone) {
  World world;
  Populate(world);
  FakeTenant& tenant = world.tenant();
  for (int n = 10; n < 20; ++n) tenant.RemoveUser(n);
  tenant.UserAt(20).set_email("new@a.test");
  tenant.AddUser(50, NameOf(50), {1});
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.state(), v1::Run::PARTIAL);
  EXPECT_EQ(run.counters().users_removed(), 0);
  EXPECT_EQ(run.counters().users_created(), 1);
  EXPECT_EQ(run.counters().users_updated(), 1);
  EXPECT_EQ(run.counters().held().at("REMOVED"), 10);
  EXPECT_FALSE(world.user(NameOf(10)).pending_deletion());
  const v1::HeldBatch batch = OnlyBatch(world);
  EXPECT_EQ(batch.danger(), v1::HeldBatch::REMOVED);
  EXPECT_EQ(batch.state(), v1::HeldBatch::HELD);
  EXPECT_EQ(batch.count(), 10);
  EXPECT_EQ(batch.live_count(), 30);
  EXPECT_EQ(batch.change_count(), 10);
  EXPECT_THAT(run.held_batches(), ElementsAre(batch.name()));
  // Nobody who is held is looked at.
  EXPECT_EQ(world.directory_service.looks(), 0);
}

TEST(Held, B2_FewRemovalsAreNotHeldHoweverSmallTheDirectory) {
  World world;
  Populate(world);
  for (int n = 10; n < 15; ++n) world.tenant().RemoveUser(n);
  EXPECT_EQ(world.Sync().counters().users_removed(), 5);
  EXPECT_THAT(Batches(world), IsEmpty());
}

TEST(Held, B2_TheLimitsAreTheDirectorys) {
  World world;
  Populate(world);
  world.tenant().limits.mutable_removed()->set_percent(1);
  world.tenant().limits.mutable_removed()->set_count(1);
  world.tenant().RemoveUser(10);
  world.tenant().RemoveUser(11);
  EXPECT_EQ(world.Sync().counters().users_removed(), 0);
  world.tenant().limits.mutable_removed()->set_percent(100);
  EXPECT_EQ(world.Sync().counters().users_removed(), 2);
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::DISSOLVED);
}

TEST(Held, B2_ApprovedItIsCarriedOutAndOnlyWhatIsStillSo) {
  World world;
  Populate(world);
  FakeTenant& tenant = world.tenant();
  for (int n = 10; n < 20; ++n) tenant.RemoveUser(n);
  world.Sync();
  // Two are back, and another one has gone that nobody has approved.
  tenant.AddUser(10, NameOf(10), {1}).set_email("other@a.test");
  tenant.AddUser(11, NameOf(11), {1});
  tenant.RemoveUser(30);
  ASSERT_OK_AND_ASSIGN(const v1::Run started, Approve(world, OnlyBatch(world)));
  EXPECT_EQ(started.kind(), v1::Run::HELD_BATCH);
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::APPROVED);
  const v1::Run run = CarryOut(world, started);
  EXPECT_EQ(run.state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(run.counters().users_removed(), 8);
  EXPECT_EQ(run.counters().removals_contradicted(), 2);
  EXPECT_FALSE(world.user(NameOf(10)).pending_deletion());
  EXPECT_EQ(world.user(NameOf(10)).email, NameOf(10));
  EXPECT_TRUE(world.user(NameOf(12)).pending_deletion());
  EXPECT_FALSE(world.user(NameOf(30)).pending_deletion());
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::APPLIED);
  EXPECT_EQ(OnlyBatch(world).approved_run(), run.name());
  // One approval is for one batch.
  EXPECT_THAT(
      Approve(world, OnlyBatch(world)),
      StatusIs(absl::StatusCode::kFailedPrecondition, "BATCH_NOT_HELD"));
}

TEST(Held, B2_ApprovalNamesWhatHasMoved) {
  World world;
  Populate(world);
  for (int n = 10; n < 20; ++n) world.tenant().RemoveUser(n);
  world.Sync();
  EXPECT_THAT(Approve(world, OnlyBatch(world), 9),
              StatusIs(absl::StatusCode::kAborted, "BATCH_MOVED"));
  const RunName running = world.Start();
  EXPECT_THAT(Approve(world, OnlyBatch(world)),
              StatusIs(absl::StatusCode::kFailedPrecondition, "RUN_UNDER_WAY"));
  ASSERT_OK(world.Carry(running));
  EXPECT_OK(Approve(world, OnlyBatch(world), 10));
}

TEST(Held, B2_ItDissolvesWhenTheSourceRecovers) {
  World world;
  Populate(world);
  const auto users = world.tenant().users;
  world.tenant().users.clear();
  world.Sync();
  EXPECT_EQ(OnlyBatch(world).change_count(), 30);
  world.tenant().users = users;
  EXPECT_EQ(world.Sync().state(), v1::Run::SUCCEEDED);
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::DISSOLVED);
  EXPECT_EQ(OnlyBatch(world).change_count(), 0);
}

TEST(Held, B2_RunsOfChangesAddToItAndTakeFromIt) {
  World world;
  Populate(world);
  const auto users = world.tenant().users;
  for (int n = 10; n < 18; ++n) world.tenant().RemoveUser(n);
  world.SyncChanges();
  const std::string name = OnlyBatch(world).name();
  EXPECT_EQ(OnlyBatch(world).change_count(), 8);
  // One at a time is as dangerous as all at once.
  world.tenant().RemoveUser(18);
  EXPECT_EQ(world.SyncChanges().counters().users_removed(), 0);
  EXPECT_EQ(OnlyBatch(world).name(), name);
  EXPECT_EQ(OnlyBatch(world).change_count(), 9);
  world.tenant().users = users;
  world.SyncChanges();
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::DISSOLVED);
  EXPECT_FALSE(world.user(NameOf(10)).pending_deletion());
}

TEST(Held, B2_ASyncOfOneUserTakesHimOutOfIt) {
  World world;
  Populate(world);
  for (int n = 10; n < 18; ++n) world.tenant().RemoveUser(n);
  world.Sync();
  world.directory_service.read_seconds += 100;
  ASSERT_OK(world.SyncUser(NameOf(10)));
  EXPECT_TRUE(world.user(NameOf(10)).pending_deletion());
  EXPECT_EQ(OnlyBatch(world).change_count(), 7);
}

TEST(Held, R30_AnIncompleteReadingNeitherHoldsNorDissolves) {
  World world;
  Populate(world);
  for (int n = 10; n < 18; ++n) world.tenant().RemoveUser(n);
  world.tenant().complete = false;
  world.Sync();
  EXPECT_THAT(Batches(world), IsEmpty());
  world.tenant().complete = true;
  world.Sync();
  world.tenant().complete = false;
  world.Sync();
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::HELD);
  EXPECT_EQ(OnlyBatch(world).change_count(), 8);
}

TEST(Held, B2_R50_DisablingTooManyIsHeld) {
  World world;
  Populate(world);
  for (int n = 10; n < 20; ++n) world.tenant().UserAt(n).set_enabled(false);
  EXPECT_EQ(world.Sync().counters().users_disabled(), 0);
  EXPECT_EQ(OnlyBatch(world).danger(), v1::HeldBatch::DISABLED);
  world.tenant().UserAt(10).set_enabled(true);
  ASSERT_OK_AND_ASSIGN(const v1::Run started, Approve(world, OnlyBatch(world)));
  CarryOut(world, started);
  EXPECT_EQ(world.user(NameOf(10)).status, UserStatus::kActive);
  EXPECT_EQ(world.user(NameOf(11)).status, UserStatus::kDisabled);
}

TEST(Held, B2_A5_ClearingTooManyEmailsIsHeld) {
  World world;
  Populate(world);
  for (int n = 10; n < 20; ++n) world.tenant().UserAt(n).clear_email();
  world.Sync();
  EXPECT_EQ(OnlyBatch(world).danger(), v1::HeldBatch::EMAILS_CLEARED);
  EXPECT_EQ(world.user(NameOf(10)).email, NameOf(10));
  ASSERT_OK_AND_ASSIGN(const v1::Run started, Approve(world, OnlyBatch(world)));
  CarryOut(world, started);
  EXPECT_EQ(world.user(NameOf(10)).email, "");
}

TEST(Held, A5_FewEmailsAreClearedAtOnce) {
  World world;
  Populate(world);
  world.tenant().UserAt(10).clear_email();
  EXPECT_EQ(world.Sync().counters().users_updated(), 1);
  EXPECT_EQ(world.user(NameOf(10)).email, "");
}

TEST(Held, B2_R43_MergingOverTooManyManualUsersIsHeld) {
  World world;
  Populate(world, /*sync=*/false);
  for (int n = 10; n < 20; ++n) AddManual(world, n);
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().users_created(), 20);
  EXPECT_EQ(run.counters().users_merged(), 0);
  EXPECT_EQ(OnlyBatch(world).danger(), v1::HeldBatch::MERGED);
  EXPECT_EQ(world.user(NameOf(10)).email, "old@a.test");
  ASSERT_OK_AND_ASSIGN(const v1::Run started, Approve(world, OnlyBatch(world)));
  EXPECT_EQ(CarryOut(world, started).counters().users_merged(), 10);
  EXPECT_EQ(world.user(NameOf(10)).email, NameOf(10));
  EXPECT_THAT(world.user(NameOf(10)).claims, SizeIs(1));
}

TEST(Held, B2_WhoCannotBeImportedAnyMoreIsNotLinkedByAnApproval) {
  World world;
  Populate(world, /*sync=*/false);
  for (int n = 10; n < 20; ++n) AddManual(world, n);
  world.Sync();
  world.tenant().UserAt(10).set_skip_reason("USERNAME_EMPTY");
  ASSERT_OK_AND_ASSIGN(const v1::Run started, Approve(world, OnlyBatch(world)));
  EXPECT_EQ(CarryOut(world, started).counters().users_merged(), 9);
  EXPECT_THAT(world.user(NameOf(10)).claims, IsEmpty());
  EXPECT_THAT(world.user(NameOf(11)).claims, SizeIs(1));
}

TEST(Held, B2_EmptyingTooManyGroupsIsHeld) {
  World world;
  FakeTenant& tenant = world.tenant();
  tenant.AddGroup(1, "Everybody");
  for (int n = 2; n < 10; ++n) tenant.AddGroup(n, "G" + std::to_string(n));
  for (int n = 12; n < 20; ++n) tenant.AddUser(n, NameOf(n), {1, n - 10});
  world.Sync();
  for (int n = 12; n < 20; ++n) {
    tenant.UserAt(n).clear_group_source_ids();
    tenant.UserAt(n).add_group_source_ids(SourceId(1));
  }
  EXPECT_EQ(world.Sync().counters().memberships_removed(), 0);
  const v1::HeldBatch batch = OnlyBatch(world);
  EXPECT_EQ(batch.danger(), v1::HeldBatch::GROUPS_EMPTIED);
  EXPECT_EQ(batch.count(), 8);
  ASSERT_OK_AND_ASSIGN(const v1::Run started, Approve(world, batch));
  EXPECT_EQ(CarryOut(world, started).counters().memberships_removed(), 8);
  EXPECT_THAT(world.GroupNamesOf(NameOf(12)), ElementsAre("Everybody"));
}

TEST(Held, B12_KilledAtEachCommitNothingIsLostOfIt) {
  auto changed = [] {
    auto world = std::make_unique<World>();
    Populate(*world);
    for (int n = 10; n < 20; ++n) world->tenant().RemoveUser(n);
    for (int n = 20; n < 30; ++n) world->tenant().UserAt(n).set_enabled(false);
    return world;
  };
  bool was_killed = true;
  for (int n = 1; was_killed; ++n) {
    SCOPED_TRACE(n);
    auto world = changed();
    const RunName run = world->Start();
    world->faulty->FailCommit(
        n, rollcall::store::FaultyStore::Outcome::kNotWritten);
    was_killed = !world->Carry(run).ok();
    world->Restart();
    ASSERT_OK(world->Carry(run));
    ASSERT_EQ(world->Find(run).state(), v1::Run::PARTIAL);
    ASSERT_THAT(Batches(*world), SizeIs(2));
    for (const v1::HeldBatch& batch : Batches(*world)) {
      ASSERT_EQ(batch.change_count(), 10);
      ASSERT_EQ(batch.state(), v1::HeldBatch::HELD);
    }
    ASSERT_EQ(world->Find(run).counters().held().at("REMOVED"), 10);
    ASSERT_EQ(world->Find(run).counters().held().at("DISABLED"), 10);
  }
}

TEST(Held, B12_AnApprovedRunThatFailsLeavesTheRestHeld) {
  World world;
  Populate(world);
  for (int n = 10; n < 20; ++n) world.tenant().RemoveUser(n);
  world.Sync();
  ASSERT_OK_AND_ASSIGN(const v1::Run started, Approve(world, OnlyBatch(world)));
  world.directory_service.look_error = absl::PermissionDeniedError("no");
  EXPECT_EQ(CarryOut(world, started).state(), v1::Run::FAILED);
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::HELD);
  EXPECT_FALSE(world.user(NameOf(10)).pending_deletion());
}

// It has carried out all that was held when it fails.
TEST(Held, B2_B12_AnApprovedRunThatFailsAtItsEndLeavesNoEmptyBatchHeld) {
  World world(/*max_batch_rows=*/1000);
  Populate(world);
  for (int n = 10; n < 20; ++n) world.tenant().RemoveUser(n);
  world.Sync();
  ASSERT_OK_AND_ASSIGN(const v1::Run started, Approve(world, OnlyBatch(world)));
  world.directory_service.on_look = [&] {
    ASSERT_OK(RequestCancel(*RunName::Parse(started.name()), *world.store));
  };
  EXPECT_EQ(CarryOut(world, started).state(), v1::Run::CANCELLED);
  EXPECT_TRUE(world.user(NameOf(19)).pending_deletion());
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::APPLIED);
  EXPECT_OK(CheckInvariants(*world.store, "acme"));
}

// What is left of it is what it holds.
TEST(Held, B2_AnApprovedRunThatIsStoppedSaysWhatIsLeft) {
  World world;
  Populate(world);
  for (int n = 10; n < 20; ++n) world.tenant().RemoveUser(n);
  world.Sync();
  ASSERT_OK_AND_ASSIGN(const v1::Run started, Approve(world, OnlyBatch(world)));
  world.directory_service.on_look = [&] {
    ASSERT_OK(RequestCancel(*RunName::Parse(started.name()), *world.store));
  };
  EXPECT_EQ(CarryOut(world, started).state(), v1::Run::CANCELLED);
  int64_t left = 0;
  for (int n = 10; n < 20; ++n)
    left += !world.user(NameOf(n)).pending_deletion();
  EXPECT_GT(left, 0);
  EXPECT_LT(left, 10);
  EXPECT_EQ(OnlyBatch(world).state(), v1::HeldBatch::HELD);
  EXPECT_EQ(OnlyBatch(world).change_count(), left);
}

}  // namespace
}  // namespace rollcall::reconciliation
