// Delta rounds against a real little Graph over TLS.
#include "services/directory/delta_walk.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/graph_fixture.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DeltaWalkTest : public GraphFixture {
 protected:
  std::string Link(absl::string_view token) const {
    return absl::StrCat(graph_.origin(), "/v1.0/users/delta?$", token);
  }
  std::string Stored() const { return Link("deltatoken=stored"); }

  // A page of users with these numbers that leads on to `next`.
  Answer Page(const std::vector<int>& users, absl::string_view next) const {
    std::string body = R"({"value":[)";
    for (const int user : users) {
      absl::StrAppend(&body, body.back() == '[' ? "" : ",", R"({"id":")",
                      SourceId(0, user).ToString(), R"("})");
    }
    return {.body =
                absl::StrCat(body, R"(],"@odata.nextLink":")",
                             Link(absl::StrCat("skiptoken=", next)), R"("})")};
  }
  Answer LastPage(const std::vector<int>& users) const {
    Answer answer = Page(users, "");
    answer.body = absl::StrReplaceAll(
        answer.body,
        {{"nextLink", "deltaLink"}, {"skiptoken=", "deltatoken=new"}});
    return answer;
  }
  absl::StatusOr<DeltaRound<UserChange>> Walk(const DeltaLimits& limits = {}) {
    absl::StatusOr<DeltaRound<UserChange>> round =
        WalkUserDelta(*session_, Stored(), limits);
    users_.clear();
    if (round.ok()) {
      for (const UserChange& change : round->changes) {
        users_.push_back(static_cast<int>(change.user.id.low()));
      }
    }
    return round;
  }

  std::vector<int> users_;
};

TEST_F(DeltaWalkTest, B6_ARoundWithoutChangesIsOneRequest) {
  graph_.Say({LastPage({})});
  const auto round = Walk();
  ASSERT_OK(round);
  EXPECT_THAT(users_, IsEmpty());
  EXPECT_EQ(round->delta_link, Link("deltatoken=new"));
  ASSERT_EQ(graph_.requests().size(), 1u);
  EXPECT_EQ(graph_.requests()[0].target,
            "/v1.0/users/delta?$deltatoken=stored");
}

TEST_F(DeltaWalkTest, Fault1And2_EmptyPagesAndRepeatsAreTakenAsTheyCome) {
  graph_.Say({Page({}, "a"), Page({1, 2}, "b"), Page({}, "c"), Page({2}, "d"),
              Page({2}, "e"), LastPage({1})});
  ASSERT_OK(Walk());
  EXPECT_THAT(users_, ElementsAre(1, 2, 2, 2, 1));
}

TEST_F(DeltaWalkTest, Fault3_ALinkThatWasThereBeforeEndsTheRound) {
  graph_.Say({Page({1}, "a"), Page({2}, "b"), Page({3}, "a")});
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kDataLoss, "GRAPH_PAGE_LOOP"));
}

TEST_F(DeltaWalkTest, Fault3_TheSamePageUnderEverNewLinksEndsTheRound) {
  std::vector<Answer> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(Page({1}, absl::StrCat(i)));
  graph_.Say(answers);
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kDataLoss, "GRAPH_PAGE_LOOP"));
  EXPECT_LT(graph_.requests().size(), 30u);
}

TEST_F(DeltaWalkTest, Fault3_ARoundHasALastPage) {
  std::vector<Answer> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(Page({i}, absl::StrCat(i)));
  graph_.Say(answers);
  EXPECT_THAT(Walk({.max_pages = 10}),
              StatusIs(StatusCode::kDataLoss, "GRAPH_PAGES_ENDLESS"));
  EXPECT_EQ(graph_.requests().size(), 10u);
}

TEST_F(DeltaWalkTest, Fault4And5_ARoundBeginsAgainWhenAPageExpires) {
  graph_.Say({Page({1}, "a"), Error(400, "Directory_ExpiredPageToken"),
              Page({2}, "b"), Error(400, "DirectoryPageTokenNotFoundException"),
              Page({3}, "a"), LastPage({4})});
  ASSERT_OK(Walk());
  EXPECT_THAT(users_, ElementsAre(3, 4));  // Nothing of the earlier tries.
  // Section 3.1: never at once, and longer each time.
  EXPECT_GE(waiter_.total(), absl::Milliseconds(150));
}

TEST_F(DeltaWalkTest, Fault4_ARoundDoesNotBeginAgainForEver) {
  std::vector<Answer> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back(Page({1}, "a"));
    answers.push_back(Error(400, "Directory_ExpiredPageToken"));
  }
  graph_.Say(answers);
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kDataLoss, "GRAPH_PAGES_EXPIRE"));
  EXPECT_EQ(graph_.requests().size(), 12u);
}

TEST_F(DeltaWalkTest, Fault4_AStoredLinkThatStaysExpiredNeedsAFullRead) {
  graph_.Say(std::vector<Answer>(20, Error(400, "Directory_ExpiredPageToken")));
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kAborted, "GRAPH_RESYNC_REQUIRED"));
  EXPECT_EQ(graph_.requests().size(), 6u);
}

TEST_F(DeltaWalkTest, Fault6_A404WithoutANameIsTransient) {
  graph_.Say({Page({1}, "a"), Error(404, "UnknownError"), LastPage({2})});
  ASSERT_OK(Walk());
  EXPECT_THAT(users_, ElementsAre(1, 2));
}

TEST_F(DeltaWalkTest, Fault6_A404ThatStaysNeedsAFullRead) {
  graph_.Say(std::vector<Answer>(50, Error(404, "UnknownError")));
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kAborted, "GRAPH_RESYNC_REQUIRED"));
  EXPECT_EQ(graph_.requests().size(), 6u);
}

TEST_F(DeltaWalkTest, Fault6_A404ThatStaysOnAPageBeginsTheRoundAgain) {
  std::vector<Answer> answers(6, Error(404, "UnknownError"));
  answers.insert(answers.begin(), Page({1}, "a"));
  answers.push_back(Page({2}, "b"));
  answers.push_back(LastPage({3}));
  graph_.Say(answers);
  ASSERT_OK(Walk());
  EXPECT_THAT(users_, ElementsAre(2, 3));
}

TEST_F(DeltaWalkTest, Fault7_A400WithAPageInItIsAFailure) {
  Answer lie = LastPage({1});
  lie.status = 400;
  graph_.Say({lie, LastPage({2})});
  ASSERT_OK(Walk());
  EXPECT_THAT(users_, ElementsAre(2));
  graph_.Say(std::vector<Answer>(10, lie));
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kUnavailable, "GRAPH_UNAVAILABLE"));
}

TEST_F(DeltaWalkTest, Fault8_ServerErrorsAreTriedAgain) {
  graph_.Say({Error(504, "UnknownError"), Page({1}, "a"),
              Error(500, "UnknownError"), LastPage({2})});
  ASSERT_OK(Walk());
  EXPECT_THAT(users_, ElementsAre(1, 2));
}

TEST_F(DeltaWalkTest, Fault16_WhatEndsALinkNeedsAFullRead) {
  for (const Answer& answer :
       {Answer{.status = 410, .body = "gone"},
        Answer{.status = 410, .body = ""}, Error(410, "SyncStateNotFound"),
        Error(400, "syncStateNotFound"), Error(400, "RESYNCREQUIRED"),
        Error(404, "syncStateInvalid"), Error(403, "invalidDeltaToken"),
        Answer{.status = 400, .body = R"({"error":{"code":"BadRequest",
            "innerError":{"code":"x","InnerError":{"code":"syncStateNotFound"}}
            }})"}}) {
    graph_.Say({Page({1}, "a"), answer});
    const size_t before = graph_.requests().size();
    EXPECT_THAT(Walk(), StatusIs(StatusCode::kAborted, "GRAPH_RESYNC_REQUIRED"))
        << answer.body;
    EXPECT_EQ(graph_.requests().size(), before + 2);
  }
}

TEST_F(DeltaWalkTest, Fault30_APageThatWasCutShortWasNotReceived) {
  Answer cut = Page({1}, "a");
  cut.body.resize(cut.body.size() / 2);
  graph_.Say({cut, Page({1}, "a"), cut, LastPage({2})});
  ASSERT_OK(Walk());
  EXPECT_THAT(users_, ElementsAre(1, 2));
  EXPECT_GE(waiter_.total(), absl::Milliseconds(100));
  graph_.Say(std::vector<Answer>(10, cut));
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kDataLoss, "GRAPH_PAGE_MALFORMED"));
}

TEST_F(DeltaWalkTest, ALargeRoundIsLeftToAFullRead) {
  graph_.Say({Page({1, 2}, "a"), LastPage({3})});
  EXPECT_THAT(Walk({.max_objects = 2}), StatusIs(StatusCode::kResourceExhausted,
                                                 "GRAPH_ROUND_TOO_LARGE"));
}

TEST_F(DeltaWalkTest, Section5_1_NoLinkLeadsElsewhere) {
  EXPECT_THAT(WalkUserDelta(*session_, "https://evil.test/v1.0/users/delta"),
              StatusIs(StatusCode::kDataLoss, "GRAPH_LINK_ELSEWHERE"));
  EXPECT_THAT(graph_.requests(), IsEmpty());
  Answer away = Page({}, "");
  away.body = R"({"value":[],"@odata.nextLink":"https://evil.test/v1.0/x"})";
  graph_.Say({away});
  EXPECT_THAT(Walk(), StatusIs(StatusCode::kDataLoss, "GRAPH_LINK_ELSEWHERE"));
}

TEST_F(DeltaWalkTest, LatestUsersIsAskedForWithOurSelection) {
  graph_.Say({LastPage({})});
  const auto link = LatestUserDelta(*session_, true);
  ASSERT_OK(link);
  EXPECT_EQ(*link, Link("deltatoken=new"));
  EXPECT_EQ(graph_.requests()[0].target,
            "/v1.0/users/delta?$select=id,userPrincipalName,displayName,mail,"
            "accountEnabled,userType,mobilePhone,businessPhones"
            "&$deltatoken=latest");
}

TEST_F(DeltaWalkTest, Fault23_LatestThatIsIgnoredStillGivesALink) {
  graph_.Say({Page({1, 2, 3}, "a"), LastPage({4})});
  const auto link = LatestUserDelta(*session_, false);
  ASSERT_OK(link);
  EXPECT_EQ(*link, Link("deltatoken=new"));
}

TEST_F(DeltaWalkTest, LatestGroupsNamesAtMostFifty) {
  graph_.Say({LastPage({}), LastPage({})});
  EXPECT_OK(LatestGroupDelta(*session_, {}));
  EXPECT_EQ(graph_.requests()[0].target,
            "/v1.0/groups/delta?$select=id,displayName,description,visibility,"
            "members&$deltatoken=latest");
  const std::vector<SourceId> two = {SourceId(0, 1), SourceId(0, 2)};
  EXPECT_OK(LatestGroupDelta(*session_, two));
  EXPECT_EQ(graph_.requests()[1].params.find("$filter")->second,
            "id eq '00000000-0000-0000-0000-000000000001' or "
            "id eq '00000000-0000-0000-0000-000000000002'");
  EXPECT_THAT(LatestGroupDelta(*session_, std::vector<SourceId>(51)),
              StatusIs(StatusCode::kInvalidArgument, "GRAPH_FILTER_TOO_LONG"));
}

TEST_F(DeltaWalkTest, GroupsTellTheirMembersSliceBySlice) {
  const auto slice = [](int user, absl::string_view link) {
    return Answer{.body = absl::StrCat(
                      R"({"value":[{"id":")", SourceId(1, 1).ToString(),
                      R"(","members@delta":[{"@odata.type":)",
                      R"("#microsoft.graph.user","id":")",
                      SourceId(0, user).ToString(), R"("}]}],)", link, "}")};
  };
  graph_.Say(
      {slice(1, absl::StrCat(R"("@odata.nextLink":")", Link("a"), "\"")),
       slice(2, absl::StrCat(R"("@odata.deltaLink":")", Link("b"), "\""))});
  const auto round = WalkGroupDelta(*session_, Stored());
  ASSERT_OK(round);
  ASSERT_EQ(round->changes.size(), 2u);
  EXPECT_EQ(round->changes[0].members[0].member.id, SourceId(0, 1));
  EXPECT_EQ(round->changes[1].members[0].member.id, SourceId(0, 2));
  EXPECT_EQ(round->changes[1].group.id, SourceId(1, 1));
}

}  // namespace
}  // namespace rollcall::directory
