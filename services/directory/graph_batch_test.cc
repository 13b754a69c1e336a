#include "services/directory/graph_batch.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "services/directory/batch_answer.h"
#include "services/directory/graph_fixture.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Item(int id, int status, absl::string_view body = R"({"a":1})",
                 absl::string_view headers = "{}") {
  return absl::StrCat(R"({"id":")", id, R"(","status":)", status,
                      R"(,"headers":)", headers, R"(,"body":)", body, "}");
}
std::string Coded(absl::string_view code) {
  return absl::StrCat(R"({"error":{"code":")", code, R"("}})");
}
std::string Batch(const std::vector<std::string>& items) {
  return absl::StrCat(R"({"responses":[)", absl::StrJoin(items, ","), "]}");
}

class GraphBatchTest : public GraphFixture {
 protected:
  static std::vector<BatchQuestion> Questions(int count) {
    std::vector<BatchQuestion> questions;
    for (int i = 0; i < count; ++i) {
      questions.push_back({.path = absl::StrCat("/v1.0/users/", i)});
    }
    return questions;
  }
  std::vector<std::string> Targets() {
    std::vector<std::string> targets;
    for (const httplib::Request& request : graph_.requests()) {
      targets.push_back(request.target);
    }
    return targets;
  }
};

TEST_F(GraphBatchTest, Section2_6_AnswersFindTheirQuestionsInAnyOrder) {
  graph_.Say(
      {{.body = Batch({Item(2, 200, R"("c")"), Item(0, 200, R"({"a":[1]})"),
                       Item(1, 404, Coded("Request_ResourceNotFound"))})}});
  const auto answers =
      AskInBatches(*session_, {{.path = "/v1.0/users/x?$select=id"},
                               {.path = "/v1.0/users/y"},
                               {.path = "/v1.0/users/z/getMemberGroups",
                                .body = R"({"securityEnabledOnly":false})"}});
  ASSERT_OK(answers);
  ASSERT_THAT(*answers, SizeIs(3));
  EXPECT_EQ((*answers)[0].value(), R"({"a":[1]})");
  EXPECT_THAT((*answers)[1],
              StatusIs(StatusCode::kNotFound, "GRAPH_NOT_FOUND"));
  EXPECT_EQ((*answers)[2].value(), R"("c")");
  ASSERT_THAT(Targets(), ElementsAre("/v1.0/$batch"));
  EXPECT_EQ(
      graph_.requests()[0].body,
      R"({"requests":[{"id":"0","method":"GET","url":"/users/x?$select=id",)"
      R"("headers":{"x-ms-throttle-priority":"Low"}},)"
      R"({"id":"1","method":"GET","url":"/users/y",)"
      R"("headers":{"x-ms-throttle-priority":"Low"}},)"
      R"({"id":"2","method":"POST","url":"/users/z/getMemberGroups",)"
      R"("headers":{"x-ms-throttle-priority":"Low",)"
      R"("Content-Type":"application/json"},)"
      R"("body":{"securityEnabledOnly":false}}]})");
}

TEST_F(GraphBatchTest, Fault18_WhatWasRefusedIsAskedAloneAfterTheLongestWait) {
  graph_.Say({{.body = Batch({Item(0, 429, "{}", R"({"Retry-After":"2"})"),
                              Item(1, 200),
                              Item(2, 429, "{}", R"({"retry-after":"7.5"})"),
                              Item(3, 503, "{}")})},
              {.body = "0"},
              {.status = 404, .body = Coded("Request_ResourceNotFound")},
              {.status = 503},
              {.body = "3"}});
  const auto answers = AskInBatches(*session_, Questions(4));
  ASSERT_OK(answers);
  EXPECT_EQ((*answers)[0].value(), "0");
  EXPECT_THAT((*answers)[2],
              StatusIs(StatusCode::kNotFound, "GRAPH_NOT_FOUND"));
  EXPECT_EQ((*answers)[3].value(), "3");
  EXPECT_THAT(Targets(),
              ElementsAre("/v1.0/$batch", "/v1.0/users/0", "/v1.0/users/2",
                          "/v1.0/users/3", "/v1.0/users/3"));
  EXPECT_GE(waiter_.total(), absl::Seconds(7.5));
}

TEST_F(GraphBatchTest, Section3_1_WithoutARetryAfterItBacksOff) {
  const std::string throttled = Batch({Item(0, 429), Item(1, 200)});
  const std::string in_trouble = Batch({Item(0, 503), Item(1, 200)});
  const std::string unreadable =
      Batch({Item(0, 429, "{}", R"({"Retry-After":"soon"})"), Item(1, 200)});
  const std::string left_out = Batch({Item(1, 200)});
  for (const std::string& body :
       {throttled, in_trouble, unreadable, left_out}) {
    graph_.Say({{.body = body}});
    const absl::Duration before = waiter_.total();
    EXPECT_OK(AskInBatches(*session_, Questions(2)));
    // A second, in its upper half.
    EXPECT_GE(waiter_.total() - before, absl::Seconds(0.5)) << body;
    EXPECT_LE(waiter_.total() - before, absl::Seconds(1.5)) << body;
  }
}

TEST_F(GraphBatchTest, Section3_1_OneThatDoesNotSayMakesTheOthersWaitToo) {
  graph_.Say({{.body = Batch({Item(0, 429, "{}", R"({"Retry-After":"0"})"),
                              Item(1, 429)})}});
  EXPECT_OK(AskInBatches(*session_, Questions(2)));
  EXPECT_GE(waiter_.total(), absl::Seconds(0.5));
}

TEST_F(GraphBatchTest, Section3_1_NoWaitIsNoHotLoop) {
  graph_.Say({{.body = Batch({Item(0, 429, "{}", R"({"Retry-After":"0"})"),
                              Item(1, 200)})}});
  EXPECT_OK(AskInBatches(*session_, Questions(2)));
  EXPECT_GE(waiter_.total(), absl::Milliseconds(50));
}

TEST_F(GraphBatchTest, Section3_1_ThePaceLearnsOfARefusalInside) {
  // 429 halves the budget: 4,000 units at once, and the others at 400 a second.
  const auto spend = [this] {
    const absl::Duration before = waiter_.total();
    graph_.Say(std::vector<Answer>(
        10, Answer{.headers = {{"x-ms-resource-unit", "800"}}}));
    for (int i = 0; i < 10; ++i) EXPECT_OK(session_->Get("/v1.0/users"));
    return waiter_.total() - before;
  };
  EXPECT_LE(spend(), absl::Seconds(1));
  clock_.AdvanceTime(absl::Minutes(10));
  graph_.Say({{.body = Batch({Item(0, 429), Item(1, 200)})}});
  EXPECT_OK(AskInBatches(*session_, Questions(2)));
  EXPECT_GE(spend(), absl::Seconds(8));
}

TEST_F(GraphBatchTest, Fault8_WhatTakesTooLongAtOnceIsAskedOneByOne) {
  graph_.Say(std::vector<Answer>(6, Answer{.status = 504, .body = ""}));
  const auto answers = AskInBatches(*session_, Questions(3));
  ASSERT_OK(answers);
  for (const auto& answer : *answers) EXPECT_OK(answer);
  EXPECT_EQ(graph_.requests().size(), 9u);
}

TEST_F(GraphBatchTest, Section2_6_WhatIsMissingOrUnclearIsAskedAlone) {
  graph_.Say({{.body = Batch({Item(1, 200), Item(1, 200), Item(9, 200), "7",
                              R"({"id":"2","status":"200"})"})}});
  const auto answers = AskInBatches(*session_, Questions(3));
  ASSERT_OK(answers);
  EXPECT_THAT(Targets(), ElementsAre("/v1.0/$batch", "/v1.0/users/0",
                                     "/v1.0/users/1", "/v1.0/users/2"));
}

TEST_F(GraphBatchTest, ABatchThatCannotBeReadIsAskedOneByOne) {
  for (const Answer& answer : {Answer{.body = "<html>"}, Error(400, "x")}) {
    graph_.Say({answer});
    const size_t before = graph_.requests().size();
    EXPECT_OK(AskInBatches(*session_, Questions(3)));
    EXPECT_EQ(graph_.requests().size(), before + 4);
  }
}

TEST_F(GraphBatchTest, Section2_6_TwentyAtOnce) {
  EXPECT_OK(AskInBatches(*session_, {}));
  EXPECT_THAT(Targets(), IsEmpty());
  std::vector<std::string> items;
  for (int i = 0; i < 20; ++i) items.push_back(Item(i, 200));
  graph_.Say({{.body = Batch(items)}, {.body = Batch({Item(0, 200)})}});
  const auto answers = AskInBatches(*session_, Questions(21));
  ASSERT_OK(answers);
  EXPECT_THAT(*answers, SizeIs(21));
  EXPECT_THAT(Targets(), ElementsAre("/v1.0/$batch", "/v1.0/$batch"));
  // Each of them counts.
  EXPECT_EQ(client_->Quota(kTenant).recent_units, 21);
}

TEST_F(GraphBatchTest, R12_ARefusedTokenInsideIsRenewed) {
  graph_.Say({{.body = Batch({Item(0, 401)})}, {.status = 401}});
  EXPECT_OK(AskInBatches(*session_, Questions(1)));
  EXPECT_THAT(authorization_.reported(), ElementsAre("token-1"));
}

TEST_F(GraphBatchTest, ALongWaitEndsTheRead) {
  graph_.Say(
      {{.body = Batch({Item(0, 429, "{}", R"({"Retry-After":"3600"})")})}});
  const auto answers = AskInBatches(*session_, Questions(1));
  EXPECT_THAT(answers, StatusIs(StatusCode::kUnavailable, "GRAPH_THROTTLED"));
  EXPECT_EQ(RetryDelayOf(answers.status()), absl::Hours(1));
  EXPECT_EQ(graph_.requests().size(), 1u);
}

TEST_F(GraphBatchTest, Section5_1_NoQuestionLeadsElsewhere) {
  for (absl::string_view path :
       {"https://evil.test/v1.0/users", "/beta/users", "/v1.0/x\",\"y\":\""}) {
    EXPECT_THAT(AskInBatches(*session_, {{.path = std::string(path)}}),
                StatusIs(StatusCode::kInternal, "GRAPH_PATH_INVALID"));
  }
  EXPECT_THAT(Targets(), IsEmpty());
}

TEST(BatchAnswer, ABrokenFrameIsNoAnswer) {
  for (absl::string_view body :
       {"", "[]", "{}", R"({"responses":{}})", R"({"responses":[)"}) {
    EXPECT_THAT(ParseBatchAnswer(body, 2),
                StatusIs(StatusCode::kDataLoss, "GRAPH_PAGE_MALFORMED"))
        << body;
  }
  EXPECT_THAT(ParseBatchAnswer(R"({"responses":[1,2,3,4,5]})", 1),
              StatusIs(StatusCode::kDataLoss, "GRAPH_PAGE_TOO_LARGE"));
}

}  // namespace
}  // namespace rollcall::directory
