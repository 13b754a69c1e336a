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

}  // namespace
}  // namespace rollcall::entra
