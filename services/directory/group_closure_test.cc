#include "services/directory/group_closure.h"

#include <map>
#include <random>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/membership_index.h"

namespace rollcall::directory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<uint32_t> SelectedOf(const GroupGraph& graph,
                                 std::vector<uint32_t> groups) {
  std::vector<uint32_t> result = {99};  // Must be overwritten.
  GroupClosure(graph).SelectedGroupsOf(groups, result);
  return result;
}

TEST(GroupClosure, R23_FollowsGroupsToAnyDepth) {
  GroupGraph chain{.group_count = 100, .selected = {0}};
  for (uint32_t i = 0; i + 1 < 100; ++i) chain.nestings.push_back({i, i + 1});
  EXPECT_THAT(SelectedOf(chain, {99}), ElementsAre(0));
}

TEST(GroupClosure, R18_OtherGroupsDoNotCount) {
  EXPECT_THAT(SelectedOf({.group_count = 2, .selected = {0}}, {1}), IsEmpty());
  // An outer group's members are no members of the inner one.
  EXPECT_THAT(
      SelectedOf({.group_count = 2, .nestings = {{0, 1}}, .selected = {1}},
                 {0}),
      IsEmpty());
}

TEST(GroupClosure, R26_CyclesEnd) {
  const GroupGraph cycle{.group_count = 3,
                         .nestings = {{0, 1}, {1, 2}, {2, 0}, {1, 1}},
                         .selected = {1}};
  for (uint32_t group : {0u, 1u, 2u}) {
    EXPECT_THAT(SelectedOf(cycle, {group}), ElementsAre(0));
  }
}

TEST(GroupClosure, R26_SeveralPathsCountOnce) {
  const GroupGraph diamond{.group_count = 4,
                           .nestings = {{0, 1}, {0, 2}, {1, 3}, {2, 3}},
                           .selected = {0}};
  EXPECT_THAT(SelectedOf(diamond, {1, 2, 3}), ElementsAre(0));
}

TEST(GroupClosure, R26_ASelectedInnerGroupCountsForItselfToo) {
  const GroupGraph nested{
      .group_count = 2, .nestings = {{0, 1}}, .selected = {1, 0}};
  EXPECT_THAT(SelectedOf(nested, {1}), ElementsAre(0, 1));
  EXPECT_THAT(SelectedOf(nested, {0}), ElementsAre(1));
}

TEST(GroupClosure, NoGroupsAtAll) {
  EXPECT_THAT(SelectedOf({}, {}), IsEmpty());
}

// The plainest way to say what flattening means.
std::map<SourceId, std::set<uint32_t>> FlattenNaively(
    const GroupGraph& graph, const std::vector<DirectMembership>& members) {
  std::map<SourceId, std::set<uint32_t>> groups_of;
  for (uint32_t place = 0; place < graph.selected.size(); ++place) {
    std::set<uint32_t> reached = {graph.selected[place]};
    for (bool grew = true; grew;) {
      grew = false;
      for (const auto& [outer, inner] : graph.nestings) {
        if (reached.contains(outer)) grew |= reached.insert(inner).second;
      }
    }
    for (const DirectMembership& member : members) {
      if (reached.contains(member.group)) {
        groups_of[member.user].insert(place);
      }
    }
  }
  return groups_of;
}

class RandomTenant : public ::testing::TestWithParam<uint32_t> {};

TEST_P(RandomTenant, R24_R25_FlattensLikeTheNaiveWay) {
  std::mt19937 generator(GetParam());
  const auto random = [&generator] {
    return static_cast<uint32_t>(generator());
  };
  GroupGraph graph;
  graph.group_count = 1 + random() % 150;
  for (uint32_t n = random() % (2 * graph.group_count); n > 0; --n) {
    graph.nestings.push_back(
        {random() % graph.group_count, random() % graph.group_count});
  }
  for (uint32_t group = 0; group < graph.group_count; ++group) {
    if (random() % 3 != 0) graph.selected.push_back(group);
  }
  std::shuffle(graph.selected.begin(), graph.selected.end(), generator);
  std::vector<DirectMembership> members;
  for (uint32_t n = random() % 400; n > 0; --n) {
    members.push_back(
        {SourceId(random() % 2, random() % 100), random() % graph.group_count});
  }

  const MembershipIndex index(members);
  const GroupClosure closure(graph);
  std::map<SourceId, std::set<uint32_t>> flattened;
  std::vector<uint32_t> selected;
  for (uint32_t i = 0; i < index.size(); ++i) {
    closure.SelectedGroupsOf(index.groups_of(i), selected);
    if (selected.empty()) continue;
    flattened[index.user(i)] =
        std::set<uint32_t>(selected.begin(), selected.end());
    EXPECT_TRUE(std::is_sorted(selected.begin(), selected.end()));
  }
  EXPECT_EQ(flattened, FlattenNaively(graph, members));
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTenant,
                         ::testing::Range(uint32_t{0}, uint32_t{200}));

TEST(MembershipIndex, NumbersUsersInOrderAndFindsThem) {
  const SourceId a(0, 1), b(0, 2), c(1, 0);
  const MembershipIndex index({{c, 5}, {a, 2}, {c, 1}, {a, 2}});
  ASSERT_EQ(index.size(), 2u);
  EXPECT_EQ(index.user(0), a);
  EXPECT_EQ(index.user(1), c);
  EXPECT_THAT(index.groups_of(0), ElementsAre(2));
  EXPECT_THAT(index.groups_of(1), ElementsAre(1, 5));
  EXPECT_EQ(index.Find(c), 1u);
  EXPECT_EQ(index.Find(b), absl::nullopt);
  EXPECT_EQ(MembershipIndex().size(), 0u);
}

TEST(MembershipIndex, FindsIdsHoweverTheyAreSpread) {
  std::mt19937_64 generator(7);
  for (const uint64_t spread : {~uint64_t{0}, uint64_t{0xffff}, uint64_t{0}}) {
    std::vector<DirectMembership> members;
    for (uint64_t i = 0; i < 1000; ++i) {
      members.push_back({SourceId(generator() & spread, 2 * i), 1});
    }
    const MembershipIndex index(members);
    ASSERT_EQ(index.size(), 1000u);
    std::vector<SourceId> ids;
    std::vector<absl::optional<uint32_t>> numbers;
    for (uint32_t i = 0; i < index.size(); ++i) {
      const SourceId& id = index.user(i);
      const SourceId unknown(id.high(), id.low() + 1);
      EXPECT_EQ(index.Find(id), i);
      EXPECT_EQ(index.Find(unknown), absl::nullopt);
      ids.insert(ids.end(), {id, unknown});
      numbers.insert(numbers.end(), {i, absl::nullopt});
    }
    std::vector<absl::optional<uint32_t>> found(3, 7u);  // Overwritten.
    index.FindAll(ids, found);
    EXPECT_EQ(found, numbers);
  }
}

}  // namespace
}  // namespace rollcall::directory
