// Directories that are deleted, and what becomes of their users (A9).
#include "services/reconciliation/directory_releaser.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/held_batches.h"
#include "services/reconciliation/invariants.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::rollcall::store::FaultyStore;
using ::rollcall::testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// Two directories with a user in common, one user disabled in the source, one
// in the trash, and one whom nobody manages.
std::unique_ptr<World> TwoDirectories() {
  auto world = std::make_unique<World>();
  FakeTenant& tenant = world->tenant("d1");
  tenant.phone_import = true;
  tenant.AddGroup(1, "Sales");
  tenant.AddUser(10, "ada@a.test", {1});
  tenant.UserAt(10).add_phones()->set_number("+441617150105");
  tenant.AddUser(11, "bob@a.test", {1}).set_enabled(false);
  tenant.AddUser(12, "both@a.test", {1});
  tenant.AddUser(13, "gone@a.test", {1});
  FakeTenant& other = world->tenant("d2");
  other.AddGroup(2, "Support");
  other.AddUser(20, "both@a.test", {2});
  other.AddUser(21, "eve@a.test", {2});
  world->Sync("d1");
  world->Sync("d2");
  world->clock.AdvanceTime(absl::Hours(1));
  tenant.RemoveUser(13);
  world->Sync("d1");
  User manual;
  manual.id = "manual";
  manual.username = "manual";
  manual.create_time = manual.update_time = absl::FromUnixSeconds(1);
  world->PutUser(manual);
  world->clock.AdvanceTime(absl::Hours(1));
  return world;
}

void DeleteDirectory(World& world, directory::v1::UserDisposition disposition) {
  world.tenant("d1").state = directory::v1::Directory::DELETED;
  world.tenant("d1").user_disposition = disposition;
}

absl::Status Release(World& world, size_t max_batch_rows = 6) {
  DirectoryReleaser releaser({.store = *world.store,
                              .directory = world.directory_service,
                              .max_batch_rows = max_batch_rows});
  const auto pace = releaser.RunOnce(world.clock.TimeNow());
  EXPECT_OK(CheckInvariants(*world.store, "acme"));
  return pace.status();
}

TEST(DirectoryReleaser, A9_KeptUsersAndGroupsAreNobodysAnyMore) {
  auto world = TwoDirectories();
  const size_t events = world->Events().size();
  const User gone = world->user("gone@a.test");
  DeleteDirectory(*world, directory::v1::KEEP_USERS);
  ASSERT_OK(Release(*world));

  const User ada = world->user("ada@a.test");
  EXPECT_THAT(ada.claims, IsEmpty());
  EXPECT_FALSE(ada.pending_deletion());
  EXPECT_THAT(ada.phones, ElementsAre(Phone{"+441617150105", ""}));
  EXPECT_THAT(world->GroupNamesOf("ada@a.test"), ElementsAre("Sales"));
  EXPECT_EQ(world->user("bob@a.test").disabled_by, DisabledBy::kAdministrator);
  EXPECT_EQ(world->user("gone@a.test").delete_time, gone.delete_time);  // R63
  EXPECT_EQ(world->group("Sales").directory, "");
  EXPECT_EQ(world->group("Sales").member_count, 3);
  EXPECT_THAT(
      world->EventTexts(events),
      UnorderedElementsAre("UPDATED ada@a.test A9", "UPDATED bob@a.test A9",
                           "UPDATED both@a.test A6", "UPDATED gone@a.test A9",
                           "group Sales A9"));
}

TEST(DirectoryReleaser, A9_TrashedUsersHaveSevenDaysFromNow) {
  auto world = TwoDirectories();
  const size_t events = world->Events().size();
  const User gone = world->user("gone@a.test");
  DeleteDirectory(*world, directory::v1::TRASH_USERS);
  ASSERT_OK(Release(*world));

  const User ada = world->user("ada@a.test");
  EXPECT_EQ(ada.delete_time, world->clock.TimeNow());
  EXPECT_EQ(ada.deletion_epoch, 1);
  EXPECT_THAT(ada.groups, IsEmpty());
  EXPECT_EQ(world->user("gone@a.test").delete_time, gone.delete_time);  // R63
  EXPECT_EQ(world->group("Sales").directory, "");
  EXPECT_EQ(world->group("Sales").status, GroupStatus::kActive);
  EXPECT_THAT(
      world->EventTexts(events),
      UnorderedElementsAre("REMOVED ada@a.test A9", "REMOVED bob@a.test A9",
                           "UPDATED both@a.test A6", "UPDATED gone@a.test A9",
                           "group Sales A9"));
}

TEST(DirectoryReleaser, A6_A9_OtherDirectoriesKeepTheirUsers) {
  for (const auto disposition :
       {directory::v1::KEEP_USERS, directory::v1::TRASH_USERS}) {
    auto world = TwoDirectories();
    const User eve = world->user("eve@a.test");
    const User manual = world->user("manual");
    const Group support = world->group("Support");
    DeleteDirectory(*world, disposition);
    ASSERT_OK(Release(*world));
    EXPECT_EQ(world->user("eve@a.test"), eve);
    EXPECT_EQ(world->user("manual"), manual);
    EXPECT_EQ(world->group("Support"), support);
    const User both = world->user("both@a.test");
    EXPECT_NE(both.ClaimOf("d2"), nullptr);
    EXPECT_EQ(both.claims.size(), 1);
    EXPECT_FALSE(both.pending_deletion());
    EXPECT_THAT(world->GroupNamesOf("both@a.test"), Contains("Support"));
    // And d2 goes on as before.
    EXPECT_EQ(world->Sync("d2").counters().users_removed(), 0);
  }
}

TEST(DirectoryReleaser, R61_AnotherDirectoryFindsATrashedUserAgain) {
  auto world = TwoDirectories();
  DeleteDirectory(*world, directory::v1::TRASH_USERS);
  ASSERT_OK(Release(*world));
  world->tenant("d2").AddUser(22, "ada@a.test", {2});
  world->Sync("d2");
  const User ada = world->user("ada@a.test");
  EXPECT_FALSE(ada.pending_deletion());
  EXPECT_EQ(ada.claims.size(), 1);
  EXPECT_THAT(ada.phones, IsEmpty());
  // Managed by d2 alone, so that leaving d2 leads to the trash again.
  world->tenant("d2").RemoveUser(22);
  world->Sync("d2");
  EXPECT_TRUE(world->user("ada@a.test").pending_deletion());
}

TEST(DirectoryReleaser, A9_OnceAndNotAgain) {
  auto world = TwoDirectories();
  DeleteDirectory(*world, directory::v1::TRASH_USERS);
  ASSERT_OK(Release(*world));
  const std::vector<std::string> rows = world->Dump();
  world->clock.AdvanceTime(absl::Hours(1));
  ASSERT_OK(Release(*world));
  EXPECT_EQ(world->Dump(), rows);
}

// d1 takes users of d2 over, is undone, and is deleted: nobody of them is its
// any more, and all are pinned by it.
std::unique_ptr<World> PinnedByDeletedDirectory() {
  auto world = std::make_unique<World>();
  world->tenant("d2").AddGroup(2, "Support");
  world->tenant("d1").AddGroup(1, "Sales");
  for (int i = 0; i < 5; ++i) {
    const std::string name = absl::StrCat("user", i, "@a.test");
    world->tenant("d2").AddUser(20 + i, name, {2});
    world->tenant("d1").AddUser(10 + i, name, {1});
  }
  world->Sync("d2");
  const v1::Run taking = world->Sync("d1");
  world->clock.AdvanceTime(absl::Hours(1));
  world->Revert(taking);
  world->clock.AdvanceTime(absl::Hours(1));
  DeleteDirectory(*world, directory::v1::TRASH_USERS);
  return world;
}

TEST(DirectoryReleaser, B5_R50_A9_WhoWasPinnedByItFollowsTheOthersAgain) {
  auto world = PinnedByDeletedDirectory();
  ASSERT_EQ(world->user("user0@a.test").pinned_by, "d1");
  ASSERT_EQ(world->user("user0@a.test").ClaimOf("d1"), nullptr);
  const size_t events = world->Events().size();
  ASSERT_OK(Release(*world));
  EXPECT_THAT(
      world->EventTexts(events),
      UnorderedElementsAre("UPDATED user0@a.test A9", "UPDATED user1@a.test A9",
                           "UPDATED user2@a.test A9", "UPDATED user3@a.test A9",
                           "UPDATED user4@a.test A9", "group Sales A9"));
  EXPECT_EQ(world->user("user0@a.test").update_time, world->clock.TimeNow());

  world->tenant("d2").UserAt(20).set_enabled(false);
  world->tenant("d2").RemoveUser(21);
  const v1::Run run = world->Sync("d2");
  EXPECT_EQ(run.counters().users_pinned(), 0);
  EXPECT_EQ(world->user("user0@a.test").status, UserStatus::kDisabled);
  EXPECT_TRUE(world->user("user1@a.test").pending_deletion());  // R56
  EXPECT_FALSE(world->user("user2@a.test").pending_deletion());
}

TEST(DirectoryReleaser, B5_B12_PinsAreLiftedOnceWheneverItIsKilled) {
  auto undisturbed = PinnedByDeletedDirectory();
  ASSERT_OK(Release(*undisturbed));
  ASSERT_EQ(undisturbed->user("user4@a.test").pinned_by, "");
  const std::vector<std::string> expected = undisturbed->Dump();
  int kills = 0;
  for (const auto outcome :
       {FaultyStore::Outcome::kNotWritten, FaultyStore::Outcome::kWritten}) {
    bool was_killed = true;
    for (int n = 1; was_killed; ++n) {
      SCOPED_TRACE(n);
      auto world = PinnedByDeletedDirectory();
      world->faulty->FailCommit(n, outcome);
      was_killed = !Release(*world).ok();
      world->Restart();
      ASSERT_OK(Release(*world));
      EXPECT_EQ(world->Dump(), expected);
      kills += was_killed;
    }
  }
  EXPECT_GE(kills, 4);
}

TEST(DirectoryReleaser, A9_B2_NothingIsHeldAnyMore) {
  auto world = TwoDirectories();
  world->tenant("d2").AddUser(22, "zoe@a.test", {2});
  world->Sync("d2");
  for (const char* name : {"d1", "d2"}) {
    auto& removed = *world->tenant(name).limits.mutable_removed();
    removed.set_percent(1);
    removed.set_count(1);
  }
  for (const int number : {10, 11}) world->tenant("d1").RemoveUser(number);
  for (const int number : {21, 22}) world->tenant("d2").RemoveUser(number);
  world->Sync("d1");
  world->Sync("d2");

  const AccountName acme("acme");
  const auto batches = [&](const char* directory) {
    return *ListBatches(*world->store, DirectoryName(acme, directory), "", 9);
  };
  const auto users = [&](const char* directory) {
    return *ListHeldUsers(*world->store, DirectoryName(acme, directory),
                          v1::HeldBatch::REMOVED, "", 9);
  };
  ASSERT_THAT(users("d1"), SizeIs(2));
  DeleteDirectory(*world, directory::v1::KEEP_USERS);
  ASSERT_OK(Release(*world));
  ASSERT_THAT(batches("d1"), SizeIs(1));
  EXPECT_EQ(batches("d1")[0].state(), v1::HeldBatch::DISSOLVED);
  EXPECT_EQ(batches("d1")[0].change_count(), 0);
  EXPECT_THAT(users("d1"), IsEmpty());
  ASSERT_THAT(batches("d2"), SizeIs(1));
  EXPECT_EQ(batches("d2")[0].state(), v1::HeldBatch::HELD);
  EXPECT_THAT(users("d2"), SizeIs(2));
}

TEST(DirectoryReleaser, A9_NobodyIsLetGoBeforeTheDirectoryIsDeleted) {
  auto world = TwoDirectories();
  const std::vector<std::string> rows = world->Dump();
  ASSERT_OK(Release(*world));
  EXPECT_EQ(world->Dump(), rows);
}

TEST(DirectoryReleaser, A9_ARunThatIsUnderWayEndsFirst) {
  auto world = TwoDirectories();
  const RunName run = world->Start("d1");
  DeleteDirectory(*world, directory::v1::KEEP_USERS);
  ASSERT_OK(Release(*world));
  EXPECT_THAT(world->user("ada@a.test").claims, SizeIs(1));

  ASSERT_OK(world->Carry(run));
  const v1::Run ended = world->Find(run);
  EXPECT_EQ(ended.state(), v1::Run::FAILED);
  EXPECT_EQ(ended.problems(0).reason(), "DIRECTORY_DELETED");
  ASSERT_OK(Release(*world));
  EXPECT_THAT(world->user("ada@a.test").claims, IsEmpty());
}

class KilledRelease
    : public ::testing::TestWithParam<directory::v1::UserDisposition> {};

TEST_P(KilledRelease, A9_B12_EndsLikeTheUndisturbedOne) {
  auto undisturbed = TwoDirectories();
  DeleteDirectory(*undisturbed, GetParam());
  ASSERT_OK(Release(*undisturbed));
  const std::vector<std::string> expected = undisturbed->Dump();
  for (const auto outcome :
       {FaultyStore::Outcome::kNotWritten, FaultyStore::Outcome::kWritten}) {
    int kills = 0;
    bool was_killed = true;
    for (int n = 1; was_killed; ++n) {
      SCOPED_TRACE(n);
      auto world = TwoDirectories();
      DeleteDirectory(*world, GetParam());
      world->faulty->FailCommit(n, outcome);
      was_killed = !Release(*world).ok();
      world->Restart();
      ASSERT_OK(Release(*world));
      EXPECT_EQ(world->Dump(), expected);
      kills += was_killed;
    }
    EXPECT_GE(kills, 3);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, KilledRelease,
                         ::testing::Values(directory::v1::KEEP_USERS,
                                           directory::v1::TRASH_USERS));

TEST(DirectoryReleaser, ADirectoryServiceThatIsDownLosesNobody) {
  auto world = TwoDirectories();
  const std::vector<std::string> rows = world->Dump();
  DeleteDirectory(*world, directory::v1::TRASH_USERS);
  world->directory_service.list_error = absl::UnavailableError("down");
  EXPECT_THAT(Release(*world), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(world->Dump(), rows);
}

}  // namespace
}  // namespace rollcall::reconciliation
