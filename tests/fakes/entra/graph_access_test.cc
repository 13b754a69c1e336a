// Who may ask what, batches, and deleted items: sections 2.6, 2.7 and 3.2 of
// the protocol specification.

#include <atomic>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "tests/fakes/entra/graph_fixture.h"

namespace rollcall::entra {
namespace {

class GraphAccessTest : public GraphTest {
 protected:
  GraphAccessTest()
      : GraphTest({.now = [] { return absl::FromUnixSeconds(now_); }}) {}
  void SetUp() override {
    now_ = 1'800'000'000;
    GraphTest::SetUp();
  }

  Reply With(const std::string& token) {
    return client_->Get("/v1.0/organization",
                        {"Authorization: Bearer " + token});
  }
  Reply Batch(const std::vector<std::string>& requests) {
    return client_->PostGraph(
        "/v1.0/$batch",
        absl::StrCat("{\"requests\":[", absl::StrJoin(requests, ","), "]}"));
  }
  static std::string Question(absl::string_view id,
                              absl::string_view depends_on = "") {
    return absl::StrCat(
        R"({"id":")", id, R"(","method":"GET","url":"/organization")",
        depends_on.empty()
            ? ""
            : absl::StrCat(R"(,"dependsOn":[")", depends_on, "\"]"),
        "}");
  }

  static inline std::atomic<int64_t> now_ = 0;
};

TEST_F(GraphAccessTest, TokensAreRefusedInMicrosoftsWords) {
  EXPECT_EQ(Message(With("")), "Access token is empty.");
  EXPECT_EQ(Message(With("nonsense")),
            "CompactToken parsing failed with error code: 80049217");
  const std::string token = client_->Token();
  EXPECT_EQ(With(token).status, 200);
  now_ -= 600;
  EXPECT_EQ(Message(With(token)),
            "Access token has expired or is not yet valid.");
  now_ += 600 + 3599;
  const Reply expired = With(token);
  EXPECT_EQ(expired.status, 401);
  EXPECT_EQ(Code(expired), "InvalidAuthenticationToken");
  EXPECT_EQ(Message(expired),
            "Lifetime validation failed, the token is expired.");
  emulator_->application().Revoke();
  now_ -= 3599;
  EXPECT_EQ(Code(With(token)), "Authorization_IdentityNotFound");
}

TEST_F(GraphAccessTest, RevokedTokensMeetAClaimsChallenge) {
  const std::string credentials = absl::StrCat(
      "client_id=", emulator_->client_id(),
      "&client_secret=", TestClient::Encode(emulator_->client_secret()));
  const std::string capable = absl::StrCat(
      credentials, "&claims=",
      TestClient::Encode(R"({"access_token":{"xms_cc":{"values":["cp1"]}}})"));
  const auto token = [this](const std::string& fields) {
    return TestClient::Value(client_->RequestToken(fields).body,
                             "access_token");
  };
  const std::string plain = token(credentials);
  const std::string challenged = token(capable);
  EXPECT_EQ(With(challenged).status, 200);
  ++now_;
  client_->Control("POST", "/settings", R"({"revoke_tokens":true})");
  EXPECT_EQ(With(plain).status, 200) << "it does not understand challenges";
  const Reply reply = With(challenged);
  EXPECT_EQ(reply.status, 401);
  EXPECT_TRUE(
      absl::StrContains(Message(reply), "TokenCreatedWithOutdatedPolicies"));
  const std::string& header = reply.headers.at("www-authenticate");
  EXPECT_TRUE(absl::StrContains(header, "error=\"insufficient_claims\""));
  const size_t start = header.find("claims=\"", header.find("claims\"")) + 8;
  std::string claims;
  ASSERT_TRUE(absl::Base64Unescape(
      header.substr(start, header.find('"', start) - start), &claims))
      << header;
  EXPECT_EQ(
      claims,
      R"({"access_token":{"nbf":{"essential":true,"value":"1800000001"}}})");
  EXPECT_EQ(With(token(capable)).status, 200) << "a token from afterwards";
}

TEST_F(GraphAccessTest, OnlyReadsAreAllowed) {
  EXPECT_EQ(client_->PostGraph("/v1.0/users", "{}").status, 405);
  EXPECT_EQ(client_->Graph("/v1.0/directoryObjects/getByIds").status, 405);
  EXPECT_EQ(client_->Graph("/v1.0/nothing").status, 400);
}

TEST_F(GraphAccessTest, BatchesAnswerEachRequest) {
  const Reply reply = client_->PostGraph("/v1.0/$batch", R"({"requests":[
      {"id":"c","method":"GET","url":"/organization","dependsOn":["B"]},
      {"id":"a","method":"GET","url":"organization"},
      {"id":"b","method":"GET","url":"/users/nobody@x.example"},
      {"id":"d","method":"POST","url":"/directoryObjects/getByIds",
       "headers":{"content-type":"application/json"},"body":{"ids":[]}},
      {"id":"e","method":"POST","url":"/$batch",
       "headers":{"Content-Type":"application/json"},"body":{}}]})");
  EXPECT_EQ(reply.status, 200);
  for (const char* answer :
       {"\"id\":\"a\",\"status\":200", "\"id\":\"b\",\"status\":404",
        "\"id\":\"c\",\"status\":424", "\"id\":\"d\",\"status\":200",
        "\"id\":\"e\",\"status\":400"}) {
    EXPECT_TRUE(absl::StrContains(reply.body, answer)) << answer;
  }
  EXPECT_LT(reply.body.find("\"id\":\"d\""), reply.body.find("\"id\":\"a\""))
      << "not in the order of the requests";
}

TEST_F(GraphAccessTest, BatchesAreCheckedAsAWhole) {
  std::vector<std::string> many;
  for (int i = 0; i < 20; ++i) many.push_back(Question(absl::StrCat(i)));
  EXPECT_EQ(Batch(many).status, 200);
  many.push_back(Question("20"));
  const std::vector<std::vector<std::string>> kBad = {
      many,
      {Question("a"), Question("A")},
      {Question("a", "b")},
      {Question("a", "b"), Question("b", "a")},
      {R"({"id":"a","url":"/organization"})"},
      {R"({"id":"a","method":"POST","url":"/x","body":{}})"},
      {R"({"id":"a","method":"GET","url":"https://evil.test/users"})"},
  };
  for (const auto& requests : kBad) {
    EXPECT_EQ(Batch(requests).status, 400) << absl::StrJoin(requests, ",");
  }
  EXPECT_EQ(Message(Batch({many})),
            "Number of batch request steps exceeds the maximum value of 20.");
}

TEST_F(GraphAccessTest, GetByIdsTakesAThousand) {
  const auto ids = client_->AllIds("/v1.0/users?$select=id&$top=999");
  const auto get = [&](size_t count, const std::string& options) {
    std::vector<std::string> asked(count,
                                   "11111111-1111-4111-8111-111111111111");
    std::copy(ids.begin(), ids.end(), asked.begin());
    return client_->PostGraph(
        "/v1.0/directoryObjects/getByIds" + options,
        absl::StrCat("{\"ids\":[\"", absl::StrJoin(asked, "\",\""), "\"]}"));
  };
  EXPECT_EQ(Ids(get(1000, "?$select=id")).size(), ids.size());
  EXPECT_EQ(Code(get(1001, "")), "Request_BadRequest");
  EXPECT_TRUE(absl::StrContains(get(400, "").body, "#microsoft.graph.user"));

  for (const char* role : {"User.Read.All", "Group.Read.All",
                           "GroupMember.Read.All", "Directory.Read.All"}) {
    emulator_->faults().Add(
        {.kind = FaultKind::kMissingPermission, .name = role});
  }
  EXPECT_EQ(get(400, "").status, 403);
}

TEST_F(GraphAccessTest, WithoutPermissionAUserIsOnlyAnId) {
  const std::string id = Ids(client_->Graph("/v1.0/users?$top=1"))[0];
  emulator_->faults().Add(
      {.kind = FaultKind::kMissingPermission, .name = "User.Read.All"});
  const Reply reply = client_->PostGraph(
      "/v1.0/directoryObjects/getByIds?$select=id,displayName,businessPhones",
      absl::StrCat(R"({"ids":[")", id, "\"]}"));
  EXPECT_TRUE(absl::StrContains(
      reply.body,
      absl::StrCat(R"({"@odata.type":"#microsoft.graph.user","id":")", id,
                   R"(","businessPhones":null,"displayName":null})")))
      << reply.body;
}

TEST_F(GraphAccessTest, DeletedItemsWaitThirtyDays) {
  Tenant& tenant = emulator_->tenant();
  const std::string users = "/v1.0/directory/deletedItems/microsoft.graph.user";
  const std::string early = tenant.FindUser("twin0@contoso.example")->id;
  const std::string late = tenant.FindUser("twin1@contoso.example")->id;
  const std::string group = GroupId("Support");
  ASSERT_TRUE(tenant.DeleteUser(early).ok());
  now_ += 60;
  ASSERT_TRUE(tenant.DeleteUser(late).ok());
  ASSERT_TRUE(tenant.DeleteGroup(group).ok());

  EXPECT_EQ(client_->AllIds(users), (std::vector<std::string>{early, late}));
  EXPECT_EQ(Ids(Eventual(users + "?$count=true&$orderby=deletedDateTime%20desc"
                                 "&$select=id")),
            (std::vector<std::string>{late, early}));
  EXPECT_EQ(client_->Graph(users + "?$orderby=deletedDateTime").status, 400);
  EXPECT_EQ(
      client_->AllIds("/v1.0/directory/deletedItems/microsoft.graph.group"),
      (std::vector<std::string>{group}));
  EXPECT_EQ(client_->Graph("/v1.0/directory/deletedItems").status, 400);
  EXPECT_EQ(client_->Graph("/v1.0/groups/" + group).status, 404);
  const std::string item = "/v1.0/directory/deletedItems/" + early;
  EXPECT_EQ(TestClient::Value(client_->Graph(item).body, "deletedDateTime"),
            "2027-01-15T08:00:00Z");

  now_ += 30 * 24 * 60 * 60 - 60;
  client_ = std::make_unique<TestClient>(*emulator_);  // with a new token
  EXPECT_EQ(client_->Graph(item).status, 404);
  EXPECT_EQ(client_->AllIds(users), (std::vector<std::string>{late}));
  EXPECT_FALSE(tenant.RestoreUser(early).ok());
  EXPECT_TRUE(tenant.RestoreUser(late).ok());
  EXPECT_EQ(client_->Graph("/v1.0/users/" + late).status, 200);
}

TEST_F(GraphAccessTest, OddNamesOfUsersAreRefusedLikeGraphDoes) {
  Tenant& tenant = emulator_->tenant();
  ASSERT_TRUE(
      tenant.AddUser({.user_principal_name = "o'brien@contoso.example"}).ok());
  const Reply doubled = client_->Graph("/v1.0/users/o''brien@contoso.example");
  EXPECT_EQ(doubled.status, 404);
  EXPECT_TRUE(absl::StrContains(Message(doubled),
                                "Resource 'o''brien@contoso.example'"));
  EXPECT_EQ(client_->Graph("/v1.0/users('o'brien@contoso.example')").status,
            400);
  const Reply cut = client_->Graph("/v1.0/users/ada_x.example");
  EXPECT_TRUE(absl::StrContains(Message(cut), "Resource 'ada_x.example'"));
}

}  // namespace
}  // namespace rollcall::entra
