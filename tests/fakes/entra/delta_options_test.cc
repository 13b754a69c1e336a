#include "tests/fakes/entra/delta_options.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/graph_fixture.h"

namespace rollcall::entra {
namespace {

class DeltaOptionsTest : public GraphTest {
 protected:
  std::string DeltaLink(const std::string& path) {
    return TestClient::Value(client_->Graph(path).body, "@odata.deltaLink");
  }
  void ExpectRefused(const std::string& path) {
    const Reply reply = client_->Graph(path);
    EXPECT_EQ(reply.status, 400) << path;
    EXPECT_EQ(Code(reply), "Request_UnsupportedQuery") << path;
  }
};

TEST_F(DeltaOptionsTest, OrderAndExpansionAreRefused) {
  for (const char* option :
       {"$orderby=displayName", "$orderBy=id", "$expand=manager"}) {
    ExpectRefused(absl::StrCat("/v1.0/users/delta?", option));
    ExpectRefused(absl::StrCat("/v1.0/groups/delta?$select=id&", option));
    ExpectRefused(
        absl::StrCat("/v1.0/users/delta?$deltatoken=latest&", option));
  }
}

TEST_F(DeltaOptionsTest, Number23MayIgnoreThemInstead) {
  ASSERT_TRUE(emulator_->faults().Set("23", 1).ok());
  const Reply reply =
      client_->Graph("/v1.0/users/delta?$orderby=displayName&$expand=manager");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(Ids(reply).size(), 200);
}

TEST_F(DeltaOptionsTest, BesideATokenNothingCanBeChanged) {
  const std::string filter = absl::StrCat(
      "$filter=",
      TestClient::Encode(absl::StrCat("id eq '", GroupId("Sales"), "'")));
  const std::string next = TestClient::Value(
      client_->Graph("/v1.0/users/delta?$select=id").body, "@odata.nextLink");
  const std::string delta =
      DeltaLink("/v1.0/users/delta?$deltatoken=latest&$select=id");
  for (const std::string& link : {next, delta}) {
    for (const std::string& option :
         {std::string("$select=id,mail"), std::string("$SELECT=mail"), filter,
          std::string("$orderby=id"), std::string("$expand=manager")}) {
      ExpectRefused(link + "&" + option);
    }
    EXPECT_EQ(client_->Graph(link + "&$top=5&$count=true&x=y").status, 200)
        << "of no account";
  }
}

TEST_F(DeltaOptionsTest, AnEmptyTokenAndLatestBeginARound) {
  for (const char* token : {"", "latest", "LATEST"}) {
    EXPECT_EQ(client_
                  ->Graph(absl::StrCat("/v1.0/users/delta?$deltatoken=", token,
                                       "&$select=mail"))
                  .status,
              200)
        << token;
  }
}

TEST_F(DeltaOptionsTest, AKnobLetsSelectChangeTheSelection) {
  const std::string link =
      DeltaLink("/v1.0/users/delta?$deltatoken=latest&$select=mail");
  client_->Control("POST", "/settings",
                   R"({"delta_select_beside_token":true})");
  const std::string id =
      emulator_->tenant().FindUser("twin0@contoso.example")->id;
  ASSERT_TRUE(
      emulator_->tenant().UpdateUser(id, {.display_name = "Other"}).ok());
  EXPECT_TRUE(Ids(client_->Graph(link)).empty());
  const Reply changed = client_->Graph(link + "&$select=displayName");
  EXPECT_EQ(TestClient::Value(changed.body, "displayName"), "Other");
  EXPECT_FALSE(absl::StrContains(changed.body, "mail"));
  ASSERT_TRUE(emulator_->tenant().UpdateUser(id, {.mail = "m@x.example"}).ok());
  EXPECT_TRUE(
      Ids(client_->Graph(TestClient::Value(changed.body, "@odata.deltaLink")))
          .empty())
      << "mail is no longer selected";
  ExpectRefused(link + "&$orderby=id");
  EXPECT_EQ(client_->Graph(link + "&$select=nothing").status, 400);
}

}  // namespace
}  // namespace rollcall::entra
