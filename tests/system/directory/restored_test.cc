// Users and groups that were deleted while everything was read, and are
// restored later: Graph tells that they are back, and nothing of what they are
// in.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/auditor.h"
#include "tests/system/directory/follower.h"

namespace rollcall::directory {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// Of all moments of a read every third: they are cheap, but many.
constexpr int kStep = 3;

class RestoredTest : public ChangesTest {
 protected:
  RestoredTest() { tenant().SetSecurityGroupSoftDelete(true); }

  std::string AddMember(const std::string& short_name,
                        const std::string& group) {
    std::string user = AddUser(short_name);
    EXPECT_OK(tenant().AddMember(group, user));
    return user;
  }
};

TEST_F(RestoredTest, R30_AUserWhoWasDeletedDuringTheReadIsBackWhenRestored) {
  const std::string ada = AddMember("ada", "Sales");
  EXPECT_OK(tenant().AddMember("Finance", ada));
  EXPECT_OK(tenant().DeleteUser(ada));
  Begin();
  EXPECT_OK(tenant().RestoreUser(ada));
  const Streamed back = Round();
  ASSERT_THAT(back.users, SizeIs(1));
  EXPECT_THAT(back.users[0].group_source_ids(), SizeIs(2));
  EXPECT_TRUE(back.complete());
  EXPECT_THAT(Round().users, IsEmpty());
}

// It has a row, and one of its groups was read while it was deleted.
TEST_F(RestoredTest, R30_AGroupThatWasReadMeanwhileHasTheRestoredUserAgain) {
  const std::string ada = AddMember("ada", "Sales");
  EXPECT_OK(tenant().AddMember("Finance", ada));
  Begin();
  const std::string finance = world_.GroupId("Finance");
  EXPECT_OK(tenant().DeleteUser(ada));
  EXPECT_OK(tenant().DeleteGroup("Finance"));
  EXPECT_FALSE(world_.Changes(follower_.cursor()).complete());
  EXPECT_OK(tenant().RestoreGroup(finance));
  Round();
  EXPECT_OK(tenant().RestoreUser(ada));
  const Streamed back = Round();
  ASSERT_THAT(back.users, SizeIs(1));
  EXPECT_THAT(back.users[0].group_source_ids(), SizeIs(2));
}

TEST_F(RestoredTest, R30_R23_ANestedGroupThatWasDeletedIsBackWhenRestored) {
  const std::string outer = AddGroup("Outer");
  const std::string inner = AddGroup("Inner");
  EXPECT_OK(tenant().AddMember("Sales", outer));
  EXPECT_OK(tenant().AddMember(outer, inner));
  const std::string ada = AddMember("ada", outer);
  const std::string bob = AddMember("bob", inner);
  // One of them before everything is read, one of them after.
  EXPECT_OK(tenant().DeleteGroup(inner));
  Begin();
  EXPECT_OK(tenant().DeleteGroup(outer));
  EXPECT_THAT(Round().gone, SizeIs(1));
  EXPECT_OK(tenant().RestoreGroup(inner));
  EXPECT_THAT(Round().users, IsEmpty());
  EXPECT_OK(tenant().RestoreGroup(outer));
  EXPECT_THAT(Round().users, SizeIs(2));
  // What happens in them is told from now on.
  const std::string eve = AddMember("eve", inner);
  EXPECT_THAT(Round().users, SizeIs(1));
}

TEST_F(RestoredTest, R30_ANestedGroupAloneIsBackWhenRestored) {
  const std::string inner = AddGroup("Inner");
  EXPECT_OK(tenant().AddMember("Sales", inner));
  const std::string ada = AddMember("ada", inner);
  EXPECT_OK(tenant().DeleteGroup(inner));
  Begin();
  EXPECT_OK(tenant().RestoreGroup(inner));
  EXPECT_THAT(Round().users, SizeIs(1));
  EXPECT_OK(tenant().DeleteUser(ada));
  EXPECT_THAT(Round().gone, SizeIs(1));
  EXPECT_OK(tenant().RestoreUser(ada));
  EXPECT_THAT(Round().users, SizeIs(1));
}

// The outer group is read while the inner one is deleted: the nesting is lost
// until the inner one is back.
TEST_F(RestoredTest, R30_ANestingSurvivesThatBothWereDeleted) {
  const std::string outer = AddGroup("Outer");
  const std::string inner = AddGroup("Inner");
  EXPECT_OK(tenant().AddMember("Sales", outer));
  EXPECT_OK(tenant().AddMember(outer, inner));
  const std::string bob = AddMember("bob", inner);
  Begin();
  EXPECT_OK(tenant().DeleteGroup(inner));
  EXPECT_OK(tenant().DeleteGroup(outer));
  EXPECT_THAT(Round().gone, SizeIs(1));
  EXPECT_OK(tenant().RestoreGroup(outer));
  Round();
  EXPECT_OK(tenant().RestoreGroup(inner));
  EXPECT_THAT(Round().users, SizeIs(1));
}

// Its lists of members are read one after the other: whoever is deleted at the
// beginning and restored in the middle is in the later ones only.
TEST_F(RestoredTest,
       R30_WhoIsRestoredAtAnyMomentOfAFullReadIsInAllTheirGroups) {
  const std::string outer = AddGroup("Outer");
  const std::string inner = AddGroup("Inner");
  const std::string ada = AddUser("ada");
  for (const std::string& group : kDepartments) {
    EXPECT_OK(tenant().AddMember(group, ada));
    EXPECT_OK(tenant().AddMember(group, inner));
  }
  EXPECT_OK(tenant().AddMember("Finance", outer));
  EXPECT_OK(tenant().AddMember(outer, inner));
  AddMember("bob", inner);
  Begin();
  int looks = 2;
  for (int moment = 1; moment < looks; moment += kStep) {
    SCOPED_TRACE(absl::StrCat("at look ", moment, " of ", looks));
    // Before the read, or in its midst.
    const int deletion = moment % (2 * kStep) == 1 ? 0 : moment / 2;
    const auto remove = [&] {
      EXPECT_OK(tenant().DeleteUser(ada));
      EXPECT_OK(tenant().DeleteGroup(inner));
    };
    bool restored = false;
    const auto restore = [&] {
      restored = true;
      EXPECT_OK(tenant().RestoreUser(ada));
      EXPECT_OK(tenant().RestoreGroup(inner));
    };
    if (deletion == 0) remove();
    world_.clock().set_on_look([&](int look) {
      looks = std::max(looks, look);
      if (look == deletion) remove();
      if (look == moment) restore();
    });
    const Streamed streamed = world_.Stream();
    world_.clock().set_on_look(nullptr);
    ASSERT_TRUE(streamed.complete()) << streamed.status;
    follower_.Take(streamed);
    if (!restored) restore();
    Round();
    if (HasFailure()) return;
  }
  EXPECT_GT(looks, 50);
}

// Deleted groups are listed once, and this one may have been alive then.
TEST_F(RestoredTest, R30_AGroupThatComesAndGoesDuringAFullReadIsBackRestored) {
  Begin();
  int looks = 2;
  for (int moment = 1; moment < looks; moment += kStep) {
    SCOPED_TRACE(absl::StrCat("at look ", moment, " of ", looks));
    const std::string inner = AddGroup(absl::StrCat("Inner ", moment));
    AddMember(absl::StrCat("ada", moment), inner);
    bool deleted = false;
    const auto nest_and_delete = [&] {
      deleted = true;
      EXPECT_OK(tenant().AddMember("Sales", inner));
      EXPECT_OK(tenant().DeleteGroup(inner));
    };
    world_.clock().set_on_look([&](int look) {
      looks = std::max(looks, look);
      if (look == moment) nest_and_delete();
    });
    const Streamed streamed = world_.Stream();
    world_.clock().set_on_look(nullptr);
    ASSERT_TRUE(streamed.complete()) << streamed.status;
    follower_.Take(streamed);
    if (!deleted) nest_and_delete();
    Round();
    EXPECT_OK(tenant().RestoreGroup(inner));
    Round();
    if (HasFailure()) return;
    EXPECT_OK(tenant().DeleteGroup(inner));
    EXPECT_OK(tenant().PurgeGroup(inner));
  }
}

// Polls of fifty groups ask twice, whatever was deleted in the tenant; who
// comes back is noticed within a quarter of an hour.
TEST_F(RestoredTest, B6_DeletedGroupsAreFollowedBesideThePolls) {
  const std::string inner = AddGroup("Inner");
  EXPECT_OK(tenant().AddMember("Sales", inner));
  AddMember("ada", inner);
  EXPECT_OK(tenant().DeleteGroup(inner));
  std::vector<std::string> groups = tenant().Read([](const auto& state) {
    std::vector<std::string> ids;
    for (const entra::Group& group : state.groups()) {
      if (group.life == entra::Life::kLive) ids.push_back(group.id.ToString());
    }
    return ids;
  });
  while (groups.size() < 50) {
    groups.push_back(AddGroup(absl::StrCat("Filler ", groups.size())));
  }
  Begin(groups);
  const auto requests_of = [this](const auto& what) {
    const int64_t before = world_.emulator().request_count();
    what();
    return world_.emulator().request_count() - before;
  };
  EXPECT_EQ(requests_of([this] { Round(); }), 2);
  EXPECT_OK(tenant().RestoreGroup(inner));
  Streamed changes;
  EXPECT_EQ(requests_of([&] { changes = world_.Changes(follower_.cursor()); }),
            2);
  follower_.Take(changes);
  MirrorAuditor auditor(world_.store(), world_.keeper());
  const absl::Time now = Clock::GetRealClock().TimeNow();
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(auditor.RunOnce(now + absl::Minutes(16)));
  }
  EXPECT_THAT(Round().users, SizeIs(1));
  // It is one of the mirror's now.
  AddMember("eve", inner);
  EXPECT_THAT(Round().users, SizeIs(1));
  EXPECT_EQ(requests_of([this] { Round(); }), 3);
  EXPECT_OK(tenant().RemoveMember("Sales", inner));
  EXPECT_THAT(Round().gone, SizeIs(2));
}

// Twenty questions a request: a thousand new users are fifty requests more.
TEST_F(RestoredTest, B6_NewUsersOfNoGroupOfOursCostARequestForTwenty) {
  Begin();
  for (int i = 0; i < 40; ++i) AddUser(absl::StrCat("new", i));
  const int64_t before = world_.emulator().request_count();
  EXPECT_THAT(Round().users, IsEmpty());
  EXPECT_EQ(world_.emulator().request_count() - before, 2 + 2);
}

}  // namespace
}  // namespace rollcall::directory
