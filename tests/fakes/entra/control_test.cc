#include "tests/fakes/entra/control.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/emulator.h"
#include "tests/fakes/entra/test_client.h"

namespace rollcall::entra {
namespace {

class ControlTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(emulator_, nullptr);
    client_ = std::make_unique<TestClient>(*emulator_);
  }

  std::string Do(const std::string& method, const std::string& path,
                 const std::string& body = "") {
    const Reply reply = client_->Control(method, path, body);
    EXPECT_EQ(reply.status, 200) << path << ": " << reply.body;
    return reply.body;
  }

  // The delta link after all pages from `path` on; `seen_` is the last one.
  std::string DeltaLink(std::string path) {
    while (true) {
      const Reply reply = client_->Graph(path);
      EXPECT_EQ(reply.status, 200) << reply.body;
      seen_ = reply.body;
      path = TestClient::Value(reply.body, "@odata.nextLink");
      if (path.empty()) {
        return TestClient::Value(reply.body, "@odata.deltaLink");
      }
    }
  }

  std::unique_ptr<Emulator> emulator_ = StartForTest();
  std::unique_ptr<TestClient> client_;
  std::string seen_;
};

TEST_F(ControlTest, TellsTheTruth) {
  const std::string truth = Do(
      "GET",
      "/expected?group=Engineering&group=Sales&group=Operations&group=Finance"
      "&group=Support");
  EXPECT_TRUE(absl::StartsWith(truth, R"({"users":300,"groups":5,)")) << truth;
  EXPECT_EQ(client_->Control("GET", "/expected?group=None").status, 404);
}

TEST_F(ControlTest, AUserLivesAndDies) {
  const std::string id = TestClient::Value(
      Do("POST", "/users",
         R"({"userPrincipalName":"ada@contoso.example","mail":"a@x.example"})"),
      "id");
  const std::string path = "/v1.0/users/" + id;
  EXPECT_EQ(TestClient::Value(client_->Graph(path).body, "mail"),
            "a@x.example");
  Do("PATCH", "/users/ada@contoso.example",
     R"({"userPrincipalName":"ada.l@contoso.example","mail":null})");
  EXPECT_EQ(TestClient::Value(client_->Graph(path).body, "userPrincipalName"),
            "ada.l@contoso.example");
  Do("POST", "/users/" + id + "/disable");
  EXPECT_TRUE(absl::StrContains(
      client_->Graph(path + "?$select=accountEnabled").body, "false"));
  Do("POST", "/users/" + id + "/delete");
  EXPECT_EQ(client_->Graph(path).status, 404);
  Do("POST", "/users/" + id + "/restore");
  EXPECT_EQ(client_->Graph(path).status, 200);
  Do("POST", "/users/" + id + "/purge");
  EXPECT_EQ(client_->Control("POST", "/users/" + id + "/restore").status, 404);
}

TEST_F(ControlTest, RefusesWhatEntraRefuses) {
  const auto status = [this](const char* method, const char* path,
                             const char* body) {
    return client_->Control(method, path, body).status;
  };
  const char kTwin[] = R"({"userPrincipalName":"TWIN0@contoso.example"})";
  EXPECT_EQ(status("POST", "/users", kTwin), 409);
  EXPECT_EQ(status("POST", "/users", R"({"userPrincipalName":"nobody"})"), 400);
  EXPECT_EQ(status("POST", "/users", R"({"shoeSize":42})"), 400);
  EXPECT_EQ(status("POST", "/users", "{"), 400);
  EXPECT_EQ(status("PATCH", "/users/twin1@contoso.example", kTwin), 409);
  EXPECT_EQ(status("POST", "/users/nobody@x.example/disable", ""), 404);
  EXPECT_EQ(status("POST", "/groups/Sales/members", R"({"member":"x"})"), 404);
  EXPECT_EQ(status("POST", "/faults", R"({"kind":"plague"})"), 400);
  EXPECT_EQ(status("GET", "/nonsense", ""), 405);
}

TEST_F(ControlTest, NestsAndUnnestsGroups) {
  Do("POST", "/groups", R"({"displayName":"New & Shiny"})");
  const auto users = [this](const char* group) {
    return TestClient::Values(
               Do("GET", absl::StrCat("/expected?view=full&group=", group)),
               "id")
        .size();
  };
  EXPECT_EQ(users("New%20%26%20Shiny"), 0);
  Do("POST", "/groups/New%20%26%20Shiny/members", R"({"member":"Sales"})");
  EXPECT_EQ(users("New%20%26%20Shiny"), users("Sales"));
  Do("DELETE", "/groups/New%20%26%20Shiny/members/Sales");
  EXPECT_EQ(users("New%20%26%20Shiny"), 0);
}

TEST_F(ControlTest, ADeltaRoundTellsOnlyWhatIsNew) {
  const std::string latest = DeltaLink("/v1.0/users/delta?$deltatoken=latest");
  std::string link = DeltaLink(latest);
  EXPECT_TRUE(absl::StrContains(seen_, "\"value\":[]"));
  Do("POST", "/users/twin2@contoso.example/disable");
  const std::string id =
      emulator_->tenant().FindUser("twin2@contoso.example")->id;
  DeltaLink(link);
  EXPECT_TRUE(absl::StrContains(seen_, "\"value\":[]"))
      << "accountEnabled was not selected";
  Do("PATCH", "/users/" + id, R"({"displayName":"Two"})");
  link = DeltaLink(link);
  EXPECT_EQ(TestClient::Values(seen_, "id"), std::vector<std::string>{id});
  DeltaLink(link);
  EXPECT_TRUE(absl::StrContains(seen_, "\"value\":[]"));
}

TEST_F(ControlTest, DeltaLinksExpire) {
  const std::string link = DeltaLink("/v1.0/groups/delta?$deltatoken=latest");
  Do("POST", "/faults", R"({"kind":"delta_expired","times":1})");
  const Reply expired = client_->Graph(link);
  EXPECT_EQ(expired.status, 400);
  EXPECT_EQ(TestClient::Value(expired.body, "code"), "syncStateNotFound");
  EXPECT_EQ(client_->Graph(link).status, 200);
  Do("POST", "/settings", R"({"forget_delta_links":true})");
  const Reply gone = client_->Graph(link);
  EXPECT_EQ(gone.status, 410);
  EXPECT_TRUE(absl::EndsWith(gone.headers.at("location"), "$deltatoken="));
}

TEST_F(ControlTest, FaultsComeAndGo) {
  const std::string number =
      Do("POST", "/faults", R"({"kind":"status","status":503})");
  EXPECT_EQ(number, R"({"number":1})");
  EXPECT_EQ(client_->Graph("/v1.0/users").status, 503);
  Do("DELETE", "/faults/1");
  EXPECT_EQ(client_->Graph("/v1.0/users").status, 200);
  Do("POST", "/faults", R"({"kind":"cut"})");
  Do("DELETE", "/faults");
  EXPECT_EQ(client_->Graph("/v1.0/users").status, 200);
  EXPECT_TRUE(absl::StrContains(Do("GET", "/stats"), R"("status":1)"));
}

TEST_F(ControlTest, UsersSwapTheirNamesInOneStep) {
  const std::string one =
      emulator_->tenant().FindUser("twin0@contoso.example")->id;
  Do("POST", "/users/swap",
     R"({"one":"twin0@contoso.example","other":"twin1@contoso.example"})");
  EXPECT_EQ(emulator_->tenant().FindUser("twin1@contoso.example")->id, one);
  EXPECT_EQ(client_->Control("POST", "/users/swap", R"({"one":"x"})").status,
            404);
}

TEST_F(ControlTest, TravelsInTime) {
  const std::string id =
      emulator_->tenant().FindUser("twin0@contoso.example")->id;
  Do("POST", "/users/" + id + "/delete");
  Do("POST", "/time", R"({"advance":"721h"})");
  EXPECT_EQ(client_->Control("POST", "/users/" + id + "/restore").status, 404)
      << "gone after thirty days";
  EXPECT_EQ(client_->Graph("/v1.0/users").status, 200) << "by a new token";
  EXPECT_EQ(client_->Control("POST", "/time", R"({"advance":"-1h"})").status,
            400);
  EXPECT_TRUE(absl::StartsWith(Do("GET", "/time"), R"({"now":"2)"));
}

TEST_F(ControlTest, ChangesAtRandom) {
  const std::string first = Do("POST", "/random?seed=3&steps=5&keep=Sales");
  EXPECT_TRUE(absl::StartsWith(first, R"({"steps":[")")) << first;
  EXPECT_NE(Do("POST", "/random?seed=3&steps=5"), first) << "it goes on";
  EXPECT_EQ(client_->Control("POST", "/random?seed=x").status, 400);
  EXPECT_EQ(client_->Control("POST", "/random?keep=Nobody").status, 404);
}

TEST_F(ControlTest, ListsAndSetsTheCatalogueOfFaults) {
  Do("PUT", "/control/faults", R"({"3":0.5,"throttled":1})");
  EXPECT_EQ(client_->Graph("/v1.0/users").status, 429);
  const std::string list = Do("GET", "/control/faults");
  EXPECT_TRUE(absl::StrContains(
      list, R"({"number":3,"name":"next_link_loop",)"
            R"("what":"a next link to the same page","probability":0.5,)"));
  Do("PUT", "/faults", R"({"17":0})");
  EXPECT_EQ(client_->Graph("/v1.0/users").status, 200);
  EXPECT_EQ(client_->Control("PUT", "/faults", R"({"99":1})").status, 400);
  EXPECT_EQ(client_->Control("PUT", "/faults", R"({"1":7})").status, 400);
  Do("POST", "/settings", R"({"faults":{"8":1}})");
  EXPECT_EQ(client_->Graph("/v1.0/users").status, 504);
}

TEST_F(ControlTest, ChangesDeltaQueries) {
  Do("POST", "/settings",
     R"({"delta_page_size":10,"delta_slice_size":5,"delta_lag_ms":0,)"
     R"("delta_token_life_ms":600000,"delta_every_step":true,)"
     R"("security_group_soft_delete":false,"subscription_quota":3,)"
     R"("notification_timeout_ms":500})");
  EXPECT_EQ(
      TestClient::Values(client_->Graph("/v1.0/users/delta").body, "id").size(),
      10);
  EXPECT_EQ(
      client_->Control("POST", "/settings", R"({"delta_page_size":0})").status,
      400);
}

TEST_F(ControlTest, TellsWhoIsDeletedOrAGuest) {
  const auto expected = [this](const char* options) {
    return Do("GET", absl::StrCat("/expected?group=Sales&view=full", options));
  };
  const std::string id = TestClient::Value(
      Do("POST", "/users",
         R"({"userPrincipalName":"g@contoso.example","userType":"Guest"})"),
      "id");
  Do("POST", "/groups/Sales/members",
     absl::StrCat(R"({"member":")", id, "\"}"));
  EXPECT_TRUE(absl::StrContains(expected(""), id));
  EXPECT_FALSE(absl::StrContains(expected("&guests=excluded"), id));
  Do("POST", "/users/" + id + "/delete");
  EXPECT_TRUE(absl::StrContains(
      expected(""), absl::StrCat(R"("deleted_users":[")", id, "\"]")));
  Do("PATCH", "/groups/Sales", R"({"hiddenMembership":true})");
  EXPECT_TRUE(absl::StrContains(expected(""), R"("hidden_groups":1)"));
  EXPECT_TRUE(
      absl::StrContains(expected("&hidden=excluded"), R"({"users":0,)"));
}

}  // namespace
}  // namespace rollcall::entra
