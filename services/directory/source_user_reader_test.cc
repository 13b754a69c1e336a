#include "services/directory/source_user_reader.h"

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "services/directory/graph_fixture.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const SourceId kAda(0, 1);
constexpr char kName[] = "o'brien+x@contoso.test";

std::string User(const SourceId& id, absl::string_view name) {
  return absl::StrCat(R"({"id":")", id.ToString(), R"(","userPrincipalName":")",
                      name, R"("})");
}
Answer List(absl::string_view items) {
  return {.body = absl::StrCat(R"({"value":[)", items, "]}")};
}
Answer Ids(const std::vector<int>& ids) {
  std::string items;
  for (const int id : ids) {
    absl::StrAppend(&items, items.empty() ? "\"" : ",\"",
                    SourceId(1, id).ToString(), "\"");
  }
  return List(items);
}
Answer MemberOf(const std::vector<int>& groups) {
  std::string items =
      R"({"@odata.type":"#microsoft.graph.directoryRole","id":")";
  absl::StrAppend(&items, SourceId(9, 9).ToString(), "\"}");
  for (const int group : groups) {
    absl::StrAppend(&items,
                    R"(,{"@odata.type":"#microsoft.graph.group","id":")",
                    SourceId(1, group).ToString(), "\"}");
  }
  return List(items);
}

class SourceUserReaderTest : public GraphFixture {
 protected:
  std::vector<std::string> Targets() {
    std::vector<std::string> targets;
    for (const httplib::Request& request : graph_.requests()) {
      targets.push_back(request.target);
    }
    return targets;
  }
};

TEST_F(SourceUserReaderTest, R79_IsFoundByItsWholeNameInThreeRequests) {
  graph_.Say({List(User(kAda, "O'Brien+X@contoso.test")), Ids({3, 1, 2}),
              MemberOf({2})});
  const auto read = ReadSourceUserByName(*session_, kName, {});
  ASSERT_OK(read);
  EXPECT_TRUE(read->found);
  EXPECT_EQ(read->user.id, kAda);
  EXPECT_THAT(read->groups,
              ElementsAre(SourceId(1, 1), SourceId(1, 2), SourceId(1, 3)));
  EXPECT_THAT(read->direct_groups, ElementsAre(SourceId(1, 2)));
  EXPECT_THAT(read->doubts, IsEmpty());
  const std::string user = absl::StrCat("/v1.0/users/", kAda.ToString());
  EXPECT_THAT(
      Targets(),
      ElementsAre("/v1.0/users?$filter=userPrincipalName%20eq%20"
                  "%27o%27%27brien%2Bx%40contoso.test%27&$select=id,"
                  "userPrincipalName,displayName,mail,accountEnabled,userType",
                  absl::StrCat(user, "/getMemberGroups"),
                  absl::StrCat(user, "/memberOf?$select=id&$top=999")));
}

TEST_F(SourceUserReaderTest, R79_WithoutADomainNothingIsAsked) {
  for (absl::string_view name : {"ada", "", "@contoso.test", "ada@"}) {
    EXPECT_THAT(ReadSourceUserByName(*session_, name, {}),
                StatusIs(StatusCode::kInvalidArgument, "UPN_INVALID"))
        << name;
  }
  EXPECT_THAT(Targets(), IsEmpty());
}

TEST_F(SourceUserReaderTest, Fault23_AFilterThatIsIgnoredIsNoticed) {
  graph_.Say({List(User(SourceId(0, 5), "somebody@contoso.test")),
              {.body = User(kAda, kName)},
              Ids({}),
              MemberOf({})});
  const auto read = ReadSourceUserByName(*session_, kName, {});
  ASSERT_OK(read);
  EXPECT_EQ(read->user.id, kAda);
  EXPECT_EQ(Targets()[1],
            "/v1.0/users(%27o%27%27brien%2Bx%40contoso.test%27)?$select=id,"
            "userPrincipalName,displayName,mail,accountEnabled,userType");
}

TEST_F(SourceUserReaderTest, B3_OnlyA404ThatNamesTheUserIsAbsence) {
  graph_.Say({List(""), Error(404, "Request_ResourceNotFound")});
  const auto read = ReadSourceUserByName(*session_, kName, {});
  ASSERT_OK(read);
  EXPECT_FALSE(read->found);

  std::vector<Answer> trouble(7, Error(404, "UnknownError"));
  trouble[0] = List("");
  graph_.Say(trouble);
  EXPECT_THAT(ReadSourceUserByName(*session_, kName, {}),
              StatusIs(StatusCode::kUnavailable, "GRAPH_UNAVAILABLE"));

  graph_.Say({List(""), Error(403, "Authorization_RequestDenied")});
  EXPECT_THAT(ReadSourceUserByName(*session_, kName, {}),
              StatusIs(StatusCode::kFailedPrecondition, "GRAPH_FORBIDDEN"));
  EXPECT_THAT(read->doubts, SizeIs(1));  // Of a person it says nothing.
}

// What is said of a user whom the tenant does not find by its id.
struct NotFoundCase {
  const char* name;
  std::vector<Answer> answers;  // After the first 404.
  bool is_expected;
  size_t doubts;
  bool waits;

  friend void PrintTo(const NotFoundCase& row, std::ostream* out) {
    *out << row.name;
  }
};

class NotFoundTest : public SourceUserReaderTest,
                     public ::testing::WithParamInterface<NotFoundCase> {};

TEST_P(NotFoundTest, B3_Section3_2_A404IsNotBelievedAtOnce) {
  const NotFoundCase& row = GetParam();
  std::vector<Answer> answers = {Error(404, "Request_ResourceNotFound")};
  answers.insert(answers.end(), row.answers.begin(), row.answers.end());
  const size_t requests = answers.size();
  graph_.Say(std::move(answers));
  const auto read = ReadSourceUserById(*session_, kAda,
                                       {.is_expected = [&](const SourceId& id) {
                                         EXPECT_EQ(id, kAda);
                                         return row.is_expected;
                                       }});
  ASSERT_OK(read);
  EXPECT_FALSE(read->found);
  EXPECT_THAT(read->doubts, SizeIs(row.doubts));
  ASSERT_THAT(graph_.requests(), SizeIs(requests));
  EXPECT_EQ(Targets()[1], absl::StrCat("/v1.0/directory/deletedItems/",
                                       kAda.ToString(), "?$select=id"));
  EXPECT_EQ(waiter_.total() > absl::Seconds(1), row.waits);
}

const Answer kNowhere = {
    .status = 404, .body = R"({"error":{"code":"Request_ResourceNotFound"}})"};
const Answer kNotAllowed = {
    .status = 403,
    .body = R"({"error":{"code":"Authorization_RequestDenied"}})"};

INSTANTIATE_TEST_SUITE_P(
    Each, NotFoundTest,
    ::testing::Values(NotFoundCase{"AmongTheDeletedItems",
                                   {{.body = User(kAda, kName)}},
                                   /*is_expected=*/true,
                                   /*doubts=*/0,
                                   /*waits=*/false},
                      NotFoundCase{"MissedByEverybodyTwice",
                                   {kNowhere, kNowhere},
                                   /*is_expected=*/false,
                                   /*doubts=*/0,
                                   /*waits=*/true},
                      NotFoundCase{"FoundTheSecondTime",
                                   {kNowhere, {.body = User(kAda, kName)}},
                                   /*is_expected=*/false,
                                   /*doubts=*/1,
                                   /*waits=*/true},
                      NotFoundCase{"ExpectedToBeThere",
                                   {kNowhere},
                                   /*is_expected=*/true,
                                   /*doubts=*/1,
                                   /*waits=*/false},
                      NotFoundCase{"DeletedItemsMayNotBeLookedAt",
                                   {kNotAllowed},
                                   /*is_expected=*/true,
                                   /*doubts=*/1,
                                   /*waits=*/false},
                      NotFoundCase{"AnotherDeletedItem",
                                   {{.body = User(SourceId(0, 2), kName)}},
                                   /*is_expected=*/true,
                                   /*doubts=*/1,
                                   /*waits=*/false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(SourceUserReaderTest, TroubleWithTheDeletedItemsIsNoAbsence) {
  std::vector<Answer> answers(7, Error(404, "UnknownError"));
  answers[0] = kNowhere;
  graph_.Say(answers);
  EXPECT_THAT(ReadSourceUserById(*session_, kAda, {}),
              StatusIs(StatusCode::kUnavailable, "GRAPH_UNAVAILABLE"));
}

TEST_F(SourceUserReaderTest, AnotherUserThanAskedForIsAnError) {
  graph_.Say({{.body = User(SourceId(0, 2), kName)}});
  EXPECT_THAT(ReadSourceUserById(*session_, kAda, {}),
              StatusIs(StatusCode::kDataLoss, "GRAPH_WRONG_USER"));
  graph_.Say({List(""), {.body = User(kAda, "else@contoso.test")}});
  EXPECT_THAT(ReadSourceUserByName(*session_, kName, {}),
              StatusIs(StatusCode::kDataLoss, "GRAPH_WRONG_USER"));
}

TEST_F(SourceUserReaderTest, AUserOfVeryManyGroupsIsAskedAboutTheCandidates) {
  SourceUserOptions options;
  for (int i = 0; i < 21; ++i) options.candidates.push_back(SourceId(1, i));
  graph_.Say({{.body = User(kAda, kName)},
              Error(400, "Directory_ResultSizeLimitExceeded"),
              Ids({3}),
              Ids({20}),
              MemberOf({3})});
  const auto read = ReadSourceUserById(*session_, kAda, options);
  ASSERT_OK(read);
  EXPECT_TRUE(read->only_candidates);
  EXPECT_THAT(read->groups, ElementsAre(SourceId(1, 3), SourceId(1, 20)));
  EXPECT_THAT(read->doubts, IsEmpty());
  const std::string check =
      absl::StrCat("/v1.0/users/", kAda.ToString(), "/checkMemberGroups");
  EXPECT_EQ(Targets()[2], check);
  EXPECT_EQ(Targets()[3], check);
  EXPECT_EQ(
      graph_.requests()[3].body,
      absl::StrCat(R"({"groupIds":[")", SourceId(1, 20).ToString(), R"("]})"));
}

// A list of ids comes in a page or two; one that goes on and on is trouble.
TEST_F(SourceUserReaderTest, R30_PagesOfIdsWithoutEndAreAnError) {
  constexpr int kMostPages = 100;
  for (const int pages : {kMostPages, kMostPages + 1, 10 * kMostPages}) {
    SCOPED_TRACE(pages);
    std::vector<Answer> answers = {List(User(kAda, kName))};
    for (int page = 1; page <= pages; ++page) {
      const std::string next =
          absl::StrCat(R"("@odata.nextLink":")", graph_.origin(),
                       "/v1.0/x?p=", page, R"(",)");
      answers.push_back(
          {.body = absl::StrCat("{", page < pages ? next : "", R"("value":[")",
                                SourceId(1, page).ToString(), R"("]})")});
    }
    answers.push_back(MemberOf({1}));
    const size_t before = graph_.requests().size();
    graph_.Say(answers);
    const auto read = ReadSourceUserByName(*session_, kName, {});
    if (pages <= kMostPages) {
      ASSERT_OK(read);
      EXPECT_THAT(read->groups, SizeIs(pages));
    } else {
      EXPECT_THAT(read, StatusIs(StatusCode::kDataLoss, "GRAPH_PAGES_ENDLESS"));
      EXPECT_EQ(graph_.requests().size() - before, 1 + kMostPages);
    }
  }
}

TEST_F(SourceUserReaderTest, Section2_1_GroupsInPagesBeginAgainWhenOneExpires) {
  const auto led_on = [this](const std::vector<int>& ids, int token) {
    Answer page = Ids(ids);
    page.body.pop_back();
    absl::StrAppend(&page.body, R"(,"@odata.nextLink":")", graph_.origin(),
                    "/v1.0/x?$skiptoken=", token, "\"}");
    return page;
  };
  graph_.Say({{.body = User(kAda, kName)},
              led_on({1}, 1),
              Error(400, "Directory_ExpiredPageToken"),
              led_on({1}, 2),
              Ids({2}),
              MemberOf({2})});
  const auto read = ReadSourceUserById(*session_, kAda, {});
  ASSERT_OK(read);
  EXPECT_THAT(read->groups, ElementsAre(SourceId(1, 1), SourceId(1, 2)));
  EXPECT_THAT(read->doubts, IsEmpty());
  EXPECT_GE(waiter_.total(), absl::Milliseconds(50));
}

TEST_F(SourceUserReaderTest, R30_WhatIsHiddenIsDoubted) {
  const SourceUserOptions options = {
      .hidden = {SourceId(1, 1), SourceId(1, 2), SourceId(1, 3)}};
  graph_.Say({{.body = User(kAda, kName)}, Ids({1}), MemberOf({})});
  const auto read = ReadSourceUserById(*session_, kAda, options);
  ASSERT_OK(read);
  EXPECT_THAT(read->doubts, SizeIs(1));  // About 2 and 3.
  graph_.Say({{.body = User(kAda, kName)}, Ids({1, 2, 3}), MemberOf({})});
  EXPECT_THAT(ReadSourceUserById(*session_, kAda, options)->doubts, IsEmpty());
}

TEST_F(SourceUserReaderTest, R30_WhatShowsOnlyItsIdIsDoubted) {
  graph_.Say({{.body = absl::StrCat(R"({"id":")", kAda.ToString(),
                                    R"(","displayName":null})")},
              Ids({}),
              MemberOf({})});
  const auto read = ReadSourceUserById(*session_, kAda, {});
  ASSERT_OK(read);
  EXPECT_TRUE(read->found);
  EXPECT_THAT(read->doubts, SizeIs(1));
}

TEST_F(SourceUserReaderTest, R30_GroupsThatCannotBeReadAreDoubted) {
  graph_.Say({{.body = User(kAda, kName)}, List(R"("no id")"), MemberOf({})});
  const auto read = ReadSourceUserById(*session_, kAda, {});
  ASSERT_OK(read);
  EXPECT_THAT(read->doubts, SizeIs(1));
}

TEST_F(SourceUserReaderTest, AUserWhoGoesMeanwhileIsAbsent) {
  graph_.Say({{.body = User(kAda, kName)},
              kNowhere,
              kNowhere,
              {.body = User(kAda, kName)}});
  const auto read = ReadSourceUserById(*session_, kAda, {});
  ASSERT_OK(read);
  EXPECT_FALSE(read->found);
  EXPECT_THAT(read->doubts, IsEmpty());
}

TEST_F(SourceUserReaderTest, Fault9_AUserWithoutGroupsYetIsDoubted) {
  graph_.Say({{.body = User(kAda, kName)},
              Error(404, "Request_ResourceNotFound"),
              {.body = User(kAda, kName)},
              MemberOf({})});
  const auto read = ReadSourceUserById(*session_, kAda, {});
  ASSERT_OK(read);
  EXPECT_TRUE(read->found);
  EXPECT_THAT(read->doubts, SizeIs(1));
}

}  // namespace
}  // namespace rollcall::directory
