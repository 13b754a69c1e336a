// Every fault of the catalogue happens, and looks as documented. Those of one
// page of a delta round are in delta_page_test.cc, those of notifications in
// notifier_test.cc.

#include "tests/fakes/entra/faults.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/entra/emulator.h"
#include "tests/fakes/entra/fault_catalogue.h"
#include "tests/fakes/entra/test_client.h"

namespace rollcall::entra {
namespace {

TEST(FaultCatalogue, HasAllThirtyInTheOrderOfTheirKinds) {
  std::set<int> numbers;
  for (size_t i = 0; i < FaultCatalogue().size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(FaultCatalogue()[i].kind), i);
    numbers.insert(FaultCatalogue()[i].number);
  }
  EXPECT_EQ(FaultCatalogue().size(), static_cast<size_t>(FaultKind::kCount));
  for (int number = 1; number <= 30; ++number) {
    EXPECT_TRUE(numbers.contains(number)) << number;
  }
}

size_t CountOf(absl::string_view what, absl::string_view text) {
  return std::vector<std::string>(absl::StrSplit(text, what)).size() - 1;
}

std::string Draws(Faults& faults, const std::string& path, int count) {
  std::string draws;
  for (int i = 0; i < count; ++i) {
    draws += faults.Strike(FaultKind::kCut, path) ? '1' : '0';
  }
  return draws;
}

TEST(Faults, DependOnSeedAndRequestAndNotOnOthers) {
  Faults one(7);
  Faults other(7);
  Faults stranger(8);
  for (Faults* faults : {&one, &other, &stranger}) {
    ASSERT_TRUE(faults->Set("cut", 0.5).ok());
  }
  const std::string draws = Draws(one, "/users", 64);
  Draws(other, "/groups", 5);  // as another thread might
  EXPECT_EQ(Draws(other, "/users", 64), draws);
  EXPECT_NE(Draws(stranger, "/users", 64), draws);
  EXPECT_TRUE(absl::StrContains(draws, "1") && absl::StrContains(draws, "0"));
  one.Reseed(7);
  EXPECT_EQ(Draws(one, "/users", 64), draws);
}

TEST(Faults, TokensOfLinksDoNotMatter) {
  Faults one(7);
  Faults other(7);
  ASSERT_TRUE(one.Set("cut", 0.5).ok());
  ASSERT_TRUE(other.Set("cut", 0.5).ok());
  EXPECT_EQ(Draws(one, "/users/delta?$skiptoken=abc&x=1", 32),
            Draws(other, "/users/delta?$skiptoken=xyz&x=1", 32));
}

TEST(Faults, AreSetByNumberOrName) {
  Faults faults(1);
  EXPECT_FALSE(faults.Set("31", 1).ok());
  EXPECT_FALSE(faults.Set("plague", 1).ok());
  EXPECT_FALSE(faults.Set("1", 1.5).ok());
  ASSERT_TRUE(faults.Set("16", 1).ok());
  EXPECT_TRUE(faults.Strike(FaultKind::kDeltaExpired, "/x"));
  EXPECT_TRUE(faults.Strike(FaultKind::kDeltaGone, "/x"));
  ASSERT_TRUE(faults.Set("delta_gone", 0).ok());
  EXPECT_FALSE(faults.Strike(FaultKind::kDeltaGone, "/x"));
  ASSERT_TRUE(faults.Set("16", 0).ok());
  EXPECT_TRUE(faults.empty());
}

// The answers of an emulator with faults.
class FaultsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(emulator_, nullptr);
    client_ = std::make_unique<TestClient>(*emulator_);
    client_->Token();
  }

  void Set(absl::string_view fault, double probability = 1) {
    ASSERT_TRUE(emulator_->faults().Set(fault, probability).ok());
  }
  Reply Get(const std::string& path, std::vector<std::string> headers = {}) {
    return client_->Graph(path, std::move(headers));
  }
  static std::string Code(const Reply& reply) {
    return TestClient::Value(reply.body, "code");
  }
  static std::string Next(const Reply& reply) {
    return TestClient::Value(reply.body, "@odata.nextLink");
  }
  static std::vector<std::string> Ids(const Reply& reply) {
    return TestClient::Values(reply.body, "id");
  }

  const std::string kUsers = "/v1.0/users?$top=10&$select=id";
  const std::string kDelta = "/v1.0/users/delta?$select=id,mail";
  std::unique_ptr<Emulator> emulator_ = StartForTest();
  std::unique_ptr<TestClient> client_;
};

TEST_F(FaultsTest, Number1EmptyPagesEndSometime) {
  Set("1");
  for (const std::string& path : {kUsers, kDelta}) {
    Reply reply = Get(path);
    int empty = 0;
    for (; Ids(reply).empty() && empty < 10; ++empty) reply = Get(Next(reply));
    EXPECT_EQ(empty, 3) << path;
  }
}

TEST_F(FaultsTest, Number2ObjectsComeTwice) {
  emulator_->delta().Edit([](DeltaSettings& s) { s.page_size = 50; });
  Set("2");
  const auto all = client_->AllIds(kDelta);
  EXPECT_GT(all.size(), 300u + 6 * 3);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 300);
}

TEST_F(FaultsTest, Number3NextLinksLoop) {
  const Reply first = Get(kDelta);
  Set("3");
  const std::string link = Next(first);
  emulator_->delta().Edit([](DeltaSettings& s) { s.page_size = 10; });
  EXPECT_EQ(Ids(Get(link)), Ids(Get(Next(Get(link)))));
}

TEST_F(FaultsTest, Number4And5PageTokensAreRefused) {
  for (const std::string& path : {kUsers, kDelta}) {
    const std::string link = Next(Get(path));
    Set("4");
    EXPECT_EQ(Code(Get(link)), "Directory_ExpiredPageToken");
    Set("4", 0);
  }
  emulator_->delta().Edit([](DeltaSettings& s) { s.page_size = 10; });
  const std::string link = Next(Get(kDelta));
  Set("5");
  EXPECT_EQ(Get(Next(Get(link))).status, 200);
  const Reply refused = Get(Next(Get(link)));  // asked a second time
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(Code(refused), "DirectoryPageTokenNotFoundException");
}

TEST_F(FaultsTest, Number6To8GatewaysFail) {
  const std::string link = Next(Get(kDelta));
  Set("6");
  const Reply lost = Get(link);
  EXPECT_EQ(lost.status, 404);
  EXPECT_EQ(Code(lost), "UnknownError");
  EXPECT_EQ(TestClient::Value(lost.body, "message"), "");
  EXPECT_EQ(Get(kDelta).status, 200);
  Set("7");
  const Reply data = Get("/v1.0/groups/delta");
  EXPECT_EQ(data.status, 400);
  EXPECT_FALSE(Ids(data).empty());
  Set("8");
  EXPECT_EQ(Get(kUsers).status, 504);
  const Reply second = Get(kUsers);
  EXPECT_EQ(second.status, 500);
  EXPECT_EQ(Code(second), "UnknownError");
}

TEST_F(FaultsTest, Number9ChangesShowLate) {
  const Reply latest = Get("/v1.0/users/delta?$deltatoken=latest");
  const std::string link = TestClient::Value(latest.body, "@odata.deltaLink");
  Set("9");
  const auto id =
      emulator_->tenant().AddUser({.user_principal_name = "new@x.example"});
  EXPECT_EQ(Get("/v1.0/users/" + *id).status, 404);
  EXPECT_TRUE(Ids(Get(link)).empty());
  emulator_->AdvanceTime(absl::Minutes(16));
  EXPECT_EQ(Get("/v1.0/users/" + *id).status, 200);
  EXPECT_EQ(Ids(Get(link)), std::vector<std::string>{*id});
}

TEST_F(FaultsTest, Number11ReplaysAndUnknownRemovals) {
  const std::string latest = TestClient::Value(
      Get("/v1.0/users/delta?$deltatoken=latest").body, "@odata.deltaLink");
  ASSERT_TRUE(emulator_->tenant()
                  .UpdateUser("twin0@contoso.example", {.display_name = "T"})
                  .ok());
  const Reply told = Get(latest);
  const std::string next = TestClient::Value(told.body, "@odata.deltaLink");
  EXPECT_TRUE(Ids(Get(next)).empty());
  Set("replay");
  EXPECT_EQ(Ids(Get(next)), Ids(told));
  Set("replay", 0);
  Set("unknown_removed");
  EXPECT_TRUE(absl::StrContains(Get(next).body, R"("@removed")"));
}

TEST_F(FaultsTest, Number15MembersAreLimited) {
  const std::string path =
      absl::StrCat("/v1.0/groups/", emulator_->tenant().FindGroup("Sales")->id,
                   "/members?$top=5");
  EXPECT_FALSE(TestClient::Values(Get(path).body, "displayName").empty());
  Set("15");
  const Reply limited = Get(path);
  EXPECT_EQ(limited.status, 200);
  EXPECT_EQ(Ids(limited).size(), 5);
  EXPECT_TRUE(absl::StrContains(limited.body, R"("displayName":null)"));
  EXPECT_TRUE(TestClient::Values(limited.body, "displayName").empty());
}

TEST_F(FaultsTest, Number16DeltaLinksDie) {
  const std::string link = TestClient::Value(
      Get("/v1.0/users/delta?$deltatoken=latest").body, "@odata.deltaLink");
  Set("delta_expired");
  EXPECT_EQ(Code(Get(link)), "syncStateNotFound");
  Set("delta_gone");
  EXPECT_EQ(Get(link).status, 410);
}

TEST_F(FaultsTest, Number17ThrottlesInEveryForm) {
  Set("17");
  const Reply none = Get(kUsers);
  EXPECT_EQ(none.status, 429);
  EXPECT_EQ(Code(none), "TooManyRequests");
  EXPECT_FALSE(none.headers.contains("retry-after"));
  EXPECT_EQ(Get(kUsers).headers.at("retry-after"), "0.25");
  EXPECT_EQ(Get(kUsers).headers.at("retry-after"), "1");
  EXPECT_TRUE(absl::EndsWith(Get(kUsers).headers.at("retry-after"), "GMT"));
}

TEST_F(FaultsTest, Number18ItemsOfABatchAreThrottled) {
  Set("batch_throttled");
  const Reply reply = client_->PostGraph(
      "/v1.0/$batch",
      R"({"requests":[{"id":"1","method":"GET","url":"/users?$top=1"}]})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(absl::StrContains(reply.body, R"("status":429)")) << reply.body;
  EXPECT_EQ(Get(kUsers).status, 200) << "items only";
}

TEST_F(FaultsTest, Number18OnlyTheFirstItemsOfABatchAreAnswered) {
  Set("batch_limit");
  std::string requests;
  for (int i = 0; i < 20; ++i) {
    absl::StrAppend(&requests, i == 0 ? "" : ",", R"({"id":")", i,
                    R"(","method":"GET","url":"/users?$top=1"})");
  }
  const Reply reply = client_->PostGraph(
      "/v1.0/$batch", absl::StrCat(R"({"requests":[)", requests, "]}"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(CountOf(R"("status":200)", reply.body), 4);
  EXPECT_EQ(CountOf(R"("status":429)", reply.body), 16);
}

TEST_F(FaultsTest, Number18AnItemOfABatchHasNoAnswer) {
  emulator_->faults().Add(
      {.kind = FaultKind::kBatchItemLost, .path = "/v1.0/groups"});
  const Reply reply = client_->PostGraph(
      "/v1.0/$batch",
      R"({"requests":[{"id":"a","method":"GET","url":"/users?$top=1"},)"
      R"({"id":"b","method":"GET","url":"/groups?$top=1"},)"
      R"({"id":"c","method":"GET","url":"/users?$top=1","dependsOn":["b"]}]})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(absl::StrContains(reply.body, R"("id":"a")"));
  EXPECT_FALSE(absl::StrContains(reply.body, R"("id":"b")")) << reply.body;
  EXPECT_TRUE(absl::StrContains(reply.body, R"("status":424)")) << reply.body;
}

TEST_F(FaultsTest, Number19TheIndexLags) {
  const std::string path = "/v1.0/users?$count=true&$top=50&$select=id";
  const std::vector<std::string> eventual = {"ConsistencyLevel: eventual"};
  EXPECT_EQ(Ids(Get(path, eventual)).size(), 50);
  Set("19");
  const Reply one = Get(path, eventual);
  const Reply other = Get(path, eventual);
  EXPECT_LT(Ids(one).size(), 50);
  EXPECT_NE(Ids(one), Ids(other));
  EXPECT_FALSE(absl::StrContains(one.body, R"("@odata.count":300)"));
  EXPECT_EQ(Ids(Get("/v1.0/users?$top=50&$select=id")).size(), 50);
}

TEST_F(FaultsTest, Number20HiddenMembersSeemToBeNone) {
  ASSERT_TRUE(emulator_->tenant().SetHiddenMembership("Sales", true).ok());
  const std::string path = absl::StrCat(
      "/v1.0/groups/", emulator_->tenant().FindGroup("Sales")->id, "/members");
  EXPECT_FALSE(Ids(Get(path)).empty());
  Set("20");
  const Reply hidden = Get(path);
  EXPECT_EQ(hidden.status, 200);
  EXPECT_TRUE(Ids(hidden).empty());
}

TEST_F(FaultsTest, Number21To23And28) {
  Set("21");
  EXPECT_EQ(Get("/v1.0/users?$top=120").status, 200);
  EXPECT_EQ(Code(Get("/v1.0/users?$top=121")), "Request_UnsupportedQuery");
  Set("22");
  EXPECT_TRUE(absl::StrContains(Get(kUsers).body, "#directoryObjects"));
  EXPECT_TRUE(absl::StrContains(Get(kDelta).body, "#directoryObjects"));
  const std::string filtered =
      "/v1.0/users?$top=10&$filter=userPrincipalName%20eq%20'x'";
  EXPECT_TRUE(Ids(Get(filtered)).empty());
  Set("23");
  EXPECT_EQ(Ids(Get(filtered)).size(), 10);
}

TEST_F(FaultsTest, Number25ConsentSettles) {
  Set("25");
  const Reply first = Get(kUsers);
  EXPECT_EQ(first.status, 401);
  EXPECT_EQ(Code(first), "Authorization_IdentityNotFound");
  const Reply second = Get(kUsers);
  EXPECT_EQ(second.status, 403);
  EXPECT_EQ(Code(second), "Authorization_RequestDenied");
}

TEST_F(FaultsTest, Number26TheTokenEndpointIsInTrouble) {
  Set("26");
  const Reply page = client_->RequestToken("client_id=x");
  EXPECT_EQ(page.status, 503);
  EXPECT_TRUE(absl::StrContains(page.body, "<html>"));
  EXPECT_TRUE(
      absl::StrContains(client_->RequestToken("client_id=x").body, "90033"));
  EXPECT_TRUE(
      absl::StrContains(client_->RequestToken("client_id=x").body, "90006"));
}

TEST_F(FaultsTest, Number30ConnectionsBreak) {
  for (const char* fault : {"cut", "truncate", "bad_gzip"}) {
    Set(fault);
    EXPECT_EQ(Get("/v1.0/users?$top=100").status, 0) << fault;
    Set(fault, 0);
  }
}

}  // namespace
}  // namespace rollcall::entra
