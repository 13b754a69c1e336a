#include "services/reconciliation/group_diff.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace rollcall::reconciliation {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(2000);

Group Stored(std::string id, std::string name, std::string directory = "",
             std::string source_id = "") {
  Group group;
  group.id = std::move(id);
  group.display_name = std::move(name);
  group.directory = std::move(directory);
  group.source_id = std::move(source_id);
  return group;
}

// Plans with a store of these groups.
std::vector<GroupDecision> Plan(const std::vector<DesiredGroup>& desired,
                                const std::vector<Group>& stored) {
  std::vector<Group> own, namesakes;
  for (const Group& group : stored) {
    if (group.directory == "d1") own.push_back(group);
    for (const DesiredGroup& wanted : desired) {
      if (GroupNameKey(wanted.display_name) ==
          GroupNameKey(group.display_name)) {
        namesakes.push_back(group);
      }
    }
  }
  return PlanGroups("d1", desired, own, namesakes, kNow);
}

TEST(GroupDiff, R24_SelectedGroupIsCreated) {
  const auto plan = Plan({{"s1", "Sales"}}, {});
  EXPECT_EQ(plan[0].fate, GroupFate::kCreate);
  EXPECT_EQ(plan[0].after.display_name, "Sales");
  EXPECT_EQ(plan[0].after.directory, "d1");
  EXPECT_EQ(plan[0].after.source_id, "s1");
}

TEST(GroupDiff, R45_ManualNamesakeIsTakenOverAndKeepsItsStatus) {
  Group manual = Stored("g1", "SALES");
  manual.status = GroupStatus::kBypass;
  const auto plan = Plan({{"s1", "Sales"}}, {manual});
  EXPECT_EQ(plan[0].fate, GroupFate::kTakeOver);
  EXPECT_EQ(plan[0].rule, "R45");
  EXPECT_EQ(plan[0].after.id, "g1");
  EXPECT_EQ(plan[0].after.status, GroupStatus::kBypass);
  EXPECT_TRUE(plan[0].after.has_strangers);
}

TEST(GroupDiff, R46_NamesakeOfAnotherDirectoryIsTakenOver) {
  const auto plan = Plan({{"s1", "Sales"}}, {Stored("g1", "Sales", "d2", "x")});
  EXPECT_EQ(plan[0].fate, GroupFate::kTakeOver);
  EXPECT_EQ(plan[0].rule, "R46");
  EXPECT_EQ(plan[0].after.directory, "d1");
}

TEST(GroupDiff, R19_RecreatedGroupTakesOverOnceTheOldOneIsUnselected) {
  const auto plan =
      Plan({{"s2", "Sales"}}, {Stored("g1", "Sales", "d1", "s1")});
  EXPECT_EQ(plan[0].fate, GroupFate::kTakeOver);
  EXPECT_EQ(plan[0].after.source_id, "s2");
}

TEST(GroupDiff, A24_RenamedInTheSourceIsRenamed) {
  const auto plan =
      Plan({{"s1", "Sellers"}}, {Stored("g1", "Sales", "d1", "s1")});
  EXPECT_EQ(plan[0].fate, GroupFate::kRename);
  EXPECT_EQ(plan[0].after.id, "g1");
  EXPECT_EQ(plan[0].after.display_name, "Sellers");
}

TEST(GroupDiff, A24_RenameToATakenNameWaits) {
  for (const std::string directory : {"", "d2", "d1"}) {
    const auto plan =
        Plan({{"s1", "Sellers"}}, {Stored("g1", "Sales", "d1", "s1"),
                                   Stored("g2", "Sellers", directory, "s9")});
    EXPECT_EQ(plan[0].fate, GroupFate::kConflict) << directory;
    EXPECT_EQ(plan[0].after.display_name, "Sales");
    EXPECT_TRUE(plan[0].linked);
  }
}

TEST(GroupDiff, A24_TwoGroupsMaySwapTheirNames) {
  const auto plan =
      Plan({{"s1", "B"}, {"s2", "A"}},
           {Stored("g1", "A", "d1", "s1"), Stored("g2", "B", "d1", "s2")});
  EXPECT_EQ(plan[0].fate, GroupFate::kRename);
  EXPECT_EQ(plan[1].fate, GroupFate::kRename);
}

TEST(GroupDiff, A24_AChainOfRenamesBreaksWhereItsEndIsStuck) {
  // s1: A -> B, s2: B -> C, but C is a manual group's.
  const auto plan = Plan({{"s1", "B"}, {"s2", "C"}},
                         {Stored("g1", "A", "d1", "s1"),
                          Stored("g2", "B", "d1", "s2"), Stored("g3", "C")});
  EXPECT_EQ(plan[0].fate, GroupFate::kConflict);
  EXPECT_EQ(plan[1].fate, GroupFate::kConflict);
}

TEST(GroupDiff, A4_OfTwoNewGroupsWithOneNameTheFirstGetsIt) {
  const auto plan = Plan({{"s1", "Sales"}, {"s2", "sales "}}, {});
  EXPECT_EQ(plan[0].fate, GroupFate::kCreate);
  EXPECT_EQ(plan[1].fate, GroupFate::kConflict);
  EXPECT_FALSE(plan[1].linked);
}

TEST(GroupDiff, B10_OfTwoGroupsWithOneNameTheAdoptedOneGetsIt) {
  const DesiredGroup adopted{
      .source_id = "s2", .display_name = "SALES", .desk = {DeskChoice::kAdopt}};
  auto plan = Plan({{"s1", "Sales"}, adopted}, {});
  EXPECT_EQ(plan[0].fate, GroupFate::kConflict);
  EXPECT_EQ(plan[1].fate, GroupFate::kCreate);
  // Linked, it may not take over who is in its way: the other one may.
  plan = Plan({{"s1", "Sales"}, adopted},
              {Stored("g1", "Sales"), Stored("g2", "Staff", "d1", "s2")});
  EXPECT_EQ(plan[0].fate, GroupFate::kTakeOver);
  EXPECT_EQ(plan[1].fate, GroupFate::kConflict);
}

TEST(GroupDiff, B10_ALinkedGroupGetsTheNameThatTheDeskHasGiven) {
  const auto plan = Plan({{.source_id = "s1",
                           .display_name = "Sales",
                           .desk = {DeskChoice::kRename, "Crew"}}},
                         {Stored("g1", "Sales", "d1", "s1")});
  EXPECT_EQ(plan[0].fate, GroupFate::kRename);
  EXPECT_EQ(plan[0].rule, "B10");
  EXPECT_EQ(plan[0].after.display_name, "Crew");
}

TEST(GroupDiff, A7_MissingGroupIsLeftAlone) {
  const auto plan = Plan({{"s1", "", true}, {"s2", "", true}},
                         {Stored("g1", "Sales", "d1", "s1")});
  EXPECT_EQ(plan[0].fate, GroupFate::kMissing);
  EXPECT_TRUE(plan[0].linked);
  EXPECT_EQ(plan[0].after, Stored("g1", "Sales", "d1", "s1"));
  EXPECT_FALSE(plan[1].linked);
}

TEST(GroupDiff, A8_ReleasedGroupIsManualAndKeepsItsStatus) {
  Group group = Stored("g1", "Sales", "d1", "s1");
  group.status = GroupStatus::kDisabled;
  const Group released = Released(group, kNow);
  EXPECT_EQ(released.directory, "");
  EXPECT_EQ(released.source_id, "");
  EXPECT_EQ(released.status, GroupStatus::kDisabled);
}

// Whatever is asked for, after the plan no two groups have one name.
TEST(GroupDiff, A24_NamesStayUniqueInEveryPlan) {
  const std::vector<std::string> names = {"A", "B", "C"};
  for (int code = 0; code < 27 * 4; ++code) {
    const std::vector<DesiredGroup> desired = {{"s1", names[code % 3]},
                                               {"s2", names[code / 3 % 3]},
                                               {"s3", names[code / 9 % 3]}};
    std::vector<Group> stored;
    if (code / 27 > 0) stored.push_back(Stored("g1", "A", "d1", "s1"));
    if (code / 27 > 1) stored.push_back(Stored("g2", "B", "d1", "s2"));
    if (code / 27 > 2) stored.push_back(Stored("g3", "C", "", ""));
    std::map<std::string, std::string> by_id;
    for (const Group& group : stored) by_id[group.id] = group.display_name;
    int created = 0;
    for (const GroupDecision& decision : Plan(desired, stored)) {
      if (!decision.linked) continue;
      std::string id = decision.after.id;
      if (decision.fate == GroupFate::kCreate) {
        id = "new" + std::to_string(created++);
      }
      by_id[id] = decision.after.display_name;
    }
    std::set<std::string> taken;
    for (const auto& [id, name] : by_id) {
      EXPECT_TRUE(taken.insert(name).second) << code << " " << name;
    }
  }
}

}  // namespace
}  // namespace rollcall::reconciliation
