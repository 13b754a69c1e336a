// The faults of delta rounds, over HTTP and by their numbers: what a client
// meets who has asked for nothing but the next link.

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/entra/fault_catalogue.h"
#include "tests/fakes/entra/graph_fixture.h"

namespace rollcall::entra {
namespace {

class DeltaFaultsTest : public GraphTest {
 protected:
  void Set(absl::string_view fault, double probability = 1) {
    ASSERT_TRUE(emulator_->faults().Set(fault, probability).ok());
  }
  Tenant& tenant() { return emulator_->tenant(); }
  std::string Twin(int n) {
    return tenant().FindUser(absl::StrCat("twin", n, "@contoso.example"))->id;
  }
  Reply Get(const std::string& path) {
    return client_->Graph(path, {"Prefer: return=minimal"});
  }
  std::string Latest(const std::string& collection,
                     const std::string& select = "") {
    return Delta(
        Get(absl::StrCat("/v1.0/", collection, "/delta?$deltatoken=latest",
                         select.empty() ? "" : "&$select=", select)));
  }
  static std::string Next(const Reply& reply) {
    return TestClient::Value(reply.body, "@odata.nextLink");
  }
  static std::string Delta(const Reply& reply) {
    return TestClient::Value(reply.body, "@odata.deltaLink");
  }
  // The bodies of all pages from here to the delta link.
  std::string Round(const std::string& link) {
    Reply reply = Get(link);
    std::string all = reply.body;
    while (!Next(reply).empty()) {
      reply = Get(Next(reply));
      all += reply.body;
    }
    EXPECT_FALSE(Delta(reply).empty()) << reply.body;
    return all;
  }
  static std::string Removed(absl::string_view id, absl::string_view reason) {
    return absl::StrCat(id, R"(","@removed":{"reason":")", reason, R"("}})");
  }
  static size_t CountOf(absl::string_view what, absl::string_view text) {
    return std::vector<std::string>(absl::StrSplit(text, what)).size() - 1;
  }
};

TEST_F(DeltaFaultsTest, Number10AnObjectIsBlankAndComesWithItsValuesLater) {
  const std::string link = Latest("users", "mail");
  const std::string id = Twin(0);
  ASSERT_TRUE(tenant().UpdateUser(id, {.mail = "new@x.example"}).ok());
  Set("10");
  const Reply blank = Get(link);
  EXPECT_TRUE(absl::StrContains(
      blank.body, absl::StrCat(R"("value":[{"id":")", id, R"("}])")));
  Set("10", 0);
  const Reply whole = Get(Delta(blank));
  EXPECT_EQ(TestClient::Value(whole.body, "mail"), "new@x.example");
  EXPECT_TRUE(Ids(Get(Delta(whole))).empty());
}

TEST_F(DeltaFaultsTest, Number10WhatChangesDuringARoundIsInItAfterAll) {
  emulator_->delta().Edit([](DeltaSettings& s) { s.page_size = 1; });
  const std::string link = Latest("users");
  for (int n : {0, 1}) {
    ASSERT_TRUE(tenant().UpdateUser(Twin(n), {.display_name = "D"}).ok());
  }
  const std::string second = Next(Get(link));
  ASSERT_TRUE(tenant().UpdateUser(Twin(2), {.display_name = "D"}).ok());
  EXPECT_FALSE(absl::StrContains(Round(second), Twin(2)));
  Set("10");
  EXPECT_TRUE(absl::StrContains(Round(second), Twin(2)));
}

TEST_F(DeltaFaultsTest, Number12TheInitialRoundTellsWhoHasGone) {
  const std::string soft = Twin(0);
  const std::string gone = Twin(1);
  const std::string sales = GroupId("Sales");
  const std::string former =
      *tenant().AddUser({.user_principal_name = "former@contoso.example"});
  ASSERT_TRUE(tenant().AddMember(sales, former).ok());
  ASSERT_TRUE(tenant().RemoveMember(sales, former).ok());
  ASSERT_TRUE(tenant().DeleteUser(soft).ok());
  ASSERT_TRUE(tenant().DeleteUser(gone).ok());
  ASSERT_TRUE(tenant().PurgeUser(gone).ok());
  const std::string users = "/v1.0/users/delta?$select=id,mail";
  const std::string groups = "/v1.0/groups/delta?$select=id,members";
  EXPECT_FALSE(absl::StrContains(Round(users), "@removed"));
  EXPECT_FALSE(absl::StrContains(Round(groups), "@removed"));
  Set("12");
  const std::string told = Round(users);
  EXPECT_TRUE(absl::StrContains(told, Removed(soft, "changed")));
  EXPECT_TRUE(absl::StrContains(told, Removed(gone, "deleted")));
  EXPECT_TRUE(absl::StrContains(Round(groups), Removed(former, "deleted")));
}

TEST_F(DeltaFaultsTest, Number13NobodyHearsOfADeletion) {
  const std::string users = Latest("users");
  const std::string groups = Latest("groups");
  const std::string user = Twin(0);
  ASSERT_TRUE(tenant().DeleteUser(user).ok());
  ASSERT_TRUE(tenant().PurgeUser(user).ok());
  ASSERT_TRUE(tenant().DeleteGroup("Sales").ok());
  EXPECT_TRUE(absl::StrContains(Round(users), Removed(user, "deleted")));
  EXPECT_TRUE(absl::StrContains(Round(groups), Removed(user, "deleted")));
  Set("13");
  EXPECT_FALSE(absl::StrContains(Round(users), "@removed"));
  EXPECT_FALSE(absl::StrContains(Round(groups), "@removed"));
  EXPECT_EQ(Get("/v1.0/users/" + user).status, 404) << "but gone it is";
}

TEST_F(DeltaFaultsTest, Number14AMemberIsNowhereElse) {
  const auto members = [this] {
    const std::string round = Round("/v1.0/groups/delta?$select=members");
    std::set<std::string> ids;
    for (absl::string_view part : absl::StrSplit(
             round, R"({"@odata.type":"#microsoft.graph.user","id":")")) {
      ids.insert(std::string(part.substr(0, 36)));
    }
    return ids;
  };
  const std::set<std::string> real = members();
  Set("14");
  std::set<std::string> dangling = members();
  for (const std::string& id : real) dangling.erase(id);
  ASSERT_EQ(dangling.size(), 1);
  EXPECT_EQ(Get("/v1.0/users/" + *dangling.begin()).status, 404);
}

TEST_F(DeltaFaultsTest, Number28UnchangedPropertiesComeAlong) {
  const std::string link = Latest("users", "displayName,mail");
  ASSERT_TRUE(tenant().UpdateUser(Twin(0), {.mail = "n@x.example"}).ok());
  EXPECT_FALSE(absl::StrContains(Round(link), "displayName"));
  Set("unchanged_too");
  EXPECT_TRUE(absl::StrContains(Round(link), "displayName"));
}

// Who has gone is told all the same, and the next round goes on from there.
TEST_F(DeltaFaultsTest, Number28AllObjectsOfTheTypeComeAlong) {
  const std::string name = R"("displayName":)";
  for (const std::string collection : {"users", "groups"}) {
    const size_t all =
        CountOf(name, Round(absl::StrCat("/v1.0/", collection,
                                         "/delta?$select=displayName")));
    const std::string link = Latest(collection, "displayName");
    EXPECT_EQ(CountOf(name, Round(link)), 0);
    Set("all_of_type");
    EXPECT_EQ(CountOf(name, Round(link)), all);
    Set("all_of_type", 0);
  }
  const std::string link = Latest("users", "displayName");
  const std::string gone = Twin(0);
  ASSERT_TRUE(tenant().DeleteUser(gone).ok());
  Set("all_of_type");
  Reply reply = Get(link);
  std::string round = reply.body;
  while (!Next(reply).empty()) {
    reply = Get(Next(reply));
    round += reply.body;
  }
  EXPECT_EQ(CountOf(Removed(gone, "changed"), round), 1);
  Set("all_of_type", 0);
  EXPECT_TRUE(Ids(Get(Delta(reply))).empty());
}

TEST_F(DeltaFaultsTest, Number29NamesAreReusedBeforeTheyAreFree) {
  const std::string link = Latest("users", "userPrincipalName");
  const std::string old_id = Twin(0);
  const std::string name = "twin0@contoso.example";
  ASSERT_TRUE(
      tenant()
          .UpdateUser(old_id, {.user_principal_name = "was0@contoso.example"})
          .ok());
  const std::string new_id = *tenant().AddUser({.user_principal_name = name});
  EXPECT_EQ(Ids(Get(link)), (std::vector<std::string>{old_id, new_id}));
  Set("29");
  const Reply reply = Get(link);
  EXPECT_EQ(Ids(reply), (std::vector<std::string>{new_id, old_id}));
  EXPECT_EQ(TestClient::Values(reply.body, "userPrincipalName"),
            (std::vector<std::string>{name, "was0@contoso.example"}));
}

// Every form of section 5.1 of the notes, and one of the test's own.
TEST_F(DeltaFaultsTest, LinksToAnotherHost) {
  const std::string own = emulator_->origin() + "/v1.0/";
  const std::string host = emulator_->origin().substr(8);
  const std::string port = host.substr(host.find(':'));
  const std::string users = "/v1.0/users?$top=5&$select=id";
  EXPECT_TRUE(absl::StartsWith(Next(Get(users)), own));
  Set("foreign_link");
  for (const std::string& origin :
       {std::string("https://evil.test"), "http://" + host,
        std::string("https://localhost.evil.test"),
        "https://evil.test/?https://" + host, "https://" + host + "@evil.test",
        "https://" + host + "\\@evil.test", std::string("//evil.test"),
        std::string("https://evil.test")}) {
    EXPECT_TRUE(absl::StartsWith(Next(Get(users)), origin + "/v1.0/users?"))
        << origin;
  }
  emulator_->faults().Clear();
  emulator_->faults().Add(
      {.kind = FaultKind::kForeignLink, .name = emulator_->control_origin()});
  const std::string to_control = emulator_->control_origin() + "/v1.0/";
  for (const std::string& path :
       {users, std::string("/v1.0/users/delta"),
        std::string("/v1.0/groups/delta?$deltatoken=latest")}) {
    const Reply reply = Get(path);
    EXPECT_TRUE(absl::StartsWith(
        Next(reply).empty() ? Delta(reply) : Next(reply), to_control))
        << path;
  }
  const std::string link = [&] {
    emulator_->faults().Clear();
    return Latest("users");
  }();
  emulator_->ForgetDeltaLinks();
  Set("foreign_link");
  EXPECT_EQ(Get(link).headers.at("location"),
            "https://evil.test/v1.0/users/delta?$deltatoken=");
}

}  // namespace
}  // namespace rollcall::entra
