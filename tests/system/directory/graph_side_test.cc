// What directory reads besides whole tenants, from a local Entra: delta rounds,
// single users, batches.
#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/delta_walk.h"
#include "services/directory/graph_batch.h"
#include "services/directory/graph_page.h"
#include "services/directory/source_user_reader.h"
#include "tests/fakes/entra/expected.h"
#include "tests/system/directory/world.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class GraphSideTest : public ::testing::Test {
 protected:
  GraphSideTest() : world_({.users = 300, .groups = 20, .seed = 7}) {
    auto session = world_.graph().Open(
        *ConnectionName::Parse("accounts/acme/connections/c1"),
        [] { return false; });
    EXPECT_OK(session);
    graph_ = *std::move(session);
  }

  entra::Tenant& tenant() { return world_.emulator().tenant(); }

  // A user directly in `group`, whose name is no guest's.
  entra::UserView MemberOf(const std::string& group) {
    const std::string upn = tenant().Read([&](const entra::TenantState& state) {
      for (const auto& expected :
           entra::Flatten(state, {*state.FindGroup(group)}).users) {
        const entra::User& user = state.user(expected.user);
        if (!user.guest) {
          return std::string(
              user.Text(entra::UserText::kUserPrincipalName).value_or(""));
        }
      }
      return std::string();
    });
    return *tenant().FindUser(upn);
  }

  // All live groups that hold the user, by the tenant's truth.
  std::set<std::string> GroupsOf(const std::string& user_id) {
    return tenant().Read([&](const entra::TenantState& state) {
      std::vector<entra::ObjectRef> all;
      for (const entra::Group& group : state.groups()) {
        const auto ref = state.Find(group.id);
        if (ref.has_value() && state.IsLive(*ref)) all.push_back(*ref);
      }
      std::set<std::string> groups;
      for (const auto& expected : entra::Flatten(state, all).users) {
        if (state.IdOf(expected.user).ToString() != user_id) continue;
        for (const auto& id : expected.groups) groups.insert(id.ToString());
      }
      return groups;
    });
  }

  World world_;
  std::unique_ptr<GraphSession> graph_;
};

TEST_F(GraphSideTest, B6_ADeltaRoundTellsWhatHappenedSince) {
  const auto moved =
      tenant().AddUser({.user_principal_name = "mo.ved@contoso.example"});
  ASSERT_OK(moved);
  ASSERT_OK(tenant().AddMember("Sales", *moved));
  const auto users = LatestUserDelta(*graph_, true);
  ASSERT_OK(users);
  const SourceId sales = *SourceId::Parse(world_.GroupId("Sales"));
  const auto groups = LatestGroupDelta(*graph_, {sales});
  ASSERT_OK(groups);

  const entra::UserView gone = MemberOf("Finance");
  ASSERT_OK(tenant().DeleteUser(gone.id));
  ASSERT_OK(tenant().RemoveMember("Sales", *moved));
  // What Graph does to a round is no reason to lose any of it.
  for (const char* fault : {"1", "2", "4", "6", "7", "8", "22", "30"}) {
    ASSERT_OK(world_.emulator().faults().Set(fault, 0.2));
  }

  const auto user_round = WalkUserDelta(*graph_, *users);
  ASSERT_OK(user_round);
  ASSERT_FALSE(user_round->changes.empty());
  for (const UserChange& change : user_round->changes) {
    EXPECT_EQ(change.user.id.ToString(), gone.id);
    EXPECT_EQ(change.removal, Removal::kRestorable);
  }
  const auto group_round = WalkGroupDelta(*graph_, *groups);
  ASSERT_OK(group_round);
  ASSERT_FALSE(group_round->changes.empty());
  std::set<std::string> removed;
  for (const GroupChange& change : group_round->changes) {
    EXPECT_EQ(change.group.id, sales);
    for (const MemberChange& member : change.members) {
      EXPECT_TRUE(member.removed);
      removed.insert(member.member.id.ToString());
    }
  }
  EXPECT_THAT(removed, ElementsAre(*moved));

  world_.emulator().faults().Clear();
  const auto nothing = WalkUserDelta(*graph_, user_round->delta_link);
  ASSERT_OK(nothing);
  EXPECT_THAT(nothing->changes, IsEmpty());
  EXPECT_NE(nothing->delta_link, "");
}

TEST_F(GraphSideTest, Fault16_ForgottenLinksNeedAFullRead) {
  const auto users = LatestUserDelta(*graph_, false);
  ASSERT_OK(users);
  world_.emulator().ForgetDeltaLinks();
  EXPECT_THAT(WalkUserDelta(*graph_, *users),
              StatusIs(StatusCode::kAborted, "GRAPH_RESYNC_REQUIRED"));
}

TEST_F(GraphSideTest, R79_OneUserIsReadByAnyName) {
  const entra::UserView user = MemberOf("Engineering");
  for (const char* name :
       {"o'brien@contoso.example", "a+b@contoso.example",
        "x_y.test#EXT#@contoso.example", "$dollar@contoso.example"}) {
    ASSERT_OK(tenant().RenameUser(user.id, name));
    const auto read = ReadSourceUserByName(*graph_, name, {});
    ASSERT_OK(read) << name;
    ASSERT_TRUE(read->found) << name;
    EXPECT_EQ(read->user.id.ToString(), user.id);
    EXPECT_EQ(read->user.user_principal_name.value(), name);
  }
}

TEST_F(GraphSideTest, OneUsersGroupsAreTheTruth) {
  for (const char* group : {"Engineering", "Sales", "Support"}) {
    const entra::UserView user = MemberOf(group);
    const auto read =
        ReadSourceUserById(*graph_, *SourceId::Parse(user.id), {});
    ASSERT_OK(read);
    std::set<std::string> groups;
    for (const SourceId& id : read->groups) groups.insert(id.ToString());
    EXPECT_EQ(groups, GroupsOf(user.id));
    EXPECT_TRUE(groups.count(world_.GroupId(group)) == 1);
  }
}

TEST_F(GraphSideTest, B3_ADeletedUserIsAbsentUnderItsNameAndItsId) {
  const entra::UserView user = MemberOf("Sales");
  ASSERT_OK(tenant().DeleteUser(user.id));
  const auto by_id = ReadSourceUserById(*graph_, *SourceId::Parse(user.id), {});
  ASSERT_OK(by_id);
  EXPECT_FALSE(by_id->found);
  const auto by_name =
      ReadSourceUserByName(*graph_, user.user_principal_name, {});
  ASSERT_OK(by_name);
  EXPECT_FALSE(by_name->found);
}

TEST_F(GraphSideTest, Section2_6_BatchesAnswerEveryQuestion) {
  const entra::UserView there = MemberOf("Sales");
  const entra::UserView gone = MemberOf("Finance");
  ASSERT_OK(tenant().DeleteUser(gone.id));
  ASSERT_OK(world_.emulator().faults().Set("18", 0.3));
  std::vector<BatchQuestion> questions;
  for (int i = 0; i < 25; ++i) {
    questions.push_back(
        {.path = absl::StrCat("/v1.0/users/", i == 21 ? gone.id : there.id)});
  }
  const auto answers = AskInBatches(*graph_, questions);
  ASSERT_OK(answers);
  ASSERT_THAT(*answers, SizeIs(25));
  for (size_t i = 0; i < answers->size(); ++i) {
    if (i == 21) {
      EXPECT_THAT((*answers)[i],
                  StatusIs(StatusCode::kNotFound, "GRAPH_NOT_FOUND"));
    } else {
      ASSERT_OK((*answers)[i]);
      EXPECT_EQ(ParseUser(*(*answers)[i])->id.ToString(), there.id);
    }
  }
}

}  // namespace
}  // namespace rollcall::directory
