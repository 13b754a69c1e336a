#include "tests/fakes/entra/graph_delta.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/emulator.h"
#include "tests/fakes/entra/test_client.h"

namespace rollcall::entra {
namespace {

class GraphDeltaTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(emulator_, nullptr);
    Forget();
  }

  // A client without an old token, for after a journey in time.
  void Forget() { client_ = std::make_unique<TestClient>(*emulator_); }

  Tenant& tenant() { return emulator_->tenant(); }
  void Edit(void (*change)(DeltaSettings&)) { emulator_->delta().Edit(change); }

  Reply Get(const std::string& path, std::vector<std::string> headers = {}) {
    return client_->Graph(path, std::move(headers));
  }
  static std::string Next(const Reply& reply) {
    return TestClient::Value(reply.body, "@odata.nextLink");
  }
  static std::string Delta(const Reply& reply) {
    return TestClient::Value(reply.body, "@odata.deltaLink");
  }
  static std::vector<std::string> Ids(const Reply& reply) {
    return TestClient::Values(reply.body, "id");
  }
  static std::string Code(const Reply& reply) {
    return TestClient::Value(reply.body, "code");
  }
  std::string Latest(const std::string& collection) {
    const Reply reply =
        Get("/v1.0/" + collection + "/delta?$deltatoken=latest");
    EXPECT_TRUE(absl::StrContains(reply.body, R"("value":[])"));
    return Delta(reply);
  }

  std::unique_ptr<Emulator> emulator_ = StartForTest();
  std::unique_ptr<TestClient> client_;
};

// RFC 7240: what of the client's wishes was fulfilled.
TEST_F(GraphDeltaTest, APreferenceThatIsAppliedIsSaidToBe) {
  const auto applied = [this](const std::string& link,
                              std::vector<std::string> headers) {
    const Reply reply = Get(link, std::move(headers));
    EXPECT_EQ(reply.status, 200);
    const auto found = reply.headers.find("preference-applied");
    return found == reply.headers.end() ? "" : found->second;
  };
  const std::string link = Latest("users");
  EXPECT_EQ(applied(link, {}), "");
  EXPECT_EQ(applied(link, {"Prefer: return=minimal"}), "return=minimal");
  EXPECT_EQ(applied(link, {"Prefer: odata.track-changes"}),
            "odata.track-changes");
  EXPECT_EQ(applied(link, {"Prefer: odata.maxpagesize=5"}), "");
}

TEST_F(GraphDeltaTest, EveryPageHasOneLinkAndEveryRoundANewOne) {
  Reply reply = Get("/v1.0/users/delta");
  EXPECT_EQ(Ids(reply).size(), 200);
  EXPECT_TRUE(Delta(reply).empty());
  reply = Get(Next(reply));
  EXPECT_EQ(Ids(reply).size(), 100);
  EXPECT_TRUE(Next(reply).empty());
  emulator_->AdvanceTime(absl::Minutes(5));
  const Reply again = Get(Delta(reply));
  EXPECT_TRUE(Ids(again).empty());
  EXPECT_NE(Delta(again), Delta(reply));
}

TEST_F(GraphDeltaTest, OptionsOfTheFirstRequestAreKept) {
  const Reply first = Get("/v1.0/users/delta?$select=mail");
  EXPECT_FALSE(absl::StrContains(Next(first), "select"));
  const Reply second = Get(Next(first));
  EXPECT_FALSE(absl::StrContains(second.body, "displayName"));
  EXPECT_EQ(Code(Get(Next(first) + "&$select=id")), "Request_UnsupportedQuery");
}

TEST_F(GraphDeltaTest, TheSizeOfPagesIsNoBusinessOfTheClient) {
  EXPECT_EQ(Ids(Get("/v1.0/users/delta?$top=7")).size(), 200);
  EXPECT_EQ(Ids(Get("/v1.0/users/delta?$top=5000")).size(), 200);
  EXPECT_EQ(
      Ids(Get("/v1.0/users/delta", {"Prefer: odata.maxpagesize=7"})).size(),
      200);
  Edit([](DeltaSettings& s) { s.page_size = 30; });
  EXPECT_EQ(Ids(Get("/v1.0/users/delta")).size(), 30);
}

TEST_F(GraphDeltaTest, WhatChangesDuringARoundIsNotLost) {
  Edit([](DeltaSettings& s) { s.page_size = 50; });
  Reply reply = Get("/v1.0/users/delta?$select=displayName,mail");
  const std::string changed = Ids(reply)[0];
  std::multiset<std::string> seen;
  std::string added;
  while (true) {
    for (const std::string& id : Ids(reply)) seen.insert(id);
    if (Next(reply).empty()) break;
    added = *tenant().AddUser({.user_principal_name = absl::StrCat(
                                   "new", seen.size(), "@contoso.example")});
    ASSERT_TRUE(
        tenant().UpdateUser(changed, {.mail = added + "@x.example"}).ok());
    reply = Get(Next(reply));
  }
  EXPECT_EQ(seen.size(), 300) << "the round is about its beginning";
  const auto later = Ids(Get(Delta(reply)));
  EXPECT_EQ(later.size(), 6) << "five new users, and one with another mail";
  EXPECT_TRUE(absl::c_linear_search(later, added));
}

TEST_F(GraphDeltaTest, MinimalAnswersTellNullsApart) {
  const std::string link = Delta(
      Get(Next(Get("/v1.0/users/delta?$select=displayName,mail,mobilePhone"))));
  const std::string id = tenant().FindUser("twin0@contoso.example")->id;
  ASSERT_TRUE(tenant().UpdateUser(id, {.mail = ""}).ok());
  const std::vector<std::string> minimal = {"Prefer: return=minimal"};
  EXPECT_TRUE(absl::StrContains(
      Get(link, minimal).body,
      absl::StrCat(R"("value":[{"id":")", id, R"(","mail":null}])")));
  const std::string full = Get(link).body;
  EXPECT_TRUE(absl::StrContains(full, R"("displayName":")")) << full;
  EXPECT_TRUE(absl::StrContains(full, R"("mail":null)")) << full;
}

TEST_F(GraphDeltaTest, FiltersByUpToFiftyIds) {
  const auto filter = [](const std::vector<std::string>& ids) {
    std::string text;
    for (const std::string& id : ids) {
      absl::StrAppend(&text, text.empty() ? "" : " or ", "id eq '", id, "'");
    }
    return "$filter=" + TestClient::Encode(text);
  };
  auto ids = Ids(Get("/v1.0/users?$select=id&$top=51"));
  EXPECT_EQ(Code(Get("/v1.0/users/delta?" + filter(ids))),
            "Request_UnsupportedQuery");
  EXPECT_EQ(Get("/v1.0/users/delta?$deltatoken=latest&" + filter(ids)).status,
            400);
  const std::string left_out = ids.back();
  ids.pop_back();
  EXPECT_EQ(Ids(Get("/v1.0/users/delta?" + filter(ids))).size(), 50);
  const std::string latest =
      Delta(Get("/v1.0/users/delta?$deltatoken=latest&" + filter(ids)));
  for (const std::string& id : {left_out, ids[0]}) {
    ASSERT_TRUE(tenant().UpdateUser(id, {.display_name = "D"}).ok());
  }
  EXPECT_EQ(Ids(Get(latest)), std::vector<std::string>{ids[0]});
  EXPECT_EQ(Get("/v1.0/users/delta?$filter=accountEnabled%20eq%20true").status,
            400);
}

TEST_F(GraphDeltaTest, DeletionAndRestorationStepByStep) {
  std::string link = Latest("users");
  const std::string groups = Latest("groups");
  const std::string id = tenant().FindUser("twin0@contoso.example")->id;
  const auto round = [&] {
    const Reply reply = Get(link);
    link = Delta(reply);
    return reply.body;
  };
  ASSERT_TRUE(tenant().DeleteUser(id).ok());
  EXPECT_TRUE(absl::StrContains(
      round(), absl::StrCat(id, R"(","@removed":{"reason":"changed"}})")));
  EXPECT_TRUE(Ids(Get(groups)).empty()) << "still a member of its groups";
  ASSERT_TRUE(tenant().RestoreUser(id).ok());
  const std::string restored = round();
  EXPECT_TRUE(absl::StrContains(restored, "displayName"));
  EXPECT_FALSE(absl::StrContains(restored, "@removed"));
  ASSERT_TRUE(tenant().DeleteUser(id).ok());
  round();
  emulator_->AdvanceTime(absl::Hours(24 * 31));
  Forget();
  link = Latest("users");  // the other one is too old by now
  EXPECT_EQ(Get("/v1.0/directory/deletedItems/" + id).status, 404);
}

TEST_F(GraphDeltaTest, TheDeletionOfASecurityGroupIsAKnob) {
  const auto reason = [this](const std::string& name) {
    const std::string link = Latest("groups");
    const auto id = tenant().AddGroup(name);
    EXPECT_TRUE(tenant().DeleteGroup(*id).ok());
    return TestClient::Value(Get(link).body, "reason");
  };
  EXPECT_EQ(reason("One"), "changed");
  tenant().SetSecurityGroupSoftDelete(false);
  EXPECT_EQ(reason("Two"), "deleted");
}

TEST_F(GraphDeltaTest, LinksLiveForAWeek) {
  const std::string link = Latest("users");
  emulator_->AdvanceTime(absl::Hours(24 * 7 - 1));
  Forget();
  EXPECT_EQ(Get(link).status, 200);
  emulator_->AdvanceTime(absl::Hours(25));
  Forget();
  const Reply expired = Get(link);
  EXPECT_EQ(expired.status, 400);
  EXPECT_EQ(Code(expired), "syncStateNotFound");
  Edit([](DeltaSettings& s) { s.token_life = absl::Hours(24 * 14); });
  EXPECT_EQ(Get(link).status, 200) << "not sharp";
}

TEST_F(GraphDeltaTest, AForgetfulServerSaysWhereToBegin) {
  const std::string link = Latest("groups");
  emulator_->ForgetDeltaLinks();
  const Reply gone = Get(link);
  EXPECT_EQ(gone.status, 410);
  const std::string location = gone.headers.at("location");
  EXPECT_TRUE(absl::EndsWith(location, "/v1.0/groups/delta?$deltatoken="));
  EXPECT_FALSE(Ids(Get(location)).empty());
}

TEST_F(GraphDeltaTest, LinksAreNotToBeMeddledWith) {
  std::string link = Latest("users");
  EXPECT_EQ(Code(Get("/v1.0/groups/delta" + link.substr(link.find('?')))),
            "syncStateNotFound");
  link[link.size() - 5] = link[link.size() - 5] == 'A' ? 'B' : 'A';
  EXPECT_EQ(Code(Get(link)), "syncStateNotFound");
  EXPECT_EQ(Code(Get("/v1.0/users/delta?$skiptoken=abcd")),
            "Directory_ExpiredPageToken");
}

TEST_F(GraphDeltaTest, ChangesShowAfterTheLag) {
  Edit([](DeltaSettings& s) { s.lag = absl::Minutes(2); });
  const std::string link = Latest("groups");
  const std::string sales = tenant().FindGroup("Sales")->id;
  ASSERT_TRUE(tenant().RenameGroup(sales, "Selling").ok());
  EXPECT_TRUE(Ids(Get(link)).empty());
  emulator_->AdvanceTime(absl::Minutes(3));
  EXPECT_EQ(Ids(Get(link)), std::vector<std::string>{sales});
}

TEST_F(GraphDeltaTest, ReusedNamesComeInOneRound) {
  const std::string link = Latest("users");
  const std::string one = tenant().FindUser("twin0@contoso.example")->id;
  const std::string other = tenant().FindUser("twin1@contoso.example")->id;
  ASSERT_TRUE(tenant().SwapUpns(one, other).ok());
  EXPECT_EQ(tenant().FindUser("twin1@contoso.example")->id, one);
  EXPECT_EQ(tenant().FindUser("TWIN0@contoso.example")->id, other);
  EXPECT_EQ(TestClient::Values(Get(link).body, "userPrincipalName"),
            (std::vector<std::string>{"twin1@contoso.example",
                                      "twin0@contoso.example"}));
}

}  // namespace
}  // namespace rollcall::entra
