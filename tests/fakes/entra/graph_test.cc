#include "tests/fakes/entra/graph.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "tests/fakes/entra/fault_catalogue.h"
#include "tests/fakes/entra/graph_fixture.h"

namespace rollcall::entra {
namespace {

TEST_F(GraphTest, NamesTheOrganization) {
  const Reply reply = client_->Graph("/v1.0/organization");
  EXPECT_EQ(TestClient::Value(reply.body, "id"), emulator_->tenant_id());
  EXPECT_EQ(TestClient::Value(reply.body, "displayName"),
            emulator_->organization_name());
}

TEST_F(GraphTest, RefusesBadTokens) {
  for (const std::string header :
       {"X: y", "Authorization: Bearer ", "Authorization: Bearer a.b.c",
        "Authorization: Basic eA=="}) {
    const Reply reply = client_->Get("/v1.0/users", {header});
    EXPECT_EQ(reply.status, 401) << header;
    EXPECT_EQ(Code(reply), "InvalidAuthenticationToken");
    EXPECT_TRUE(absl::StrContains(reply.headers.at("www-authenticate"),
                                  "authorization_uri="));
  }
}

TEST_F(GraphTest, AnswersLikeGraph) {
  const Reply reply =
      client_->Graph("/v1.0/users?$top=2", {"client-request-id: my-id"});
  EXPECT_EQ(reply.headers.at("client-request-id"), "my-id");
  EXPECT_EQ(reply.headers.at("request-id").size(), 36);
  EXPECT_EQ(reply.headers.at("x-ms-resource-unit"), "1");
  EXPECT_TRUE(absl::StartsWith(reply.headers.at("content-type"),
                               "application/json;odata.metadata=minimal"));
  const Reply missing = client_->Graph("/v1.0/users/nobody@contoso.example");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(Code(missing), "Request_ResourceNotFound");
  EXPECT_EQ(TestClient::Value(missing.body, "request-id"),
            missing.headers.at("request-id"));
}

TEST_F(GraphTest, ListsEveryUserOnce) {
  for (const char* top : {"1", "7", "100", "999"}) {
    const auto ids =
        client_->AllIds(absl::StrCat("/v1.0/users?$select=id&$top=", top));
    EXPECT_EQ(ids.size(), 300);
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 300);
  }
}

TEST_F(GraphTest, ChangesBetweenPagesHideNobody) {
  const Reply first = client_->Graph("/v1.0/users?$select=id&$top=100");
  const auto seen = TestClient::Values(first.body, "id");
  ASSERT_TRUE(emulator_->tenant().DeleteUser(seen[3]).ok());
  ASSERT_TRUE(emulator_->tenant()
                  .AddUser({.user_principal_name = "new@contoso.example"})
                  .ok());
  const auto rest =
      client_->AllIds(TestClient::Value(first.body, "@odata.nextLink"));
  EXPECT_EQ(rest.size(), 201) << "the other 200, and the new one";
}

TEST_F(GraphTest, ChecksPageSizes) {
  EXPECT_EQ(TestClient::Values(client_->Graph("/v1.0/users").body, "id").size(),
            100);
  const Reply reply = client_->Graph("/v1.0/users?$top=1000");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(Code(reply), "Request_UnsupportedQuery");
  EXPECT_EQ(TestClient::Value(reply.body, "message"),
            "Invalid page size specified: '1000'. Must be between 1 and 999 "
            "inclusive.");
}

TEST_F(GraphTest, ASkipTokenIsGoodForItsListOnly) {
  const Reply first = client_->Graph("/v1.0/users?$top=1");
  std::string link = TestClient::Value(first.body, "@odata.nextLink");
  EXPECT_EQ(client_->Graph(link).status, 200);
  EXPECT_EQ(Code(client_->Graph(link, {"ConsistencyLevel: eventual"})),
            "Directory_ExpiredPageToken");
  link.replace(link.find("$top=1"), 6, "$top=2");
  EXPECT_EQ(Code(client_->Graph(link)), "Directory_ExpiredPageToken");
  EXPECT_EQ(Code(client_->Graph("/v1.0/users?$top=1&$skiptoken=abcd")),
            "Directory_ExpiredPageToken");
}

TEST_F(GraphTest, SelectsProperties) {
  const Reply reply =
      client_->Graph("/v1.0/users?$select=ACCOUNTENABLED,mail&$top=1");
  EXPECT_TRUE(absl::StrContains(reply.body, "\"accountEnabled\":"));
  EXPECT_FALSE(absl::StrContains(reply.body, "\"id\":"));
  EXPECT_EQ(client_->Graph("/v1.0/users?$select=shoeSize").status, 400);
}

TEST_F(GraphTest, FindsAUserByEveryNameOfIt) {
  Tenant& tenant = emulator_->tenant();
  const auto id =
      tenant.AddUser({.user_principal_name = "o'brien@contoso.example"});
  const auto guest = tenant.AddUser(
      {.user_principal_name = "ada_x.example#EXT#@contoso.onmicrosoft.com"});
  const auto dollar =
      tenant.AddUser({.user_principal_name = "$x@contoso.example"});
  ASSERT_TRUE(id.ok() && guest.ok() && dollar.ok());
  const auto find = [this](const std::string& path) {
    return TestClient::Value(client_->Graph("/v1.0/users" + path).body, "id");
  };
  EXPECT_EQ(find("/" + *id), *id);
  EXPECT_EQ(find("/o'brien@contoso.example"), *id);
  EXPECT_EQ(find("/O'BRIEN%40contoso.example"), *id);
  EXPECT_EQ(find("('o''brien@contoso.example')"), *id);
  EXPECT_EQ(
      find("?$filter=userPrincipalName%20eq%20'o''brien@contoso.example'"),
      *id);
  EXPECT_EQ(find("/ada_x.example%23EXT%23@contoso.onmicrosoft.com"), *guest);
  EXPECT_EQ(find("('$x@contoso.example')"), *dollar);
  EXPECT_EQ(client_->Graph("/v1.0/users/$x@contoso.example").status, 400);
}

TEST_F(GraphTest, SearchNeedsTheHeader) {
  const std::string path = "/v1.0/groups?$search=%22displayName:eng%22";
  EXPECT_EQ(Code(client_->Graph(path)), "Request_UnsupportedQuery");
  const Reply reply =
      client_->Graph(path + "&$count=true", {"ConsistencyLevel: eventual"});
  EXPECT_GE(TestClient::Values(reply.body, "displayName").size(), 4);
  EXPECT_TRUE(absl::StrContains(reply.body, "\"@odata.count\":"));
}

TEST_F(GraphTest, MembersSayWhatTheyAre) {
  const Reply reply =
      client_->Graph(GroupPath("Engineering") + "/members?$select=id&$top=999");
  EXPECT_TRUE(absl::StrContains(reply.body, "#microsoft.graph.user"));
  EXPECT_TRUE(absl::StrContains(reply.body, "#microsoft.graph.group"));
  const Reply cast = client_->Graph(GroupPath("Engineering") +
                                    "/members/microsoft.graph.user?$top=999");
  EXPECT_FALSE(absl::StrContains(cast.body, "@odata.type"));
}

TEST_F(GraphTest, TransitiveMembersAreTheExpectedUsers) {
  const auto ids = client_->AllIds(
      GroupPath("Engineering") +
      "/transitiveMembers/microsoft.graph.user?$select=id&$top=50");
  const std::set<std::string> distinct(ids.begin(), ids.end());
  EXPECT_EQ(distinct.size(), ids.size());
  const Reply expected =
      client_->Control("GET", "/expected?group=Engineering&view=full");
  std::set<std::string> truth;
  for (const auto& id : TestClient::Values(expected.body, "id")) {
    truth.insert(id);
  }
  EXPECT_EQ(distinct, truth);
}

TEST_F(GraphTest, HiddenMembershipLooksEmptyWithoutPermission) {
  ASSERT_TRUE(emulator_->tenant().SetHiddenMembership("Sales", true).ok());
  const std::string path = GroupPath("Sales") + "/members?$select=id";
  EXPECT_FALSE(TestClient::Values(client_->Graph(path).body, "id").empty());
  emulator_->faults().Add(
      {.kind = FaultKind::kMissingPermission, .name = "Member.Read.Hidden"});
  const Reply hidden = client_->Graph(path);
  EXPECT_EQ(hidden.status, 200);
  EXPECT_TRUE(TestClient::Values(hidden.body, "id").empty());
}

TEST_F(GraphTest, AMissingPermissionLimitsWhatMembersShow) {
  emulator_->faults().Add(
      {.kind = FaultKind::kMissingPermission, .name = "User.Read.All"});
  EXPECT_EQ(client_->Graph("/v1.0/users").status, 403);
  const Reply members =
      client_->Graph(GroupPath("Sales") + "/members?$select=id,mail");
  EXPECT_TRUE(absl::StrContains(members.body, "\"mail\":null"));
  EXPECT_FALSE(absl::StrContains(members.body, "\"mail\":\""));
}

TEST_F(GraphTest, GetByIdsLeavesOutWhatIsNotThere) {
  const auto ids = client_->AllIds("/v1.0/users?$select=id");
  ASSERT_TRUE(emulator_->tenant().DeleteUser(ids[0]).ok());
  const Reply reply = client_->PostGraph(
      "/v1.0/directoryObjects/getByIds?$select=id,displayName",
      absl::StrCat(R"({"types":["User"],"ids":[")", ids[0], R"(",")", ids[1],
                   R"(","11111111-1111-4111-8111-111111111111"]})"));
  EXPECT_EQ(TestClient::Values(reply.body, "id"),
            std::vector<std::string>{ids[1]});
  EXPECT_EQ(reply.headers.at("x-ms-resource-unit"), "2");

  const std::vector<std::string> many(1001, "\"" + ids[1] + "\"");
  const Reply refused = client_->PostGraph(
      "/v1.0/directoryObjects/getByIds",
      absl::StrCat("{\"ids\":[", absl::StrJoin(many, ","), "]}"));
  EXPECT_EQ(TestClient::Value(refused.body, "message"),
            "Number of included identifiers cannot exceed '1000'.");
}

TEST_F(GraphTest, GetByIdsMayAnswerInPages) {
  std::vector<std::string> ids = client_->AllIds("/v1.0/users?$select=id");
  const std::vector<std::string> groups =
      client_->AllIds("/v1.0/groups?$select=id");
  ids.insert(ids.end(), groups.begin(), groups.end());
  client_->Control("POST", "/settings", R"({"get_by_ids_page_size":150})");
  const std::string path = "/v1.0/directoryObjects/getByIds?$select=id";
  Reply reply = client_->PostGraph(
      path, absl::StrCat("{\"ids\":[\"", absl::StrJoin(ids, "\",\""), "\"]}"));
  std::vector<std::string> seen;
  int pages = 0;
  while (true) {
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_FALSE(absl::StrContains(reply.body, "displayName"));
    for (std::string& id : Ids(reply)) seen.push_back(std::move(id));
    ++pages;
    const std::string next = TestClient::Value(reply.body, "@odata.nextLink");
    if (next.empty()) break;
    reply = client_->Graph(next);
  }
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()),
            std::set<std::string>(ids.begin(), ids.end()));
  EXPECT_EQ(seen.size(), ids.size());
  EXPECT_EQ(Code(client_->Graph(path + "&$skiptoken=abcd")),
            "Directory_ExpiredPageToken");
  EXPECT_EQ(client_->Graph(path).status, 405);
}

TEST_F(GraphTest, FaultsStrikeAsTold) {
  Faults& faults = emulator_->faults();
  faults.Add({.kind = FaultKind::kStatus,
              .after = 1,
              .times = 1,
              .path = "/groups",
              .status = 429,
              .retry_after = "0.25"});
  EXPECT_EQ(client_->Graph("/v1.0/users").status, 200);
  EXPECT_EQ(client_->Graph("/v1.0/groups").status, 200);
  const Reply throttled = client_->Graph("/v1.0/groups");
  EXPECT_EQ(throttled.status, 429);
  EXPECT_EQ(throttled.headers.at("retry-after"), "0.25");
  EXPECT_EQ(client_->Graph("/v1.0/groups").status, 200);

  for (const FaultKind kind :
       {FaultKind::kCut, FaultKind::kTruncate, FaultKind::kBadGzip}) {
    // libcurl tries again when a connection that it has used before breaks.
    faults.Add({.kind = kind, .times = kind == FaultKind::kCut ? 2 : 1});
    EXPECT_EQ(client_->Graph("/v1.0/users").status, 0) << FaultName(kind);
    EXPECT_EQ(client_->Graph("/v1.0/users").status, 200);
  }

  faults.Add({.kind = FaultKind::kGroupNotFound, .name = "Sales"});
  EXPECT_EQ(client_->Graph(GroupPath("Sales") + "/members").status, 404);
  EXPECT_EQ(client_->Graph(GroupPath("Finance") + "/members").status, 200);
}

TEST_F(GraphTest, PagingFaultsStillShowEveryone) {
  Faults& faults = emulator_->faults();
  faults.Add({.kind = FaultKind::kEmptyPage, .after = 1, .times = 3});
  faults.Add({.kind = FaultKind::kDuplicates, .times = 1});
  const auto ids = client_->AllIds("/v1.0/users?$select=id&$top=100");
  EXPECT_EQ(ids.size(), 303);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 300);

  faults.Clear();
  faults.Add({.kind = FaultKind::kNextLinkLoop, .after = 1, .times = 1});
  const auto link = [this](const std::string& url) {
    return TestClient::Value(client_->Graph(url).body, "@odata.nextLink");
  };
  const std::string second = link("/v1.0/users?$top=100");
  EXPECT_EQ(link(second), second);
}

}  // namespace
}  // namespace rollcall::entra
