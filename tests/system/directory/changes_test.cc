// Mirrors of a local Entra that are kept current by its changes: whoever has
// the stream of everything and every stream of changes since has the truth.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/store/faulty_store.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fakes/entra/random_timeline.h"
#include "tests/system/directory/follower.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(ChangesTest, B6_WithoutChangesARoundAsksOnceForUsersAndOnceForGroups) {
  Begin();
  const int64_t before = world_.emulator().request_count();
  const Streamed changes = Round();
  EXPECT_EQ(world_.emulator().request_count() - before, 2);
  EXPECT_THAT(changes.users, IsEmpty());
  EXPECT_THAT(changes.gone, IsEmpty());
  EXPECT_TRUE(changes.complete());
  EXPECT_EQ(changes.header->mode(), v1::StreamDesiredStateRequest::CHANGES);
}

TEST_F(ChangesTest, B6_OnlyWhoChangedIsTold) {
  Begin();
  const std::string ada = AddUser("ada");
  const std::string bob = AddUser("bob");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  EXPECT_THAT(Round().users, SizeIs(1));
  EXPECT_OK(tenant().DisableUser(ada));
  EXPECT_OK(tenant().DisableUser(bob));  // Nobody of ours.
  EXPECT_THAT(Round().users, SizeIs(1));
  EXPECT_OK(tenant().RemoveMember("Sales", ada));
  const Streamed left = Round();
  EXPECT_THAT(left.users, IsEmpty());
  ASSERT_THAT(left.gone, SizeIs(1));
  EXPECT_EQ(left.gone[0].reason(), v1::GoneUser::LEFT_SCOPE);
}

TEST_F(ChangesTest, B6_DeletedUsersAreGoneAndRestoredOnesAreBack) {
  Begin();
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  Round();
  EXPECT_OK(tenant().DeleteUser(ada));
  const Streamed deleted = Round();
  ASSERT_THAT(deleted.gone, SizeIs(1));
  EXPECT_EQ(deleted.gone[0].reason(), v1::GoneUser::DELETED);
  EXPECT_EQ(deleted.gone[0].source_id(), ada);
  EXPECT_TRUE(deleted.complete());
  EXPECT_OK(tenant().RestoreUser(ada));
  EXPECT_THAT(Round().users, SizeIs(1));
  EXPECT_OK(tenant().PurgeUser(ada));
  EXPECT_THAT(Round().gone, SizeIs(1));
}

TEST_F(ChangesTest, R23_NestedGroupsComeAndGo) {
  Begin();
  const std::string outer = AddGroup("Outer");
  const std::string inner = AddGroup("Inner");
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().AddMember(inner, ada));
  EXPECT_OK(tenant().AddMember(outer, inner));
  EXPECT_THAT(Round().users, IsEmpty());
  EXPECT_OK(tenant().AddMember("Sales", outer));
  EXPECT_THAT(Round().users, SizeIs(1));
  // What happens deep inside is noticed from now on.
  const std::string bob = AddUser("bob");
  EXPECT_OK(tenant().AddMember(inner, bob));
  EXPECT_THAT(Round().users, SizeIs(1));
  EXPECT_OK(tenant().AddMember(inner, outer));  // A cycle (R26).
  EXPECT_THAT(Round().users, IsEmpty());
  EXPECT_OK(tenant().RemoveMember("Sales", outer));
  EXPECT_THAT(Round().gone, SizeIs(2));
  EXPECT_OK(tenant().AddMember("Finance", inner));
  EXPECT_THAT(Round().users, SizeIs(2));
}

TEST_F(ChangesTest, A4_CollisionsComeAndGoWithSwapsInOneRound) {
  options_.set_username_normalization_enabled(true);
  Begin();
  const std::string ada = AddUser("ada");
  const std::string bob = AddUser("bob");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  EXPECT_OK(tenant().AddMember("Sales", bob));
  Round();
  EXPECT_OK(tenant().SwapUpns(ada, bob));
  EXPECT_THAT(Round().users, SizeIs(2));
  EXPECT_OK(tenant().RenameUser(ada, "twin0.again@contoso.example"));
  Round();
  EXPECT_OK(tenant().RenameUser(bob, "twin0.again@contoso.onmicrosoft.com"));
  EXPECT_THAT(Round().users, SizeIs(2));  // Now both collide.
  EXPECT_OK(tenant().DeleteUser(ada));
  EXPECT_THAT(Round().users, SizeIs(1));  // And bob alone does not.
}

TEST_F(ChangesTest, A23_WhoBecomesAGuestIsLeftOutIfGuestsAre) {
  options_.set_guest_policy(v1::Directory::EXCLUDE);
  Begin();
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  Round();
  entra::UserFields guest;
  guest.guest = true;
  EXPECT_OK(tenant().UpdateUser(ada, guest));
  const Streamed changes = Round();
  ASSERT_THAT(changes.gone, SizeIs(1));
  EXPECT_EQ(changes.gone[0].reason(), v1::GoneUser::GUEST_EXCLUDED);
}

TEST_F(ChangesTest, A24_ARenamedGroupIsTold) {
  Begin();
  const std::string id = world_.GroupId("Finance");
  EXPECT_OK(tenant().RenameGroup("Finance", "Money"));
  std::replace(groups_.begin(), groups_.end(), std::string("Finance"),
               std::string("Money"));
  const Streamed changes = Round();
  EXPECT_EQ(std::count_if(changes.groups.begin(), changes.groups.end(),
                          [&id](const v1::DesiredGroup& group) {
                            return group.source_id() == id &&
                                   group.display_name() == "Money";
                          }),
            1);
}

TEST_F(ChangesTest, A7_AVanishedGroupProvesNothingAndAReturnedOneIsWhole) {
  tenant().SetSecurityGroupSoftDelete(true);
  Begin();
  const std::string id = world_.GroupId("Finance");
  EXPECT_OK(tenant().DeleteGroup("Finance"));
  const Streamed vanished = world_.Changes(follower_.cursor());
  ASSERT_OK(vanished.status);
  EXPECT_FALSE(vanished.trailer->complete());
  EXPECT_THAT(vanished.trailer->incomplete_reasons(),
              ElementsAre(HasSubstr(id)));
  follower_.Take(vanished);
  v1::GetDirectoryRequest get;
  get.set_name("accounts/acme/directories/d1");
  EXPECT_EQ(world_.manager().Get(get)->state(), v1::Directory::NEEDS_ATTENTION);
  EXPECT_OK(tenant().RestoreGroup(id));
  EXPECT_TRUE(Round().complete());
  EXPECT_EQ(world_.manager().Get(get)->state(), v1::Directory::CONNECTED);
}

TEST_F(ChangesTest, ANewSelectionOrOptionIsReadWhole) {
  Begin();
  options_.set_username_normalization_enabled(true);
  groups_ = {"Sales", "Engineering Platform"};
  world_.Configure(groups_, options_);
  const Streamed changes = Round();
  EXPECT_TRUE(changes.complete());
  EXPECT_THAT(changes.groups, SizeIs(2));
  EXPECT_FALSE(changes.gone.empty());
}

TEST_F(ChangesTest, AResyncTellsOnlyWhatIsDifferent) {
  Begin();
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  world_.emulator().faults().Add(
      {.kind = entra::FaultKind::kDeltaGone, .times = 1});
  const Streamed changes = Round();
  EXPECT_THAT(changes.users, SizeIs(1));
  EXPECT_THAT(changes.gone, IsEmpty());
  EXPECT_THAT(Round().users, IsEmpty());
}

TEST_F(ChangesTest, AStreamOfChangesIsResumedWithoutAskingTheTenant) {
  Begin();
  for (const char* name : {"ada", "bob", "cyd"}) {
    EXPECT_OK(tenant().AddMember("Sales", AddUser(name)));
  }
  const std::string cursor = follower_.cursor();
  const Streamed whole = Round();
  ASSERT_THAT(whole.users, SizeIs(3));
  const std::string read_id = whole.header->read_id();
  const std::string& first = whole.users[0].source_id();

  const int64_t before = world_.emulator().request_count();
  const Streamed resumed = world_.Changes(cursor, read_id, first);
  EXPECT_TRUE(resumed.complete());
  EXPECT_EQ(world_.emulator().request_count(), before);
  EXPECT_EQ(resumed.header->SerializeAsString(),
            whole.header->SerializeAsString());
  ASSERT_THAT(resumed.users, SizeIs(2));
  EXPECT_EQ(resumed.users[0].source_id(), whole.users[1].source_id());
  EXPECT_EQ(resumed.trailer->user_count(), 3);
  EXPECT_EQ(resumed.trailer->change_cursor(), whole.trailer->change_cursor());
  EXPECT_THAT(resumed.groups, SizeIs(groups_.size()));
  EXPECT_THAT(world_.Changes(cursor, read_id).users, SizeIs(3));

  EXPECT_THAT(world_.Changes(cursor, read_id, "first").status,
              StatusIs(StatusCode::kInvalidArgument, "RESUME_KEY_INVALID"));
  EXPECT_THAT(world_.Changes("first", read_id, first).status,
              StatusIs(StatusCode::kInvalidArgument, "CHANGE_CURSOR_INVALID"));
}

// Whoever sees another id begins with the first user.
TEST_F(ChangesTest, AStreamOfChangesThatIsNotHeldAnyMoreIsMadeAnew) {
  Begin();
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  const std::string cursor = follower_.cursor();
  const Streamed whole = Round();
  const std::string read_id = whole.header->read_id();
  const auto expect_anew = [&](const std::string& since, size_t users) {
    const Streamed anew = world_.Changes(since, read_id, ada);
    EXPECT_TRUE(anew.complete());
    EXPECT_NE(anew.header->read_id(), read_id);
    EXPECT_THAT(anew.users, SizeIs(users));
  };
  // Since another time.
  expect_anew(follower_.cursor(), 0);
  // Another stream was made.
  expect_anew(cursor, 1);

  const std::string again = world_.Changes(cursor).header->read_id();
  EXPECT_OK(tenant().AddMember("Sales", AddUser("bob")));
  EXPECT_EQ(world_.Changes(cursor, again, ada).header->read_id(), again)
      << "nothing was folded";
  world_.Changes(follower_.cursor());
  EXPECT_THAT(world_.Changes(cursor, again, ada).users, SizeIs(2));
}

TEST_F(ChangesTest, AFailedRoundKeepsTheMirrorAndItsCursor) {
  Begin();
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  world_.emulator().faults().Add({.kind = entra::FaultKind::kStatus,
                                  .path = "/groups/delta",
                                  .status = 503});
  EXPECT_THAT(world_.Changes(follower_.cursor()).status,
              StatusIs(StatusCode::kUnavailable));
  world_.emulator().faults().Clear();
  EXPECT_THAT(Round().users, SizeIs(1));
}

// Graph gave the link itself, and does not say that it is the link's fault.
TEST_F(ChangesTest, Section3_2_LinksThatAreRefusedAreGivenUpTheThirdTime) {
  Begin();
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  world_.emulator().faults().Add({.kind = entra::FaultKind::kStatus,
                                  .times = 3,
                                  .path = "/users/delta?$deltatoken=",
                                  .status = 400,
                                  .code = "BadRequest"});
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(world_.Changes(follower_.cursor()).status,
                StatusIs(StatusCode::kInternal, "GRAPH_REFUSED"));
  }
  const Streamed whole = Round();
  EXPECT_THAT(whole.users, SizeIs(1));
  EXPECT_TRUE(whole.complete());
  // The new links are followed, and a refusal counts from the first again.
  world_.emulator().faults().Add({.kind = entra::FaultKind::kStatus,
                                  .times = 1,
                                  .path = "/users/delta?$deltatoken=",
                                  .status = 400,
                                  .code = "BadRequest"});
  EXPECT_THAT(world_.Changes(follower_.cursor()).status,
              StatusIs(StatusCode::kInternal, "GRAPH_REFUSED"));
  EXPECT_THAT(Round().users, IsEmpty());
}

// The permission to follow groups is another one than to read them.
TEST_F(ChangesTest, B6_WithoutPermissionToFollowGroupsEveryRoundReadsAll) {
  world_.emulator().faults().Add({.kind = entra::FaultKind::kStatus,
                                  .path = "/groups/delta",
                                  .status = 403,
                                  .code = "Authorization_RequestDenied"});
  Begin();
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  const Streamed changes = Round();
  EXPECT_THAT(changes.users, SizeIs(1));
  EXPECT_TRUE(changes.complete());
  const int64_t before = world_.emulator().request_count();
  EXPECT_THAT(Round().users, IsEmpty());
  EXPECT_GT(world_.emulator().request_count() - before, 10);  // As the first.
}

// Without the permission to see them, nobody tells who comes and goes.
TEST_F(ChangesTest, R30_WhatHappensInAGroupThatHidesItsMembersIsFoundLater) {
  world_.emulator().faults().Add({.kind = entra::FaultKind::kMissingPermission,
                                  .name = "Member.Read.Hidden"});
  Begin();
  EXPECT_OK(tenant().SetHiddenMembership("Sales", true));
  const Streamed hidden = world_.Changes(follower_.cursor());
  EXPECT_OK(hidden.status);
  EXPECT_FALSE(hidden.complete());
  follower_.Take(hidden);
  const std::string ada = AddUser("ada");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  EXPECT_FALSE(world_.Changes(follower_.cursor()).complete());
  EXPECT_OK(tenant().SetHiddenMembership("Sales", false));
  EXPECT_TRUE(Round().complete());
}

TEST_F(ChangesTest, CursorsOfOtherHistoriesAndOfTheFutureAreRefused) {
  Begin();
  EXPECT_THAT(world_.Changes("").status,
              StatusIs(StatusCode::kInvalidArgument, "CHANGE_CURSOR_INVALID"));
  EXPECT_THAT(world_.Changes("nonsense").status,
              StatusIs(StatusCode::kInvalidArgument, "CHANGE_CURSOR_INVALID"));
  const std::string old = follower_.cursor();
  Round();
  EXPECT_OK(world_.Changes(old).status);  // Told again, as often as asked.
  auto other = rollcall::store::OpenInMemory();
  ASSERT_OK(other);
  world_.Configure(*world_.ManagerOver(**other), kDepartments, options_);
  const auto keeper = world_.KeeperOver(**other);
  ASSERT_OK(world_.Stream(*keeper).status);
  EXPECT_THAT(
      world_.Changes(*keeper, old).status,
      StatusIs(StatusCode::kFailedPrecondition, "CHANGE_CURSOR_EXPIRED"));
}

// The process dies at the n-th write of a round with everything in it; the next
// one has the truth, and a cursor from before the crash still leads to it.
TEST_F(ChangesTest, B12_ACrashAtAnyWriteOfARoundLosesNothing) {
  rollcall::store::FaultyStore faulty(world_.store());
  Begin();
  entra::RandomTimeline timeline(tenant(), 77, Kept());
  for (int n = 1; n <= 6; ++n) {
    for (int step = 0; step < 15; ++step) timeline.Step();
    faulty.FailCommit(
        n, n % 2 == 0 ? rollcall::store::FaultyStore::Outcome::kWritten
                      : rollcall::store::FaultyStore::Outcome::kNotWritten);
    const auto keeper = world_.KeeperOver(faulty);
    const Streamed cut = world_.Changes(*keeper, follower_.cursor());
    if (cut.status.ok()) follower_.Take(cut);
    faulty.Heal();
    Round();
  }
}

// Random changes, round after round.
class Timelines : public ChangesTest,
                  public ::testing::WithParamInterface<int> {};

TEST_P(Timelines, B6_TheFollowerAlwaysHasTheTruth) {
  const int seed = GetParam();
  options_.set_username_normalization_enabled(seed % 2 == 0);
  options_.set_phone_import_enabled(seed % 3 == 0);
  if (seed % 4 == 1) options_.set_guest_policy(v1::Directory::EXCLUDE);
  Begin();
  entra::RandomTimeline timeline(tenant(), static_cast<uint64_t>(seed), Kept());
  std::vector<std::string> told;
  for (int round = 0; round < 12; ++round) {
    for (int step = 0; step < 10; ++step) told.push_back(timeline.Step());
    Round();
    if (HasFailure()) {
      for (const std::string& line : told) ADD_FAILURE() << line;
      return;
    }
    told.clear();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Timelines, ::testing::Range(1, 13));

// An object that cannot be read is known by its id, skipped with a reason, and
// counted, however it was met.
TEST_F(ChangesTest, R42_ObjectsThatCannotBeReadAreCountedByReason) {
  using ::testing::ElementsAre;
  using ::testing::Pair;
  const auto rename = [&](const std::string& user, size_t size) {
    entra::UserFields fields;
    fields.display_name = std::string(size, 'x');
    EXPECT_OK(tenant().UpdateUser(user, fields));
  };
  // Health tells the same as the trailer.
  const auto expect_health = [&](const Streamed& streamed) {
    v1::GetDirectoryHealthRequest request;
    request.set_name("accounts/acme/directories/d1");
    ASSERT_OK_AND_ASSIGN(const v1::DirectoryHealth health,
                         world_.manager().GetHealth(request));
    const auto& told_there = streamed.trailer->warnings();
    using Counts = std::map<std::string, int64_t>;
    EXPECT_EQ(Counts(health.warnings().begin(), health.warnings().end()),
              Counts(told_there.begin(), told_there.end()));
  };
  const std::string ada = AddUser("ada");
  const std::string eve = AddUser("eve");
  EXPECT_OK(tenant().AddMember("Sales", ada));
  EXPECT_OK(tenant().AddMember("Sales", eve));
  rename(ada, 5000);
  const std::string sales = world_.GroupId("Sales");
  EXPECT_OK(tenant().RenameGroup("Sales", std::string(5000, 'x')));
  world_.Configure({sales});
  // Met by a full read.
  Streamed told = world_.Stream();
  ASSERT_OK(told.status);
  EXPECT_FALSE(told.complete());  // For the group's sake.
  EXPECT_THAT(told.trailer->incomplete_reasons(),
              ElementsAre(::testing::HasSubstr("OBJECT_TEXT_TOO_LONG")));
  EXPECT_THAT(
      told.trailer->warnings(),
      ::testing::UnorderedElementsAre(Pair("OBJECT_TEXT_TOO_LONG", 1),
                                      Pair("GROUP_OBJECT_TEXT_TOO_LONG", 1)));
  expect_health(told);
  // By a round.
  rename(eve, 5000);
  told = world_.Changes(told.trailer->change_cursor());
  ASSERT_OK(told.status);
  EXPECT_EQ(told.trailer->warnings().at("OBJECT_TEXT_TOO_LONG"), 2);
  // And mended.
  rename(ada, 5);
  rename(eve, 5);
  EXPECT_OK(tenant().RenameGroup(sales, "Sales"));
  told = world_.Changes(told.trailer->change_cursor());
  EXPECT_TRUE(told.complete()) << told.status;
  EXPECT_THAT(told.trailer->warnings(), IsEmpty());
  expect_health(told);
  // A group that is met by a round.
  EXPECT_OK(tenant().RenameGroup(sales, std::string(5000, 'x')));
  told = world_.Changes(told.trailer->change_cursor());
  ASSERT_OK(told.status);
  EXPECT_FALSE(told.complete());
  EXPECT_THAT(told.trailer->warnings(),
              ElementsAre(Pair("GROUP_OBJECT_TEXT_TOO_LONG", 1)));
}

}  // namespace
}  // namespace rollcall::directory
