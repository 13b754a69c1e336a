// The client against a real little Graph over TLS.
#include "services/directory/graph_client.h"

#include <atomic>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/fake_authorization.h"
#include "services/directory/little_graph.h"
#include "services/directory/page_walk.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kConnection[] = "accounts/acme/connections/c1";
constexpr char kTenant[] = "5f0c4c39-0c2d-4a4c-8a6f-3f5c8d1b2e77";

class GraphClientTest : public ::testing::Test {
 protected:
  GraphClientTest()
      : authorization_(kConnection, graph_.origin(), kTenant),
        clock_(absl::FromUnixSeconds(1'760'000'000)) {
    auto http = http::Client::Create({.ca_file = LittleGraph::ca_file()});
    EXPECT_OK(http);
    http_ = *std::move(http);
    client_.emplace(*http_, authorization_, *store_, clock_, waiter_);
    auto session = client_->Open(*ConnectionName::Parse(kConnection),
                                 [this] { return cancelled_.load(); });
    EXPECT_OK(session);
    session_ = *std::move(session);
  }

  LittleGraph graph_;
  FakeAuthorization authorization_;
  SimulatedClock clock_;
  FakeWaiter waiter_{&clock_};
  std::unique_ptr<rollcall::store::Store> store_ =
      *rollcall::store::OpenInMemory();
  std::unique_ptr<http::Client> http_;
  absl::optional<GraphClient> client_;
  std::atomic<bool> cancelled_{false};
  std::unique_ptr<GraphSession> session_;
};

TEST_F(GraphClientTest, SendsWhatGraphAsksOfAGoodGuest) {
  EXPECT_OK(session_->Get("/v1.0/users?$top=999"));
  ASSERT_EQ(graph_.requests().size(), 1u);
  const httplib::Request request = graph_.requests()[0];
  EXPECT_EQ(request.target, "/v1.0/users?$top=999");
  EXPECT_EQ(request.get_header_value("Authorization"), "Bearer token-1");
  EXPECT_EQ(request.get_header_value("x-ms-throttle-priority"), "Low");
  EXPECT_EQ(request.get_header_value("client-request-id").size(), 36u);
}

TEST_F(GraphClientTest, NeverSendsAnythingElsewhere) {
  for (const std::string& link :
       {absl::StrCat("http://localhost/v1.0/users"),
        absl::StrCat(graph_.origin(), "@evil.test/v1.0/users"),
        absl::StrCat(graph_.origin(), "/beta/users"), std::string("//evil")}) {
    EXPECT_THAT(session_->Follow(link),
                StatusIs(StatusCode::kDataLoss, "GRAPH_LINK_ELSEWHERE"));
  }
  EXPECT_THAT(graph_.requests(), IsEmpty());
}

TEST_F(GraphClientTest, ARedirectIsAnAnswerAndNotFollowed) {
  graph_.Say({{.status = 302, .location = "/v1.0/elsewhere"}});
  EXPECT_THAT(session_->Get("/v1.0/users"),
              StatusIs(StatusCode::kInternal, "GRAPH_REFUSED"));
  EXPECT_EQ(graph_.requests().size(), 1u);
}

TEST_F(GraphClientTest, WaitsExactlyAsLongAsItIsTold) {
  graph_.Say({{.status = 429, .retry_after = "2.128"},
              {.status = 503, .retry_after = "10"}});
  EXPECT_OK(session_->Get("/v1.0/users"));
  EXPECT_EQ(waiter_.total(), absl::Seconds(12.128));
  EXPECT_EQ(session_->answers(), 3);
}

TEST_F(GraphClientTest, NeverShortensAWaitButEndsTheRead) {
  graph_.Say({{.status = 429, .retry_after = "3600"}});
  const auto answer = session_->Get("/v1.0/users");
  EXPECT_THAT(answer, StatusIs(StatusCode::kUnavailable, "GRAPH_THROTTLED"));
  EXPECT_EQ(RetryDelayOf(answer.status()), absl::Hours(1));
  EXPECT_TRUE(EndsTheRead(answer.status()));
  EXPECT_EQ(waiter_.total(), absl::ZeroDuration());
  EXPECT_EQ(graph_.requests().size(), 1u);
}

TEST_F(GraphClientTest, Section3_1_ARetryAfterHoldsAllRequestsOfTheTenant) {
  auto other =
      client_->Open(*ConnectionName::Parse(kConnection), [] { return false; });
  ASSERT_OK(other);
  graph_.Say({{.status = 429, .retry_after = "3600"}});
  EXPECT_THAT(session_->Get("/v1.0/users"),
              StatusIs(StatusCode::kUnavailable, "GRAPH_THROTTLED"));
  const auto held = (*other)->Get("/v1.0/groups");
  EXPECT_THAT(held, StatusIs(StatusCode::kUnavailable, "GRAPH_THROTTLED"));
  EXPECT_EQ(RetryDelayOf(held.status()), absl::Hours(1));
  EXPECT_EQ(graph_.requests().size(), 1u);
  // What is left is short enough to be waited for.
  clock_.AdvanceTime(absl::Minutes(58));
  EXPECT_OK((*other)->Get("/v1.0/groups"));
  EXPECT_EQ(waiter_.total(), absl::Minutes(2));
}

// The process ends while it waits, and begins again.
TEST_F(GraphClientTest, Section3_1_AHoldIsTheTenantsAndOutlivesTheProcess) {
  const std::string same = "accounts/beta/connections/c2";
  const std::string another = "accounts/beta/connections/c3";
  authorization_.AddConnection(same, kTenant);
  authorization_.AddConnection(another, "another-tenant");
  const auto begin_again = [this](const std::string& connection) {
    session_.reset();
    client_.emplace(*http_, authorization_, *store_, clock_, waiter_);
    session_ = *client_->Open(*ConnectionName::Parse(connection),
                              [this] { return cancelled_.load(); });
  };
  graph_.Say({{.status = 429, .retry_after = "200"}});
  EXPECT_OK(session_->Get("/v1.0/users"));
  EXPECT_EQ(waiter_.total(), absl::Seconds(200));
  clock_.AdvanceTime(-absl::Seconds(150));  // In the middle of the wait.

  begin_again(another);
  EXPECT_OK(session_->Get("/v1.0/users"));
  EXPECT_EQ(waiter_.total(), absl::Seconds(200));
  begin_again(same);
  EXPECT_OK(session_->Get("/v1.0/users"));
  EXPECT_EQ(waiter_.total(), absl::Seconds(350));
  begin_again(kConnection);
  EXPECT_OK(session_->Get("/v1.0/users"));
  EXPECT_EQ(waiter_.total(), absl::Seconds(350));
}

TEST_F(GraphClientTest, Section3_1_ARetryAfterThatComesWhileWaitingCounts) {
  graph_.Say(
      {{.status = 429, .retry_after = "2"},
       {.body = "{}", .before = [this] { session_->Hold(absl::Seconds(7)); }}});
  EXPECT_OK(session_->Get("/v1.0/users"));
  EXPECT_OK(session_->Get("/v1.0/users"));
  EXPECT_EQ(waiter_.total(), absl::Seconds(9));
}

TEST_F(GraphClientTest, Section3_1_ADateCountsFromTheServersClock) {
  graph_.Say({{.status = 503,
               .retry_after = "Wed, 21 Oct 2015 07:28:30 GMT",
               .headers = {{"Date", "Wed, 21 Oct 2015 07:28:00 GMT"}}}});
  EXPECT_OK(session_->Get("/v1.0/users"));
  EXPECT_EQ(waiter_.total(), absl::Seconds(30));
}

TEST_F(GraphClientTest, Section3_1_NoWaitIsNoHotLoop) {
  graph_.Say(
      std::vector<Answer>(20, Answer{.status = 429, .retry_after = "0"}));
  EXPECT_THAT(session_->Get("/v1.0/users"),
              StatusIs(StatusCode::kUnavailable, "GRAPH_THROTTLED"));
  EXPECT_EQ(graph_.requests().size(), 6u);
  EXPECT_GE(waiter_.total(), absl::Seconds(1.5));
}

TEST_F(GraphClientTest, Section3_1_SpendsNoMoreThanTheTenantsQuota) {
  graph_.Say(std::vector<Answer>(
      30, Answer{.headers = {{"x-ms-resource-unit", "800"}}}));
  for (int i = 0; i < 30; ++i) ASSERT_OK(session_->Get("/v1.0/users"));
  // 24,000 units: 8,000 at once, the others at 800 a second.
  EXPECT_GE(waiter_.total(), absl::Seconds(19));
  EXPECT_LE(waiter_.total(), absl::Seconds(21));
  EXPECT_NEAR(client_->Quota(kTenant).recent_units, 8'000, 800);
}

TEST_F(GraphClientTest, Section3_1_TellsHowMuchOfTheQuotaIsUsed) {
  EXPECT_EQ(client_->Quota("another").used, 0);
  graph_.Say({{.headers = {{"x-ms-throttle-limit-percentage", "0.9"},
                           {"x-ms-resource-unit", "3"}}}});
  EXPECT_OK(session_->Get("/v1.0/users"));
  EXPECT_EQ(client_->Quota(kTenant).used, 0.9);
  EXPECT_EQ(client_->Quota(kTenant).recent_units, 3);
}

TEST_F(GraphClientTest, Section3_3_ARequestKeepsItsIdThroughItsTries) {
  graph_.Say({{.status = 503}, {.status = 200}, {.status = 200}});
  EXPECT_OK(session_->Get("/v1.0/users"));
  EXPECT_OK(session_->Get("/v1.0/users"));
  std::vector<std::string> ids;
  for (const httplib::Request& request : graph_.requests()) {
    EXPECT_EQ(request.get_header_value_count("client-request-id"), 1u);
    EXPECT_EQ(request.get_header_value("x-ms-throttle-priority"), "Low");
    ids.push_back(request.get_header_value("client-request-id"));
  }
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_NE(ids[1], ids[2]);
}

TEST_F(GraphClientTest, ATokenServesSeveralSessions) {
  const auto open = [this] {
    return client_->Open(*ConnectionName::Parse(kConnection),
                         [] { return false; });
  };
  EXPECT_OK(open());
  EXPECT_EQ(authorization_.mints(), 1);
  clock_.AdvanceTime(absl::Minutes(5));
  EXPECT_OK(open());
  EXPECT_EQ(authorization_.mints(), 2);
  // A refused one serves nobody any more.
  graph_.Say({{.status = 401}, {.status = 401}});
  EXPECT_THAT(session_->Get("/v1.0/users"),
              StatusIs(StatusCode::kFailedPrecondition, "GRAPH_UNAUTHORIZED"));
  EXPECT_OK(open());
  EXPECT_EQ(authorization_.mints(), 4);
}

TEST_F(GraphClientTest, BacksOffByItselfAndGivesUp) {
  graph_.Say(std::vector<Answer>(10, Answer{.status = 504, .body = ""}));
  const auto answer = session_->Get("/v1.0/users");
  EXPECT_THAT(answer, StatusIs(StatusCode::kUnavailable, "GRAPH_UNAVAILABLE"));
  EXPECT_FALSE(EndsTheRead(answer.status()));
  EXPECT_EQ(graph_.requests().size(), 6u);
  // 1 + 2 + 4 + 8 + 16 seconds, each in its upper half.
  EXPECT_GE(waiter_.total(), absl::Seconds(15.5));
  EXPECT_LE(waiter_.total(), absl::Seconds(31));
}

TEST_F(GraphClientTest, AfterFailuresInARowTheTenantCountsAsDown) {
  graph_.Say(std::vector<Answer>(100, Answer{.status = 500}));
  for (int i = 0; i < 8; ++i) {
    EXPECT_THAT(session_->Get("/v1.0/users"),
                StatusIs(StatusCode::kUnavailable, "GRAPH_UNAVAILABLE"));
  }
  const size_t before = graph_.requests().size();
  const auto answer = session_->Get("/v1.0/users");
  EXPECT_THAT(answer, StatusIs(StatusCode::kUnavailable, "GRAPH_DOWN"));
  EXPECT_TRUE(EndsTheRead(answer.status()));
  EXPECT_EQ(graph_.requests().size(), before);
}

TEST_F(GraphClientTest, R12_A401AsksForAFreshTokenOnce) {
  graph_.Say({{.status = 401}});
  EXPECT_OK(session_->Get("/v1.0/users"));
  EXPECT_THAT(authorization_.reported(), ElementsAre("token-1"));
  EXPECT_EQ(graph_.requests()[1].get_header_value("Authorization"),
            "Bearer token-2");
}

TEST_F(GraphClientTest, R12_A401WithAFreshTokenIsDefinitive) {
  graph_.Say({{.status = 401}, {.status = 401}});
  const auto answer = session_->Get("/v1.0/users");
  EXPECT_THAT(answer,
              StatusIs(StatusCode::kFailedPrecondition, "GRAPH_UNAUTHORIZED"));
  EXPECT_TRUE(EndsTheRead(answer.status()));
  EXPECT_THAT(authorization_.reported(), ElementsAre("token-1", "token-2"));
  EXPECT_EQ(graph_.requests().size(), 2u);
}

TEST_F(GraphClientTest, AMissingPermissionEndsTheRead) {
  graph_.Say({{.status = 403,
               .body = R"({"error":{"code":"Authorization_RequestDenied"}})"}});
  const auto answer = session_->Get("/v1.0/users");
  EXPECT_THAT(answer,
              StatusIs(StatusCode::kFailedPrecondition, "GRAPH_FORBIDDEN"));
  EXPECT_TRUE(EndsTheRead(answer.status()));
}

TEST_F(GraphClientTest, NotFoundIsNotTrouble) {
  graph_.Say({{.status = 404,
               .body = R"({"error":{"code":"Request_ResourceNotFound"}})"},
              {.status = 404, .body = R"({"error":{"code":"UnknownError"}})"}});
  EXPECT_THAT(session_->Get("/v1.0/groups/x"),
              StatusIs(StatusCode::kNotFound, "GRAPH_NOT_FOUND"));
  EXPECT_OK(session_->Get("/v1.0/groups/x"));  // The gateway's is tried again.
  EXPECT_EQ(graph_.requests().size(), 3u);
}

TEST_F(GraphClientTest, NobodyWaitsForACancelledRead) {
  cancelled_ = true;
  EXPECT_THAT(session_->Get("/v1.0/users"),
              StatusIs(StatusCode::kCancelled, "READ_CANCELLED"));
  EXPECT_THAT(graph_.requests(), IsEmpty());
}

// A page of members `ids` that leads on to `next`, if it is not empty.
Answer PageOf(const std::vector<int>& ids, const std::string& next = "") {
  std::string body = R"({"value":[)";
  for (const int id : ids) {
    absl::StrAppend(&body, body.back() == '[' ? "" : ",",
                    R"({"@odata.type":"#microsoft.graph.user","id":")",
                    SourceId(0, id).ToString(), R"("})");
  }
  absl::StrAppend(&body, "]");
  if (!next.empty())
    absl::StrAppend(&body, R"(,"@odata.nextLink":")", next, "\"");
  return {.body = absl::StrCat(body, "}")};
}

class PageWalkTest : public GraphClientTest {
 protected:
  absl::Status Walk() {
    return WalkPages<SourceMember>(
        *session_, {.path = "/v1.0/groups/x/members?$select=id",
                    .headers = {{"ConsistencyLevel", "eventual"}},
                    .parse = ParseMemberPage,
                    .begin = [this] { ids_.clear(); },
                    .take =
                        [this](Page<SourceMember> page) {
                          for (const SourceMember& member : page.items) {
                            ids_.push_back(static_cast<int>(member.id.low()));
                          }
                          return absl::OkStatus();
                        }});
  }
  std::string Link(const std::string& token) const {
    return absl::StrCat(graph_.origin(), "/v1.0/x?$skiptoken=", token);
  }
  static Answer Expired() {
    return {.status = 400,
            .body = R"({"error":{"code":"Directory_ExpiredPageToken"}})"};
  }

  std::vector<int> ids_;
};

TEST_F(PageWalkTest, FollowsToTheEndAndRepeatsTheHeaders) {
  graph_.Say({PageOf({1, 2}, Link("X%2744537074")), PageOf({}, Link("b")),
              PageOf({3})});
  EXPECT_OK(Walk());
  EXPECT_THAT(ids_, ElementsAre(1, 2, 3));
  EXPECT_EQ(graph_.requests()[1].target, "/v1.0/x?$skiptoken=X%2744537074");
  for (const httplib::Request& request : graph_.requests()) {
    EXPECT_EQ(request.get_header_value("ConsistencyLevel"), "eventual");
  }
}

TEST_F(PageWalkTest, BeginsAgainWhenAPageExpires) {
  graph_.Say(
      {PageOf({1}, Link("a")), Expired(), PageOf({2}, Link("a")), PageOf({3})});
  EXPECT_OK(Walk());
  EXPECT_THAT(ids_, ElementsAre(2, 3));
}

TEST_F(PageWalkTest, DoesNotBeginAgainForEver) {
  std::vector<Answer> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back(PageOf({1}, Link("a")));
    answers.push_back(Expired());
  }
  graph_.Say(answers);
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kDataLoss, "GRAPH_PAGES_EXPIRE"));
  EXPECT_EQ(graph_.requests().size(), 12u);
}

TEST_F(PageWalkTest, Section3_1_NothingIsAskedAgainAtOnce) {
  const auto waited = [this](std::vector<Answer> answers) {
    graph_.Say(std::move(answers));
    const absl::Duration before = waiter_.total();
    EXPECT_OK(Walk());
    return waiter_.total() - before;
  };
  const Answer garbled = {.body = "<html>"};
  EXPECT_GE(waited({garbled, PageOf({1})}), absl::Milliseconds(50));
  // Longer each time.
  EXPECT_GE(waited({garbled, garbled, PageOf({1})}), absl::Milliseconds(150));
  EXPECT_GE(waited({PageOf({1}, Link("a")), Expired(), PageOf({1})}),
            absl::Milliseconds(50));
  EXPECT_GE(waited({Expired(), Expired(), Expired(), PageOf({1})}),
            absl::Milliseconds(350));
  EXPECT_EQ(waited({PageOf({1}, Link("a")), PageOf({2})}),
            absl::ZeroDuration());
}

TEST_F(PageWalkTest, ALoopIsAnErrorAndNoEnd) {
  graph_.Say(
      {PageOf({1}, Link("a")), PageOf({2}, Link("b")), PageOf({3}, Link("a"))});
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kDataLoss, "GRAPH_PAGE_LOOP"));
}

// What was asked since the last look, by the page size of each.
std::vector<std::string> Sizes(const std::vector<httplib::Request>& requests) {
  std::vector<std::string> sizes;
  for (const httplib::Request& request : requests) {
    sizes.push_back(request.get_param_value("$top"));
  }
  return sizes;
}

Answer PageSizeRefused() {
  return {.status = 400,
          .body = R"({"error":{"code":"Request_UnsupportedQuery"}})"};
}

TEST_F(PageWalkTest, Fault21_APageSizeThatIsRefusedMakesPagesSmaller) {
  graph_.Say(
      {PageSizeRefused(), PageOf({1}, Link("a")), PageOf({2}), PageOf({3})});
  EXPECT_OK(Walk());
  EXPECT_THAT(ids_, ElementsAre(1, 2));
  // The session knows by then.
  EXPECT_OK(Walk());
  EXPECT_THAT(Sizes(graph_.requests()), ElementsAre("999", "100", "", "100"));
}

TEST_F(PageWalkTest, Fault21_AChainThatIsRefusedInItsMiddleBeginsAgain) {
  graph_.Say({PageOf({1}, Link("a")), PageSizeRefused(), PageOf({2}, Link("a")),
              PageOf({3})});
  EXPECT_OK(Walk());
  EXPECT_THAT(ids_, ElementsAre(2, 3));
}

TEST_F(PageWalkTest, Fault21_WhatIsRefusedAtAnySizeIsRefused) {
  graph_.Say(std::vector<Answer>(9, PageSizeRefused()));
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kInternal, "GRAPH_REFUSED"));
  EXPECT_THAT(Sizes(graph_.requests()), ElementsAre("999", "100", "20"));
  graph_.Say(
      {{.status = 400, .body = R"({"error":{"code":"Request_BadRequest"}})"}});
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kInternal, "GRAPH_REFUSED"));
  EXPECT_EQ(graph_.requests().size(), 4u);
}

TEST_F(PageWalkTest, Fault8_AListThatTakesTooLongGetsSmallerPages) {
  std::vector<Answer> answers(6, Answer{.status = 504, .body = ""});
  answers.push_back(PageOf({1}));
  graph_.Say(answers);
  EXPECT_OK(Walk());
  EXPECT_THAT(ids_, ElementsAre(1));
  EXPECT_EQ(Sizes(graph_.requests()).back(), "100");
  graph_.Say({PageOf({2})});
  // Other lists may not be as large.
  EXPECT_OK(Walk());
  EXPECT_EQ(Sizes(graph_.requests()).back(), "999");
}

TEST_F(PageWalkTest, Fault8_ManyIdsThatTakeTooLongAreAskedForInParts) {
  std::vector<SourceId> ids;
  for (int i = 0; i < 250; ++i) ids.emplace_back(0, i);
  std::vector<Answer> answers(6, Answer{.status = 504, .body = ""});
  for (int i = 1; i <= 3; ++i) answers.push_back(PageOf({i}));
  graph_.Say(answers);
  const auto page = GetByIds(*session_, "user", "id", ids, ParseMemberPage);
  ASSERT_OK(page);
  EXPECT_EQ(page->items.size(), 3u);
  EXPECT_EQ(graph_.requests().size(), 9u);
}

TEST_F(PageWalkTest, Section2_1_AnswersByIdBeginAgainWhenAPageExpires) {
  graph_.Say({PageOf({1}, Link("a")), Expired(), PageOf({1}, Link("b")),
              PageOf({2}, Link("c")), PageOf({3})});
  const auto page = GetByIds(*session_, "user", "id",
                             {SourceId(0, 1), SourceId(0, 2), SourceId(0, 3)},
                             ParseMemberPage);
  ASSERT_OK(page);
  ASSERT_EQ(page->items.size(), 3u);
  EXPECT_EQ(page->items[2].id, SourceId(0, 3));
  EXPECT_EQ(graph_.requests()[2].method, "POST");
  // Not for ever; and it costs the answer only.
  std::vector<Answer> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back(PageOf({1}, Link("a")));
    answers.push_back(Expired());
  }
  graph_.Say(answers);
  const auto cut =
      GetByIds(*session_, "user", "id", {SourceId(0, 1)}, ParseMemberPage);
  EXPECT_THAT(cut, StatusIs(StatusCode::kDataLoss, "GRAPH_PAGES_EXPIRE"));
  EXPECT_FALSE(EndsTheRead(cut.status()));
}

TEST_F(PageWalkTest, Invariant29_AnswersByIdAreBounded) {
  std::vector<int> many(1000);
  std::iota(many.begin(), many.end(), 0);
  std::vector<Answer> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back(PageOf(many, Link(absl::StrCat("p", i))));
  }
  graph_.Say(answers);
  EXPECT_THAT(
      GetByIds(*session_, "user", "id", {SourceId(0, 1)}, ParseMemberPage),
      StatusIs(StatusCode::kDataLoss, "GRAPH_PAGE_TOO_LARGE"));
  EXPECT_LT(graph_.requests().size(), 10u);
}

TEST_F(PageWalkTest, ABrokenPageCountsAsNotReceived) {
  graph_.Say({{.body = "<html>"}, {.body = R"({"value":[{"id")"}, PageOf({1})});
  EXPECT_OK(Walk());
  EXPECT_THAT(ids_, ElementsAre(1));
  graph_.Say(std::vector<Answer>(5, Answer{.body = "<html>"}));
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kDataLoss, "GRAPH_PAGE_MALFORMED"));
}

TEST_F(PageWalkTest, Fault3_TheSamePageUnderEverNewLinksEndsTheWalk) {
  std::vector<Answer> answers;
  for (int i = 0; i < 100; ++i) {
    answers.push_back(PageOf({1, 2}, Link(absl::StrCat(i))));
  }
  graph_.Say(answers);
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kDataLoss, "GRAPH_PAGE_LOOP"));
}

TEST_F(PageWalkTest, ALinkElsewhereIsNotFollowed) {
  graph_.Say({PageOf({1}, "https://evil.test/v1.0/x")});
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kDataLoss, "GRAPH_LINK_ELSEWHERE"));
  EXPECT_EQ(graph_.requests().size(), 1u);
}

}  // namespace
}  // namespace rollcall::directory
