#include "services/directory/completeness.h"

#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

GroupEvidence Closed() {
  return {.id = SourceId(1, 2),
          .selected = true,
          .members = 3,
          .described = true,
          .visibility = "Public"};
}

TEST(Completeness, R30_ClosedChainsAndAnswersAreProof) {
  GroupEvidence empty = Closed();
  empty.members = 0;
  const Completeness result = JudgeCompleteness({.groups = {Closed(), empty}});
  EXPECT_TRUE(result.complete);
  EXPECT_THAT(result.reasons, IsEmpty());
}

struct Doubt {
  const char* name;
  std::function<void(ReadEvidence&)> make;
  const char* says;
};

class DoubtTest : public ::testing::TestWithParam<Doubt> {};

TEST_P(DoubtTest, R30_B3_AnyDoubtIsNoProof) {
  ReadEvidence evidence = {.groups = {Closed(), Closed()}};
  GetParam().make(evidence);
  const Completeness result = JudgeCompleteness(evidence);
  EXPECT_FALSE(result.complete);
  EXPECT_THAT(result.reasons, ElementsAre(HasSubstr(GetParam().says)));
}

INSTANTIATE_TEST_SUITE_P(
    Table, DoubtTest,
    ::testing::Values(
        Doubt{"ChainCut",
              [](ReadEvidence& e) {
                e.groups[1].chain = GroupEvidence::Chain::kCut;
                e.groups[1].error = "Graph answered 503.";
              },
              "could not be read to its end: Graph answered 503."},
        Doubt{"NestedChainCut",
              [](ReadEvidence& e) {
                e.groups[1].selected = false;
                e.groups[1].chain = GroupEvidence::Chain::kCut;
              },
              "Nested group"},
        Doubt{"SelectedGroupVanished_A7",
              [](ReadEvidence& e) {
                e.groups[0].chain = GroupEvidence::Chain::kMissing;
              },
              "not found"},
        Doubt{"MembersUnreadable",
              [](ReadEvidence& e) { e.groups[0].unreadable = 2; },
              "2 members that cannot be read"},
        Doubt{"NotDescribed",
              [](ReadEvidence& e) { e.groups[0].described = false; },
              "could not be described"},
        Doubt{"HiddenAndEmpty",
              [](ReadEvidence& e) {
                e.groups[0].members = 0;
                e.groups[0].visibility = "Hiddenmembership";
              },
              "hides its members"},
        Doubt{"UsersUnread",
              [](ReadEvidence& e) {
                e.users.unread = 7;
                e.users.unread_error = "Graph answered 500.";
              },
              "7 users in scope could not be read"},
        Doubt{"UsersHidden", [](ReadEvidence& e) { e.users.hidden = 4; },
              "permission"}),
    [](const auto& row) { return row.param.name; });

TEST(Completeness, HiddenMembershipThatIsShownIsKnown) {
  GroupEvidence hidden = Closed();
  hidden.visibility = "HiddenMembership";
  EXPECT_TRUE(JudgeCompleteness({.groups = {hidden}}).complete);
}

TEST(Completeness, ReasonsAreBounded) {
  ReadEvidence evidence;
  for (int i = 0; i < 400; ++i) {
    GroupEvidence group = Closed();
    group.chain = GroupEvidence::Chain::kMissing;
    evidence.groups.push_back(group);
  }
  const Completeness result = JudgeCompleteness(evidence);
  EXPECT_THAT(result.reasons, SizeIs(kMaxReasons));
  EXPECT_EQ(result.reasons.back(), "And 351 more groups.");
}

}  // namespace
}  // namespace rollcall::directory
