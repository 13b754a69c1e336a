// Rounds of a local Entra that would be dearer than reading everything: they
// give way to that, and the truth is told all the same.
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "services/directory/auditor.h"
#include "services/directory/mirror_view.h"
#include "tests/system/directory/follower.h"

namespace rollcall::directory {
namespace {

const DirectoryName kDirectory(AccountName("acme"), "d1");

class LimitsTest : public ChangesTest {
 protected:
  // Every full read makes a new one.
  uint64_t Generation() {
    const auto mirror = FindMirror(world_.store(), kDirectory);
    EXPECT_OK(mirror);
    return (*mirror)->generation();
  }
  void AddMembers(const std::string& group, int count) {
    for (int i = 0; i < count; ++i) {
      EXPECT_OK(tenant().AddMember(
          group, AddUser(absl::StrCat(group.substr(0, 8), i))));
    }
  }
};

struct RoundCase {
  std::string name;
  std::function<void(ReadLimits&, size_t)> limit;
  size_t needed;  // As much as the round needs.
  // Happens before everything is read, and then.
  std::function<void(entra::Tenant&, const std::string& ada)> before;
  std::function<void(entra::Tenant&, const std::string& ada)> change;
};

// A group with six members becomes nested; nobody of the six is told of.
void MakeGroupOfSix(entra::Tenant& tenant, const std::string&) {
  const std::string group = *tenant.AddGroup("Six");
  for (int i = 0; i < 6; ++i) {
    entra::UserFields fields;
    fields.user_principal_name = tenant.UnusedUpn(absl::StrCat("six", i));
    fields.enabled = true;
    EXPECT_OK(tenant.AddMember(group, *tenant.AddUser(fields)));
  }
}
void NestGroupOfSix(entra::Tenant& tenant, const std::string&) {
  EXPECT_OK(tenant.AddMember("Sales", "Six"));
}
void NestGroupOfSixInFinance(entra::Tenant& tenant, const std::string& ada) {
  MakeGroupOfSix(tenant, ada);
  EXPECT_OK(tenant.AddMember("Finance", "Six"));
}
void AddSixUsers(entra::Tenant& tenant, const std::string&) {
  for (int i = 0; i < 6; ++i) {
    entra::UserFields fields;
    fields.user_principal_name = tenant.UnusedUpn(absl::StrCat("new", i));
    fields.enabled = true;
    EXPECT_OK(tenant.AddUser(fields).status());
  }
}

TEST(RoundLimits, B6_PastThemEverythingIsReadAnew) {
  const RoundCase cases[] = {
      {"members of a list",
       [](ReadLimits& limits, size_t most) { limits.round_members = most; }, 6,
       MakeGroupOfSix, NestGroupOfSix},
      {"users to ask for",
       [](ReadLimits& limits, size_t most) { limits.round_objects = most; }, 6,
       MakeGroupOfSix, NestGroupOfSix},
      {"users that are nested otherwise",
       [](ReadLimits& limits, size_t most) { limits.round_objects = most; }, 6,
       NestGroupOfSixInFinance, NestGroupOfSix},
      {"memberships of newcomers",
       [](ReadLimits& limits, size_t most) {
         limits.membership_questions = most;
       },
       6, [](entra::Tenant&, const std::string&) {}, AddSixUsers},
  };
  for (const RoundCase& each : cases) {
    for (const bool fits : {true, false}) {
      SCOPED_TRACE(absl::StrCat(each.name, fits ? " fit" : " do not fit"));
      FullReadOptions options;
      each.limit(options.limits, fits ? each.needed : each.needed - 1);
      World world({.users = 60, .groups = 12, .seed = 21}, options);
      const std::string ada = "ada";
      each.before(world.emulator().tenant(), ada);
      world.Configure(kDepartments);
      Follower follower;
      ASSERT_TRUE(follower.Take(world.Stream()));
      const auto generation = [&world] {
        return (*FindMirror(world.store(), kDirectory))->generation();
      };
      const uint64_t before = generation();
      each.change(world.emulator().tenant(), ada);
      ASSERT_TRUE(follower.Take(world.Changes(follower.cursor())));
      EXPECT_EQ(generation() == before, fits);
      EXPECT_EQ(follower.UserLines(),
                ExpectedLines(world.emulator(), kDepartments, {}));
    }
  }
}

// Members whom nobody shows, each of whom would be asked for by itself.
TEST(RoundLimits, B6_TooManyUsersWhomNobodyShows) {
  for (const size_t most : {6, 5}) {
    FullReadOptions options;
    options.limits.confirmations = most;
    World world({.users = 60, .groups = 12, .seed = 21}, options);
    entra::Tenant& tenant = world.emulator().tenant();
    world.Configure(kDepartments);
    Follower follower;
    ASSERT_TRUE(follower.Take(world.Stream()));
    const uint64_t before =
        (*FindMirror(world.store(), kDirectory))->generation();
    world.emulator().faults().Add({.kind = entra::FaultKind::kSilentDeletion});
    for (int i = 0; i < 6; ++i) {
      entra::UserFields fields;
      fields.user_principal_name = tenant.UnusedUpn(absl::StrCat("new", i));
      const std::string user = *tenant.AddUser(fields);
      EXPECT_OK(tenant.AddMember("Sales", user));
      EXPECT_OK(tenant.DeleteUser(user));
    }
    ASSERT_TRUE(follower.Take(world.Changes(follower.cursor())));
    const uint64_t after =
        (*FindMirror(world.store(), kDirectory))->generation();
    EXPECT_EQ(after == before, most == 6);
  }
}

// A list that no round would read: the audit does, and does not come back to
// it each time.
TEST(RoundLimits, B6_TheAuditVerifiesALargeGroupToo) {
  FullReadOptions options;
  options.limits.round_members = 5;
  World world({.users = 200, .groups = 12, .seed = 21}, options);
  world.Configure({"Sales"});
  ASSERT_TRUE(world.Stream().complete());
  const auto mirror = [&world] {
    return **FindMirror(world.store(), kDirectory);
  };
  ASSERT_GT(mirror().counts().users(), 10);
  const uint64_t generation = mirror().generation();
  MirrorAuditor auditor(world.store(), world.keeper());
  for (int i = 0; i < 40; ++i) {
    ASSERT_OK(
        auditor.RunOnce(Clock::GetRealClock().TimeNow() + absl::Hours(21)));
    if (mirror().audit().has_last_cycle_end_time()) break;
  }
  EXPECT_TRUE(mirror().audit().has_last_cycle_end_time());
  EXPECT_EQ(mirror().generation(), generation);
}

}  // namespace
}  // namespace rollcall::directory
