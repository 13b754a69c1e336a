// How Graph answers query options: section 2.1 of the protocol specification.

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "tests/fakes/entra/graph_fixture.h"

namespace rollcall::entra {
namespace {

using GraphQueryTest = GraphTest;

TEST_F(GraphQueryTest, RefusesWhatTheTableOfFailuresSays) {
  struct Case {
    const char* path;
    const char* code;
    const char* message;
  };
  const Case kCases[] = {
      {"users/$count", "Request_BadRequest",
       "$count is not currently supported."},
      {"users?$search=%22displayName:a%22", "Request_UnsupportedQuery",
       "Request with $search query parameter only works through MSGraph with "
       "a special request header: 'ConsistencyLevel: eventual'"},
      {"users?$filter=endsWith(mail,'a')", "Request_UnsupportedQuery",
       "Unsupported Query."},
      {"users?$filter=deletedDateTime%20eq%20null", "Request_UnsupportedQuery",
       "The request uses a filter property that is not indexed"},
      {"users?$filter=displayName%20=%20'a'", "BadRequest",
       "Invalid filter clause: Syntax error at position 12 in "
       "'displayName = 'a''."},
      {"users?$top=0", "Request_UnsupportedQuery",
       "Invalid page size specified: '0'. Must be between 1 and 999 "
       "inclusive."},
      {"groups?$orderby=mail", "Request_UnsupportedQuery",
       "Sorting not supported for current query."},
      {"users?$orderby=createdDateTime", "Request_UnsupportedQuery",
       "Sorting not supported for current query."},
      {"users?$orderby=displayName&$filter=startswith(mail,'a')",
       "Request_UnsupportedQuery", "Sorting not supported for current query."},
  };
  for (const Case& c : kCases) {
    const Reply reply = client_->Graph(absl::StrCat("/v1.0/", c.path));
    EXPECT_EQ(reply.status, 400) << c.path;
    EXPECT_EQ(Code(reply), c.code) << c.path;
    EXPECT_EQ(Message(reply), c.message) << c.path;
  }
  const Reply elsewhere =
      client_->Graph("/v1.0/users?$select=id,mailboxSettings");
  EXPECT_EQ(elsewhere.status, 501);
  EXPECT_EQ(Code(elsewhere), "NotImplemented");
}

TEST_F(GraphQueryTest, CountsOnTheFirstPageOfAnAdvancedQueryOnly) {
  const std::string path = "/v1.0/users?$count=true&$top=200&$select=id";
  EXPECT_FALSE(absl::StrContains(client_->Graph(path).body, "@odata.count"))
      << "ignored without the header";
  const Reply first = Eventual(path);
  EXPECT_TRUE(absl::StrContains(first.body, "\"@odata.count\":300,"));
  const Reply second =
      Eventual(TestClient::Value(first.body, "@odata.nextLink"));
  EXPECT_EQ(Ids(second).size(), 100);
  EXPECT_FALSE(absl::StrContains(second.body, "@odata.count"));
}

TEST_F(GraphQueryTest, CountsAloneAsText) {
  const Reply all = Eventual("/v1.0/users/$count");
  EXPECT_EQ(all.body, "300");
  EXPECT_EQ(all.headers.at("content-type"), "text/plain");
  const std::string id = Ids(client_->Graph("/v1.0/users?$top=1"))[0];
  EXPECT_EQ(Eventual("/v1.0/users/$count?$filter=id%20eq%20'" + id + "'").body,
            "1");
  const auto members = client_->AllIds(GroupPath("Sales") + "/members");
  EXPECT_EQ(Eventual(GroupPath("Sales") + "/members/$count").body,
            absl::StrCat(members.size()));
  EXPECT_EQ(Eventual("/v1.0/users/" + id + "/$count").status, 400);
}

TEST_F(GraphQueryTest, OrdersByNameOverPagesAndChanges) {
  const auto names = [this](const std::string& path) {
    std::vector<std::string> all;
    for (std::string next = path; !next.empty();) {
      const Reply reply = client_->Graph(next);
      for (auto& name : TestClient::Values(reply.body, "displayName")) {
        all.push_back(std::move(name));
      }
      next = TestClient::Value(reply.body, "@odata.nextLink");
      // Whoever comes before the next page moves nothing of it.
      const std::string upn = emulator_->tenant().UnusedUpn("aaa");
      EXPECT_TRUE(
          emulator_->tenant()
              .AddUser({.user_principal_name = upn, .display_name = "AAA"})
              .ok());
    }
    return all;
  };
  const auto before = [](const std::string& a, const std::string& b) {
    return absl::AsciiStrToLower(a) < absl::AsciiStrToLower(b);
  };
  const auto up = names("/v1.0/users?$ORDERBY=displayName&$top=70");
  EXPECT_EQ(up.size(), 300);
  EXPECT_TRUE(std::is_sorted(up.begin(), up.end(), before));
  auto down = names("/v1.0/users?$orderBy=displayName%20desc&$top=999");
  EXPECT_EQ(down.size(), 305);
  EXPECT_TRUE(std::is_sorted(down.rbegin(), down.rend(), before));
}

TEST_F(GraphQueryTest, AdvancedQueriesFilterAndOrder) {
  const Reply reply = Eventual(
      "/v1.0/groups?$count=true&$orderby=displayName%20desc"
      "&$filter=startswith(displayName,'Engineering')");
  const auto names = TestClient::Values(reply.body, "displayName");
  ASSERT_GE(names.size(), 3);
  EXPECT_EQ(names.back(), "Engineering");
  EXPECT_EQ(Eventual("/v1.0/users?$count=true&$orderby=createdDateTime").status,
            200);
}

TEST_F(GraphQueryTest, OptionsMayComeInAnyOrderAndEncoding) {
  const Reply first = client_->Graph(
      "/v1.0/users?$select=id&$filter=userType%20eq%20'Member'&$top=9");
  const std::string link = TestClient::Value(first.body, "@odata.nextLink");
  const std::string token = link.substr(link.find("$skiptoken=") + 11);
  const Reply second = client_->Graph(
      absl::StrCat("/v1.0/users?$skipToken=", token,
                   "&$TOP=9&$filter=userType%20eq%20%27Member%27&$select=id"));
  EXPECT_EQ(second.status, 200) << second.body;
  EXPECT_EQ(Ids(second).size(), 9);
}

TEST_F(GraphQueryTest, HeadersHaveToBeRepeatedUnlessSwitchedOff) {
  const Reply first =
      Eventual("/v1.0/groups?$search=%22displayName:e%22&$top=1&$select=id");
  const std::string link = TestClient::Value(first.body, "@odata.nextLink");
  EXPECT_EQ(Eventual(link).status, 200);
  EXPECT_EQ(Code(client_->Graph(link)), "Directory_ExpiredPageToken");
  client_->Control("POST", "/settings", R"({"repeat_headers":false})");
  EXPECT_EQ(client_->Graph(link).status, 200);
}

TEST_F(GraphQueryTest, SkipTokensHaveTwoForms) {
  const auto link = [this] {
    return TestClient::Value(client_->Graph("/v1.0/users?$top=9").body,
                             "@odata.nextLink");
  };
  const std::string base64 = link();
  EXPECT_TRUE(absl::StrContains(base64, "$skiptoken=RFNwdAIAAQ")) << base64;
  client_->Control("POST", "/settings", R"({"skip_token_form":"hexadecimal"})");
  const std::string hexadecimal = link();
  EXPECT_TRUE(absl::StrContains(hexadecimal, "$skiptoken=X%2744537074"))
      << hexadecimal;
  EXPECT_EQ(client_->Graph(base64).body, client_->Graph(hexadecimal).body);
  EXPECT_EQ(Code(client_->Graph(
                absl::StrReplaceAll(hexadecimal, {{"4453", "4454"}}))),
            "Directory_ExpiredPageToken");
}

TEST_F(GraphQueryTest, ExpandShowsTwentyMembersAndNoMore) {
  const Reply reply = client_->Graph(GroupPath("Sales") +
                                     "?$select=displayName&$expand=members");
  EXPECT_EQ(Ids(reply).size(), 20);
  EXPECT_FALSE(absl::StrContains(reply.body, "nextLink"));
}

}  // namespace
}  // namespace rollcall::entra
