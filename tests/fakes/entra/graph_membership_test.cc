// Members and what they belong to: section 2.2 of the protocol specification.

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "tests/fakes/entra/graph_fixture.h"

namespace rollcall::entra {
namespace {

class GraphMembershipTest : public GraphTest {
 protected:
  void SetUp() override {
    GraphTest::SetUp();
    Tenant& tenant = emulator_->tenant();
    const auto add = [&](const char* name) { return *tenant.AddGroup(name); };
    outer_ = add("Outer");
    inner_ = add("Inner");
    user_ = *tenant.AddUser(
        {.user_principal_name = "u@contoso.example", .display_name = "Uma"});
    ASSERT_TRUE(tenant.AddMember(outer_, inner_).ok());
    ASSERT_TRUE(tenant.AddMember(inner_, user_).ok());
    ASSERT_TRUE(tenant.AddMember(inner_, outer_).ok());  // a cycle
  }

  std::set<std::string> Set(const std::string& path) {
    const auto ids = client_->AllIds(path);
    return std::set<std::string>(ids.begin(), ids.end());
  }
  Reply Check(const std::vector<std::string>& ids) {
    return client_->PostGraph(
        absl::StrCat("/v1.0/users/", user_, "/checkMemberGroups"),
        absl::StrCat("{\"groupIds\":[\"", absl::StrJoin(ids, "\",\""), "\"]}"));
  }
  // With the metadata and the brackets around it.
  static bool Lists(const Reply& reply, const std::string& id) {
    return absl::StrContains(reply.body, absl::StrCat("\"", id, "\""));
  }

  std::string outer_;
  std::string inner_;
  std::string user_;
};

TEST_F(GraphMembershipTest, MemberOfIsDirectAndTransitive) {
  const std::string user = "/v1.0/users/" + user_;
  const std::string cast = "/microsoft.graph.group";
  EXPECT_EQ(Set(user + "/memberOf" + cast), (std::set<std::string>{inner_}));
  EXPECT_EQ(Set(user + "/transitiveMemberOf" + cast),
            (std::set<std::string>{inner_, outer_}));
  EXPECT_EQ(Set("/v1.0/users/u@contoso.example/transitiveMemberOf" + cast),
            (std::set<std::string>{inner_, outer_}));
  const std::string group = "/v1.0/groups/" + inner_;
  EXPECT_EQ(Set(group + "/memberOf"), (std::set<std::string>{outer_}));
  EXPECT_EQ(Set(group + "/transitiveMemberOf"),
            (std::set<std::string>{inner_, outer_}))
      << "itself, by the cycle";
}

TEST_F(GraphMembershipTest, MemberOfMixesRolesInUnlessCast) {
  const std::string first = Ids(client_->Graph("/v1.0/users?$top=1"))[0];
  const std::string path = "/v1.0/users/" + first + "/transitiveMemberOf";
  EXPECT_TRUE(absl::StrContains(client_->Graph(path).body,
                                "#microsoft.graph.directoryRole"));
  EXPECT_FALSE(
      absl::StrContains(client_->Graph(path + "/microsoft.graph.group").body,
                        "Directory Readers"));
}

TEST_F(GraphMembershipTest, TransitiveMembersSurviveCycles) {
  EXPECT_EQ(Set("/v1.0/groups/" + outer_ + "/transitiveMembers"),
            (std::set<std::string>{inner_, outer_, user_}));
}

TEST_F(GraphMembershipTest, CastsAreRefusedAsDocumented) {
  const std::string path = "/v1.0/groups/" + outer_ + "/transitiveMembers";
  const std::string group_cast = path + "/microsoft.graph.group?$count=true";
  EXPECT_EQ(Message(client_->Graph(group_cast)), "Invalid search request.");
  EXPECT_EQ(Ids(Eventual(group_cast)).size(), 2);
  EXPECT_EQ(Ids(client_->Graph(path + "/microsoft.graph.user")).size(), 1);

  const auto unified =
      *emulator_->tenant().AddGroup("Unified", GroupType::kMicrosoft365);
  const std::string other = "/v1.0/groups/" + unified + "/transitiveMembers";
  EXPECT_EQ(Code(Eventual(other + "/microsoft.graph.group?$count=true")),
            "Request_UnsupportedQuery");
  EXPECT_EQ(client_->Graph(other + "/microsoft.graph.user").status, 200);
}

TEST_F(GraphMembershipTest, FiltersOfMembersAreAdvanced) {
  const std::string options =
      "?$count=true&$select=id&$filter=startswith(displayName,'uma')";
  for (const char* relation : {"members", "transitiveMembers"}) {
    const std::string path =
        absl::StrCat("/v1.0/groups/", inner_, "/", relation, options);
    EXPECT_EQ(Message(client_->Graph(path)),
              "The specified filter to the reference property query is "
              "currently not supported.");
    EXPECT_EQ(Ids(Eventual(path)), (std::vector<std::string>{user_}));
  }
}

TEST_F(GraphMembershipTest, MembersAreOrderedIfAdvanced) {
  const std::string path = GroupPath("Sales") +
                           "/members/microsoft.graph.user"
                           "?$count=true&$orderby=displayName&$top=20";
  EXPECT_EQ(client_->Graph(path).status, 400);
  std::vector<std::string> names;
  for (std::string next = path; !next.empty();) {
    const Reply reply = Eventual(next);
    for (auto& name : TestClient::Values(reply.body, "displayName")) {
      names.push_back(absl::AsciiStrToLower(name));
    }
    next = TestClient::Value(reply.body, "@odata.nextLink");
  }
  EXPECT_EQ(
      absl::StrCat(names.size()),
      Eventual(GroupPath("Sales") + "/members/microsoft.graph.user/$count")
          .body);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

TEST_F(GraphMembershipTest, ChecksUpToTwentyGroups) {
  std::vector<std::string> ids(18, "11111111-1111-4111-8111-111111111111");
  ids.push_back(outer_);
  ids.push_back(GroupId("Sales"));
  const Reply reply = Check(ids);
  EXPECT_TRUE(Lists(reply, outer_)) << "a member of a member";
  EXPECT_FALSE(Lists(reply, GroupId("Sales")));
  EXPECT_FALSE(Lists(reply, ids[0])) << "an unknown id is not mentioned";
  ids.push_back(inner_);
  EXPECT_EQ(Code(Check(ids)), "Request_BadRequest");
  EXPECT_EQ(Message(Check({"x"})), "Invalid object identifier 'x'.");
}

TEST_F(GraphMembershipTest, HiddenGroupsAreLeftOutWithoutPermission) {
  ASSERT_TRUE(emulator_->tenant().SetHiddenMembership(inner_, true).ok());
  emulator_->faults().Add(
      {.kind = FaultKind::kMissingPermission, .name = "Member.Read.Hidden"});
  EXPECT_FALSE(Lists(Check({inner_, outer_}), inner_));
  EXPECT_TRUE(
      Set("/v1.0/users/" + user_ + "/memberOf/microsoft.graph.group").empty());
  EXPECT_TRUE(Set("/v1.0/groups/" + inner_ + "/transitiveMembers").empty());
  EXPECT_EQ(Set("/v1.0/groups/" + outer_ + "/transitiveMembers"),
            (std::set<std::string>{inner_}))
      << "what is in a hidden group stays hidden from above";
}

TEST_F(GraphMembershipTest, GetMemberGroupsHasALimit) {
  Tenant& tenant = emulator_->tenant();
  const std::string path =
      absl::StrCat("/v1.0/users/", user_, "/getMemberGroups");
  const auto unified = *tenant.AddGroup("U", GroupType::kMicrosoft365);
  ASSERT_TRUE(tenant.AddMember(unified, user_).ok());
  EXPECT_TRUE(Lists(
      client_->PostGraph(path, R"({"securityEnabledOnly":false})"), unified));
  const std::string security_only = R"({"securityEnabledOnly":true})";
  const Reply security = client_->PostGraph(path, security_only);
  EXPECT_TRUE(Lists(security, outer_));
  EXPECT_FALSE(Lists(security, unified));

  for (int i = 0; i < 10'999; ++i) {
    ASSERT_TRUE(
        tenant.AddMember(*tenant.AddGroup(absl::StrCat("g", i)), user_).ok());
    if (i == 10'997) {
      EXPECT_EQ(client_->PostGraph(path, security_only).status, 200);
    }
  }
  EXPECT_EQ(Code(client_->PostGraph(path, security_only)),
            "Directory_ResultSizeLimitExceeded");
}

TEST_F(GraphMembershipTest, GroupsNeedTheirPermission) {
  emulator_->faults().Add(
      {.kind = FaultKind::kMissingPermission, .name = "GroupMember.Read.All"});
  for (const std::string& path :
       {std::string("/v1.0/groups"), "/v1.0/groups/" + outer_,
        "/v1.0/groups/" + outer_ + "/members",
        "/v1.0/users/" + user_ + "/memberOf"}) {
    const Reply reply = client_->Graph(path);
    EXPECT_EQ(reply.status, 403) << path;
    EXPECT_EQ(Message(reply),
              "Insufficient privileges to complete the operation.");
  }
  EXPECT_EQ(Check({outer_}).status, 403);
  EXPECT_EQ(client_->Graph("/v1.0/users/" + user_).status, 200);
}

}  // namespace
}  // namespace rollcall::entra
