// For random accounts and sources: a plan and its application come to the same
// as a run (B1).
#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/changed_world.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

constexpr int kSeeds = 150;
constexpr int kUsers = 9;
constexpr int kGroups = 3;

std::vector<std::string> Sorted(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  return texts;
}

// The same world for the same seed.
class Maker {
 public:
  explicit Maker(int seed) : random_(seed) {}

  std::unique_ptr<World> Make() {
    auto world = std::make_unique<World>();
    Change(*world);
    world->Sync();
    for (int i = 0; i < 3; ++i) {
      if (Chance(2)) PutManual(*world, i);
    }
    Change(*world);
    if (Chance(3)) {
      world->Sync();
      Change(*world);
    }
    return world;
  }

 private:
  int Draw(int below) { return static_cast<int>(random_() % below); }
  bool Chance(int one_in) { return Draw(one_in) == 0; }

  void PutManual(World& world, int i) {
    const std::string name = absl::StrCat("user", Draw(kUsers));
    User user = Manual(absl::StrCat("manual", i),
                       Chance(2) ? name : absl::StrCat(name, "@a.test"));
    if (!world.FindUser(user.username).has_value()) world.PutUser(user);
    Group group;
    group.id = absl::StrCat("byhand", i);
    group.display_name = absl::StrCat("Group ", Draw(kGroups));
    if (Chance(2) && !world.FindGroup(group.display_name).has_value()) {
      world.PutGroup(group);
    }
  }

  void Change(World& world) {
    FakeTenant& tenant = world.tenant();
    tenant.normalization ^= Chance(4);
    tenant.phone_import ^= Chance(4);
    tenant.complete = !Chance(6);
    for (int g = 0; g < kGroups; ++g) {
      const bool is_selected = tenant.groups.count(SourceId(g)) != 0;
      if (!is_selected && (g == 0 || Chance(2))) {
        tenant.AddGroup(g, absl::StrCat("Group ", g));
      } else if (is_selected && g != 0 && Chance(5)) {
        tenant.Unselect(g);
      } else if (is_selected && Chance(6)) {
        tenant.GroupAt(g).set_display_name(
            absl::StrCat("Group ", Draw(2 * kGroups)));
      }
    }
    for (int u = 100; u < 100 + kUsers; ++u) {
      tenant.RemoveUser(u);
      if (Chance(4)) continue;
      std::vector<int> groups;
      for (int g = 0; g < kGroups; ++g) {
        const bool is_selected = tenant.groups.count(SourceId(g)) != 0;
        if (is_selected && (groups.empty() || Chance(2))) groups.push_back(g);
      }
      auto& user = tenant.AddUser(
          u, absl::StrCat("user", u - 100, Chance(9) ? "@b.test" : "@a.test"),
          groups);
      user.set_enabled(!Chance(5));
      user.set_email(Chance(3) ? "" : absl::StrCat("mail", u, "@a.test"));
    }
  }

  std::mt19937 random_;
};

TEST(Plan, B1_OnAWorldThatStandsStillEndsLikeTheRun) {
  int changes = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    auto planned = Maker(seed).Make();
    auto synced = Maker(seed).Make();
    ASSERT_EQ(planned->Dump(), synced->Dump());
    const std::vector<std::string> before = planned->DumpObjects();

    const v1::Run plan = planned->Plan();
    ASSERT_EQ(plan.state(), v1::Run::PLANNED);
    ASSERT_EQ(planned->DumpObjects(), before);

    const v1::Run run = synced->Sync();
    // What could not be read wholly can't be compared wholly either.
    if (!planned->tenant().complete) continue;
    const v1::Run applied = planned->Apply(plan);
    ASSERT_EQ(applied.state(), run.state());
    ASSERT_EQ(applied.counters().DebugString(), run.counters().DebugString());
    ASSERT_EQ(planned->DumpObjects(), synced->DumpObjects());
    ASSERT_EQ(Sorted(planned->EventTexts()), Sorted(synced->EventTexts()));
    changes += before != synced->DumpObjects();
  }
  EXPECT_GT(changes, kSeeds / 2);
}

}  // namespace
}  // namespace rollcall::reconciliation
