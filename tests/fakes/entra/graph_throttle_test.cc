// Throttling, and what the emulator notes of a client's manners: section 3.1
// of the protocol specification.

#include <atomic>
#include <vector>

#include "absl/strings/match.h"
#include "tests/fakes/entra/graph_fixture.h"
#include "tests/fakes/entra/graph_routes.h"
#include "tests/fakes/entra/throttle.h"

namespace rollcall::entra {
namespace {

TEST(ResourceUnits, FollowTheTable) {
  struct Case {
    const char* path;
    const char* query;
    int64_t units;
  };
  const Case kCases[] = {
      {"organization", "", 1},
      {"groups", "", 1},
      {"groups/x", "$select=id", 1},
      {"users", "", 2},
      {"users", "$select=id", 1},
      {"users", "$top=19", 1},
      {"users", "$top=20", 2},
      {"users", "$expand=manager", 3},
      {"users", "$select=id&$top=1", 1},
      {"users/x", "", 1},
      {"users('x')", "", 1},
      {"users/delta", "", 1},
      {"groups/microsoft.graph.delta()", "$select=members", 1},
      {"groups/x/members", "", 3},
      {"groups/x/members/microsoft.graph.user", "$select=id", 2},
      {"groups/x/transitiveMembers", "", 5},
      {"groups/x/TRANSITIVEMEMBERS", "$select=id&$top=5", 3},
      {"users/x/memberOf", "", 2},
      {"users/x/transitiveMemberOf", "", 2},
      {"users/x/getMemberGroups", "", 2},
      {"users/x/checkMemberGroups", "", 4},
      {"directoryObjects/getByIds", "", 5},
      {"directoryObjects/getByIds", "$select=id", 2},
      {"directory/deletedItems/microsoft.graph.user", "", 1},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(ResourceUnits(SplitGraphPath(absl::StrCat("/v1.0/", c.path)),
                            *ParseQueryOptions(c.query)),
              c.units)
        << c.path << "?" << c.query;
  }
}

TEST(ThrottleBudget, DependsOnTheSizeOfTheTenant) {
  EXPECT_EQ(UnitsOfTenant(49), 3500);
  EXPECT_EQ(UnitsOfTenant(50), 5000);
  EXPECT_EQ(UnitsOfTenant(500), 5000);
  EXPECT_EQ(UnitsOfTenant(501), 8000);
}

TEST(ThrottleBudget, FillsUpAsTimePasses) {
  const absl::Time noon = absl::UnixEpoch();
  ThrottleBudget budget;
  budget.SetLimit(10);
  EXPECT_DOUBLE_EQ(budget.Charge(8, noon).used, 0.8);
  EXPECT_FALSE(budget.Charge(2, noon).refused);
  const auto refused = budget.Charge(2, noon);
  EXPECT_TRUE(refused.refused);
  EXPECT_DOUBLE_EQ(refused.used, 1.2);
  EXPECT_EQ(refused.retry_after, absl::Seconds(4)) << "2 owed, and 2 to come";
  EXPECT_FALSE(budget.Charge(2, noon + absl::Seconds(4)).refused);
  EXPECT_TRUE(budget.Charge(1, noon + absl::Seconds(4)).refused);
  // Refused requests count, too, but nobody owes more than that.
  for (int i = 0; i < 100; ++i) budget.Charge(5, noon + absl::Seconds(5));
  EXPECT_DOUBLE_EQ(budget.Charge(1, noon + absl::Seconds(5)).used, 1.8);
  EXPECT_FALSE(budget.Charge(10, noon + absl::Seconds(30)).refused);
}

TEST(ThrottleBudget, TheEmptiestBucketDecides) {
  const absl::Time noon = absl::UnixEpoch();
  ThrottleBudget budget;
  budget.SetLimit(100);
  budget.SetApplicationLimit(10);
  budget.SetRequestLimit(4);
  EXPECT_EQ(budget.Charge(1, noon).scope, ThrottleScope::kRequests);
  const auto units = budget.Charge(11, noon);
  EXPECT_TRUE(units.refused);
  EXPECT_EQ(units.scope, ThrottleScope::kApplication);
  EXPECT_EQ(units.retry_after, absl::Seconds(24)) << "20 s for 10, and 2 owed";
  EXPECT_FALSE(budget.Charge(1, noon + absl::Seconds(24)).refused);
}

TEST(RetryAfter, HasFourForms) {
  const absl::Time now = absl::FromUnixMillis(1'500);
  const absl::Duration wait = absl::Milliseconds(249);
  const auto formatted = [&](RetryAfterForm form) {
    return FormatRetryAfter(wait, now, form);
  };
  EXPECT_EQ(formatted(RetryAfterForm::kInteger), "1");
  EXPECT_EQ(formatted(RetryAfterForm::kDecimal), "0.249");
  EXPECT_EQ(formatted(RetryAfterForm::kDate), "Thu, 01 Jan 1970 00:00:02 GMT");
  EXPECT_EQ(formatted(RetryAfterForm::kAbsent), "");
  EXPECT_EQ(ReadRetryAfter("0.249", now), now + wait);
  EXPECT_EQ(ReadRetryAfter("Thu, 01 Jan 1970 00:00:02 GMT", now),
            absl::FromUnixSeconds(2));
  EXPECT_EQ(ReadRetryAfter("soon", now), std::nullopt);
}

// The emulator's time stands still unless a test moves it.
class GraphThrottleTest : public GraphTest {
 protected:
  GraphThrottleTest()
      : GraphTest({.now = [] { return absl::FromUnixMillis(now_ms_); }}) {}
  void SetUp() override {
    now_ms_ = 1'800'000'000'000;
    GraphTest::SetUp();
  }

  static void Pass(absl::Duration time) {
    now_ms_ += absl::ToInt64Milliseconds(time);
  }
  Reply Low(const std::string& path) {
    return client_->Graph(path, {"x-ms-throttle-priority: low"});
  }
  int64_t Count(BadManner manner) {
    return emulator_->manners().CountOf(manner);
  }

  static inline std::atomic<int64_t> now_ms_ = 0;
};

TEST_F(GraphThrottleTest, TellsTheShareAboveEightyPercentOnly) {
  emulator_->SetThrottleLimit(10);
  for (int used = 1; used <= 10; ++used) {
    const Reply reply = client_->Graph("/v1.0/organization");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.headers.contains("x-ms-throttle-limit-percentage"),
              used > 8)
        << used;
  }
  const Reply refused = client_->Graph("/v1.0/users?$select=id&$top=999");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.at("x-ms-throttle-limit-percentage"), "1.1");
  EXPECT_EQ(refused.headers.at("x-ms-resource-unit"), "1");
  EXPECT_EQ(refused.headers.at("retry-after"), "2");
  EXPECT_EQ(refused.headers.at("x-ms-throttle-scope"),
            absl::StrCat("Tenant_Application/ReadWrite/",
                         emulator_->client_id(), "/", emulator_->tenant_id()));
  EXPECT_EQ(refused.headers.at("x-ms-throttle-information"),
            "ResourceUnitLimitExceeded");
  EXPECT_EQ(TestClient::Value(refused.body, "status"), "429");
  Pass(absl::Seconds(2));
  EXPECT_EQ(client_->Graph("/v1.0/organization").status, 200);
}

TEST_F(GraphThrottleTest, OtherTenantsUseUpTheApplicationsLimits) {
  client_->Control("POST", "/settings",
                   R"({"throttle_limit":"tenant","request_limit":"documented",)"
                   R"("application_throttle_limit":1})");
  EXPECT_EQ(client_->Graph("/v1.0/organization").status, 200);
  const Reply units = client_->Graph("/v1.0/organization");
  EXPECT_EQ(units.status, 429);
  EXPECT_EQ(units.headers.at("x-ms-throttle-scope"),
            absl::StrCat("Application/ReadWrite/", emulator_->client_id()));
  client_->Control("POST", "/settings",
                   R"({"application_throttle_limit":"documented",)"
                   R"("request_limit":1})");
  EXPECT_EQ(client_->Graph("/v1.0/organization").status, 200);
  const Reply requests = client_->Graph("/v1.0/organization");
  EXPECT_EQ(requests.status, 429);
  EXPECT_TRUE(requests.headers.contains("retry-after"));
  EXPECT_FALSE(requests.headers.contains("x-ms-throttle-scope"));
}

TEST_F(GraphThrottleTest, ErrorsCostUnitsToo) {
  for (const char* path : {"/v1.0/users/nobody@contoso.example",
                           "/v1.0/users?$top=0", "/v1.0/nothing"}) {
    EXPECT_TRUE(client_->Graph(path).headers.contains("x-ms-resource-unit"))
        << path;
  }
}

TEST_F(GraphThrottleTest, RetryAfterComesInTheFormThatIsSet) {
  emulator_->SetThrottleLimit(1);
  client_->Graph("/v1.0/organization");
  const auto header = [this](const char* form) {
    client_->Control("POST", "/settings",
                     absl::StrCat(R"({"retry_after":")", form, "\"}"));
    Reply reply = client_->Graph("/v1.0/organization");
    EXPECT_EQ(reply.status, 429);
    return reply.headers["retry-after"];
  };
  EXPECT_TRUE(absl::StrContains(header("decimal"), "."));
  EXPECT_TRUE(absl::EndsWith(header("date"), " GMT"));
  EXPECT_EQ(header("absent"), "");
}

TEST_F(GraphThrottleTest, BatchItemsAreThrottledOneByOne) {
  emulator_->SetThrottleLimit(2);
  const Reply reply = client_->PostGraph("/v1.0/$batch", R"({"requests":[
      {"id":"a","method":"GET","url":"/organization"},
      {"id":"b","method":"GET","url":"/organization"},
      {"id":"c","method":"GET","url":"/organization"}]})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(absl::StrContains(reply.body, "\"id\":\"b\",\"status\":200"));
  EXPECT_TRUE(absl::StrContains(reply.body, "\"id\":\"c\",\"status\":429"));
  EXPECT_TRUE(absl::StrContains(reply.body, "\"Retry-After\":\""));
}

TEST_F(GraphThrottleTest, AGoodClientBreaksNoManners) {
  emulator_->SetThrottleLimit(1);
  EXPECT_EQ(Low("/v1.0/organization").status, 200);
  EXPECT_EQ(Low("/v1.0/organization").status, 429);
  Pass(absl::Seconds(20));
  EXPECT_EQ(Low("/v1.0/organization").status, 200);
  EXPECT_EQ(emulator_->manners().Sentences(), std::vector<std::string>());
}

TEST_F(GraphThrottleTest, ImpatienceIsNoted) {
  emulator_->SetThrottleLimit(1);
  Low("/v1.0/organization");
  Low("/v1.0/organization");  // to wait 18 s
  Low("/v1.0/groups");
  EXPECT_EQ(Count(BadManner::kDuringRetryAfter), 0)
      << "it may have been on its way";
  Pass(absl::Seconds(2));
  Low("/v1.0/organization");
  EXPECT_EQ(Count(BadManner::kDuringRetryAfter), 1);
  EXPECT_EQ(Count(BadManner::kRetrySooner), 1);
  const std::string sentences = client_->Control("GET", "/manners").body;
  EXPECT_TRUE(absl::StrContains(
      sentences, "GET /v1.0/organization came again 16s sooner than told."))
      << sentences;
  client_->Control("DELETE", "/manners");
  EXPECT_EQ(Count(BadManner::kRetrySooner), 0);
}

TEST_F(GraphThrottleTest, ARetryAfterWithout429ConcernsOneRequestOnly) {
  emulator_->faults().Add({.kind = FaultKind::kStatus,
                           .times = 1,
                           .status = 503,
                           .retry_after = "10"});
  EXPECT_EQ(Low("/v1.0/organization").status, 503);
  Pass(absl::Seconds(5));
  Low("/v1.0/groups");
  EXPECT_EQ(emulator_->manners().Sentences().size(), 0);
  Low("/v1.0/organization");
  EXPECT_EQ(Count(BadManner::kRetrySooner), 1);
}

TEST_F(GraphThrottleTest, WhatFailedDoesNotComeAgainAtOnce) {
  for (const FaultKind kind :
       {FaultKind::kGatewayError, FaultKind::kTruncate}) {
    SCOPED_TRACE(static_cast<int>(kind));
    client_->Control("DELETE", "/manners");
    emulator_->faults().Add({.kind = kind, .times = 2});
    Low("/v1.0/organization");
    Low("/v1.0/groups");
    EXPECT_EQ(Count(BadManner::kHotLoop), 0) << "another request";
    Low("/v1.0/organization");
    EXPECT_EQ(Count(BadManner::kHotLoop), 1);
    Low("/v1.0/organization");
    EXPECT_EQ(Count(BadManner::kHotLoop), 1) << "it had not failed";
    Pass(absl::Seconds(1));
    emulator_->faults().Clear();
    emulator_->faults().Add({.kind = kind, .times = 1});
    Low("/v1.0/organization");
    Pass(absl::Milliseconds(50));
    Low("/v1.0/organization");
    EXPECT_EQ(Count(BadManner::kHotLoop), 1);
    emulator_->faults().Clear();
  }
  EXPECT_TRUE(absl::StrContains(
      client_->Control("GET", "/manners").body,
      "GET /v1.0/organization came again at once, after it had failed."));
}

TEST_F(GraphThrottleTest, BadRequestsAreNoted) {
  client_->Graph("/v1.0/organization");
  EXPECT_EQ(Count(BadManner::kNoPriority), 1);
  client_->PostGraph("/v1.0/users", "{}");
  EXPECT_EQ(Count(BadManner::kWrite), 1);
  client_->PostGraph("/v1.0/directoryObjects/getByIds", R"({"ids":[]})");
  EXPECT_EQ(Count(BadManner::kWrite), 1) << "only a question";
  const std::string token = "Authorization: Bearer " + client_->Token();
  client_->Get(emulator_->control_origin() + "/stats", {token});
  client_->Get("/common/v2.0/.well-known/openid-configuration", {token});
  client_->Get("/v1.0/organization", {token, "Host: evil.test"});
  EXPECT_EQ(Count(BadManner::kTokenElsewhere), 3);
}

TEST(Manners, CountsRequestsAtOnce) {
  Manners manners;
  const HttpRequest request{.method = "GET",
                            .path = "/v1.0/users",
                            .headers = {{"x-ms-throttle-priority", "Low"}}};
  const absl::Time now = absl::UnixEpoch();
  const auto a = manners.Arrives(request, now);
  const auto b = manners.Arrives(request, now);
  const auto c = manners.Arrives(request, now);
  const auto d = manners.Arrives(request, now);
  const auto e = manners.Arrives(request, now);
  const auto f = manners.Arrives(request, now);
  const auto g = manners.Arrives(request, now);
  const auto h = manners.Arrives(request, now);
  EXPECT_EQ(manners.CountOf(BadManner::kTooMany), 0);
  { const auto ninth = manners.Arrives(request, now); }
  EXPECT_EQ(manners.CountOf(BadManner::kTooMany), 1);
  { const auto ninth = manners.Arrives(request, now); }
  EXPECT_EQ(manners.Sentences().back(),
            "GET /v1.0/users was request 9 at the same time.");
}

}  // namespace
}  // namespace rollcall::entra
