// How much a round may ask for, and a full read may catch up with.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "services/directory/came_back.h"
#include "services/directory/catching_up.h"
#include "services/directory/deleted_groups.h"
#include "services/directory/delta_round.h"
#include "services/directory/graph_fixture.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<SourceId> Ids(int count, uint64_t high = 1) {
  std::vector<SourceId> ids;
  for (int i = 0; i < count; ++i) {
    ids.emplace_back(high, static_cast<uint64_t>(i));
  }
  return ids;
}

class RoundLimitsTest : public GraphFixture {
 protected:
  // The last page of a round, with these objects.
  Answer Round(const std::string& objects) {
    return {.body = absl::StrCat(R"({"value":[)", objects,
                                 R"(],"@odata.deltaLink":")", graph_.origin(),
                                 R"(/v1.0/x/delta?$deltatoken=)", ++tokens_,
                                 R"("})")};
  }
  static std::string Users(int count) {
    std::string objects;
    for (const SourceId& id : Ids(count)) {
      absl::StrAppend(&objects, objects.empty() ? "" : ",", R"({"id":")",
                      id.ToString(), R"(","userPrincipalName":"a@b.c"})");
    }
    return objects;
  }
  static std::string Removed(const SourceId& group) {
    return absl::StrCat(R"({"id":")", group.ToString(),
                        R"(","@removed":{"reason":"changed"}})");
  }
  static Answer Deleted(int count) {
    std::string objects;
    for (const SourceId& id : Ids(count)) {
      absl::StrAppend(&objects, objects.empty() ? "" : ",", R"({"id":")",
                      id.ToString(), R"("})");
    }
    return {.body = absl::StrCat(R"({"value":[)", objects, "]}")};
  }

  int tokens_ = 0;
  WorkCrew crew_{1};  // Graph's answers find their questions.
};

TEST_F(RoundLimitsTest, B6_DeletedGroupsTakeThePlacesThatAreLeft) {
  struct Case {
    int groups;
    int deleted;
    std::vector<size_t> often;
    std::vector<size_t> seldom;
  };
  for (const Case& each :
       {Case{5, 0, {5}, {}}, Case{5, 3, {8}, {}}, Case{5, 45, {50}, {}},
        Case{5, 46, {50}, {1}}, Case{50, 1, {50}, {1}},
        Case{50, 120, {50}, {50, 50, 20}}, Case{51, 60, {50, 50}, {11}},
        Case{0, 7, {}, {7}}, Case{0, 0, {}, {}}}) {
    SCOPED_TRACE(absl::StrCat(each.groups, " and ", each.deleted));
    std::vector<size_t> often;
    std::vector<size_t> seldom;
    for (const ChangeLink& link :
         SliceGroups(Ids(each.groups), Ids(each.deleted, 2))) {
      (link.seldom ? seldom : often).push_back(link.groups.size());
    }
    EXPECT_EQ(often, each.often);
    EXPECT_EQ(seldom, each.seldom);
  }
}

// It has a link for each round since it came back.
TEST_F(RoundLimitsTest, B6_OfTwoLinksOfAGroupTheOneThatIsFollowedOftenCounts) {
  const std::string link = absl::StrCat(graph_.origin(), "/v1.0/groups/delta");
  const auto named = [](absl::string_view name) {
    return absl::StrCat(R"({"id":")", SourceId(1, 1).ToString(),
                        R"(","displayName":")", name, R"("})");
  };
  graph_.Say({Round(named("new")), Round(named("old"))});
  const auto followed =
      FollowLinks(*session_, crew_,
                  {{.groups = {SourceId(1, 1)}, .link = link},
                   {.groups = {SourceId(1, 1)}, .link = link, .seldom = true}});
  ASSERT_OK(followed);
  EXPECT_EQ(
      followed->digest.groups.at(SourceId(1, 1)).group.display_name.value(),
      "new");
}

TEST_F(RoundLimitsTest, B6_DeletedGroupsPastTheLimitAreNotFollowed) {
  graph_.Say({Deleted(4), Deleted(4)});
  const auto all = ListDeletedGroups(*session_, 4);
  ASSERT_OK(all);
  EXPECT_THAT(*all, SizeIs(4));
  const auto some = ListDeletedGroups(*session_, 3);
  ASSERT_OK(some);
  EXPECT_THAT(*some,
              ElementsAre(SourceId(1, 0), SourceId(1, 1), SourceId(1, 2)));
}

TEST_F(RoundLimitsTest, B6_PastTheLimitNobodyIsAskedWhoCameBack) {
  const std::vector<ChangeLink> links = {
      {.users = true,
       .link = absl::StrCat(graph_.origin(), "/v1.0/users/delta?x")}};
  for (const int told : {3, 4}) {
    graph_.Say({Round(Users(told)), {.body = R"({"responses":[]})"}});
    const size_t before = graph_.requests().size();
    RoundAnswers answers;
    WorkCrew crew(1);  // Of its own: trouble stays with a crew.
    const absl::Status asked = AskWhoCameBack(*session_, crew, GroupTable(),
                                              links, /*most=*/3, answers);
    if (told > 3) {
      EXPECT_THAT(asked, StatusIs(StatusCode::kResourceExhausted,
                                  "GRAPH_ROUND_TOO_LARGE"));
      EXPECT_THAT(graph_.requests(), SizeIs(before + 1));
    } else {
      // Whatever comes of the questions: they are asked.
      EXPECT_GT(graph_.requests().size(), before + 1);
    }
  }
}

// Each time that the first links are followed, another group was deleted.
TEST_F(RoundLimitsTest, R30_ATenantThatGoesOnAndOnIsLeftToTheAudit) {
  ReadLimits limits;
  limits.follows = 2;
  CatchingUp catching_up(*session_, crew_, limits);
  graph_.Say({Round(""), Round("")});
  catching_up.TakeFirstLinks(/*with_phones=*/false);
  ASSERT_OK(crew_.Wait([] {}));
  graph_.Say({Deleted(0), Round("")});
  catching_up.TakeGroupLinks(Ids(3));
  ASSERT_OK(crew_.Wait([] {}));
  const size_t before = graph_.requests().size();
  std::vector<Answer> answers;
  for (int i = 0; i < 10; ++i) {
    // Of users, of groups, and the link of the group that is gone.
    answers.push_back(Round(""));
    answers.push_back(Round(Removed(SourceId(7, static_cast<uint64_t>(i)))));
    answers.push_back(Round(""));
  }
  graph_.Say(answers);
  EXPECT_OK(catching_up.Follow());
  EXPECT_OK(catching_up.trouble());
  EXPECT_EQ(graph_.requests().size() - before, 2 * 3);
}

}  // namespace
}  // namespace rollcall::directory
