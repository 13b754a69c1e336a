// Groups that were taken over or unselected, and members whom an undoing pins
// in them (B5, R45, R46, A8).
#include <string>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/changed_world.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Duration kHour = absl::Hours(1);

// d1 takes the group over in which eve of d2 and mia of nobody are, and is
// undone: both are in it again, and it stays d1's.
void TakeOverAndUndo(World& world) {
  world.tenant("d2").AddGroup(2, "Sales");
  world.tenant("d2").AddUser(20, "eve@a.test", {2});
  world.Sync("d2");
  User mia = Manual("mia", "mia@a.test");
  mia.groups = {world.group("Sales").id};
  world.PutUser(mia);
  world.clock.AdvanceTime(kHour);
  world.tenant("d1").AddGroup(1, "Sales");
  world.tenant("d1").AddUser(10, "ada@a.test", {1});
  const v1::Run taking = world.Sync("d1");
  ASSERT_THAT(world.GroupNamesOf("eve@a.test"), IsEmpty());
  ASSERT_THAT(world.GroupNamesOf("mia@a.test"), IsEmpty());
  world.clock.AdvanceTime(kHour);
  world.Revert(taking);
  world.clock.AdvanceTime(kHour);
  ASSERT_EQ(world.group("Sales").directory, "d1");
  ASSERT_THAT(world.GroupNamesOf("eve@a.test"), ElementsAre("Sales"));
  ASSERT_THAT(world.GroupNamesOf("mia@a.test"), ElementsAre("Sales"));
}

void ExpectStrangersGone(World& world) {
  EXPECT_THAT(world.GroupNamesOf("eve@a.test"), IsEmpty());
  EXPECT_THAT(world.GroupNamesOf("mia@a.test"), IsEmpty());
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Sales"));
  EXPECT_FALSE(world.group("Sales").has_strangers);
}

TEST(RevertedGroup, B5_R45_R46_StrangersWhoWerePutBackLeaveWithTheNextPlan) {
  World world;
  TakeOverAndUndo(world);
  world.Apply(world.Plan("d1"));
  ExpectStrangersGone(world);
}

TEST(RevertedGroup, B5_R45_R46_ThePinnedStayThroughSyncsAndLeaveAfterwards) {
  World world;
  TakeOverAndUndo(world);
  world.Sync("d1");
  EXPECT_THAT(world.GroupNamesOf("eve@a.test"), ElementsAre("Sales"));
  EXPECT_TRUE(world.group("Sales").has_strangers);
  world.clock.AdvanceTime(kHour);
  world.Apply(world.Plan("d1"));
  ExpectStrangersGone(world);
}

// Pinned by another directory than the one whose group it is: that one's plan
// does not lift the pin, and its syncs take the stranger out afterwards.
TEST(RevertedGroup, B5_R46_WhomAnotherDirectoryPinsLeavesWhenItLiftsThePin) {
  World world;
  world.tenant("d1").AddGroup(1, "Sales");
  world.tenant("d1").AddUser(10, "ada@a.test", {1});
  world.Sync("d1");
  world.tenant("d1").UserAt(10).set_email("oops@a.test");
  const v1::Run mad = world.Sync("d1");
  world.clock.AdvanceTime(kHour);
  world.Revert(mad);
  world.clock.AdvanceTime(kHour);
  world.tenant("d2").AddGroup(2, "Sales");
  world.Sync("d2");
  ASSERT_EQ(world.group("Sales").directory, "d2");
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Sales"));
  world.Apply(world.Plan("d2"));
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Sales"));
  world.tenant("d1").Unselect(1);
  world.tenant("d1").AddGroup(3, "Staff");
  world.tenant("d1").UserAt(10).add_group_source_ids(SourceId(3));
  world.Apply(world.Plan("d1"));
  ASSERT_EQ(world.user("ada@a.test").pinned_by, "");
  world.Sync("d2");
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Staff"));
  EXPECT_FALSE(world.group("Sales").has_strangers);
}

TEST(RevertedGroup, B5_A8_IsNotReleasedBeforeThePinnedMayLeave) {
  World world;
  FakeTenant& tenant = world.tenant();
  tenant.AddGroup(1, "Sales");
  tenant.AddGroup(2, "Staff");
  tenant.AddUser(10, "ada@a.test", {1, 2});
  tenant.AddUser(11, "ben@a.test", {1, 2});
  world.Sync();
  world.clock.AdvanceTime(kHour);
  tenant.UserAt(10).set_email("oops@a.test");
  const v1::Run mad = world.Sync();
  world.clock.AdvanceTime(kHour);
  world.Revert(mad);
  world.clock.AdvanceTime(kHour);

  tenant.Unselect(2);
  EXPECT_EQ(world.Sync().counters().groups_released(), 0);
  EXPECT_EQ(world.group("Staff").directory, "d1");
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Sales", "Staff"));
  EXPECT_THAT(world.GroupNamesOf("ben@a.test"), ElementsAre("Sales"));
  world.clock.AdvanceTime(kHour);
  EXPECT_EQ(world.Apply(world.Plan()).counters().groups_released(), 1);
  EXPECT_EQ(world.group("Staff").directory, "");
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Sales"));
}

}  // namespace
}  // namespace rollcall::reconciliation
