// Syncs of a single user, case by case; nobody else is touched.
#include "services/reconciliation/single_sync.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/status/errors.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/store.pb.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using Response = v1::SyncUserResponse;

// Ada is in both groups, ben in the first, cyd in the second; all are synced.
// Dan exists in the tenant, and is in no group.
void Populate(World& world) {
  FakeTenant& tenant = world.tenant();
  tenant.mail = true;
  tenant.AddGroup(1, "Sales");
  tenant.AddGroup(2, "Staff");
  tenant.AddUser(10, "ada@a.test", {1, 2});
  tenant.AddUser(11, "ben@a.test", {1});
  tenant.AddUser(12, "cyd@a.test", {2});
  tenant.AddUser(13, "dan@a.test", {1});
  tenant.MoveOutside(13);
  world.Sync();
  world.directory_service.read_seconds += 100;
}

// Every row of the account but those that a sync of `username` may write: the
// user's own and his events, those of the run `run` (empty: none), and the
// counts. A group's row is compared without how many members it has (R80).
std::map<std::string, std::string> OtherRows(World& world,
                                             const std::string& username,
                                             const std::string& run = "") {
  const absl::optional<User> user = world.FindUser(username);
  std::vector<std::string> own;
  if (user.has_value()) own = {user->id, username};
  if (!run.empty()) own.push_back(RunName::Parse(run)->id());
  std::map<std::string, std::string> rows;
  auto cursor = world.rows->Scan("acme", rollcall::store::KeyRange());
  while (true) {
    auto entry = cursor->Next();
    if (!entry.ok() || !entry->has_value()) break;
    const auto& [key, value] = **entry;
    const std::string table = key.substr(0, key.find('\0'));
    if (key == keys::Head() || table == "live") continue;
    if (absl::c_any_of(own, [&, text = key + "=" + value](const auto& name) {
          return absl::StrContains(text, name);
        })) {
      continue;
    }
    rows[key] = value;
    if (table != "groups") continue;
    auto group = rollcall::store::Parse<store::GroupRow>(value);
    group->clear_member_count();
    rows[key] = group->SerializeAsString();
  }
  return rows;
}

struct Case {
  const char* name;
  std::function<void(World&)> arrange;
  std::string upn;
  Response::Outcome outcome;
  std::vector<std::string> events;  // After what was arranged.
  std::vector<std::string> groups;  // Of the user afterwards.
};

std::vector<Case> Cases() {
  return {
      {"R71_R72_UnknownAndInScopeIsCreated",
       [](World& world) {
         world.tenant().AddUser(20, "eve@a.test", {2});
         world.tenant().AddUser(21, "fay@a.test", {2});
       },
       "eve@a.test",
       Response::CREATED,
       {"CREATED eve@a.test R18", "finished SUCCEEDED"},
       {"Staff"}},
      {"R43_AManualUserInScopeIsMerged",
       [](World& world) {
         User manual;
         manual.id = "manual";
         manual.username = "eve@a.test";
         world.PutUser(manual);
         world.tenant().AddUser(20, "eve@a.test", {2});
       },
       "eve@a.test",
       Response::MERGED,
       {"CREATED eve@a.test R43", "finished SUCCEEDED"},
       {"Staff"}},
      {"R73_AttributesAndMembershipsFollow",
       [](World& world) {
         FakeTenant& tenant = world.tenant();
         tenant.UserAt(10).set_email("new@a.test");
         tenant.UserAt(10).clear_group_source_ids();
         tenant.UserAt(10).add_group_source_ids(SourceId(2));
         tenant.UserAt(11).set_email("other@a.test");
       },
       "ada@a.test",
       Response::UPDATED,
       {"UPDATED ada@a.test R28", "finished SUCCEEDED"},
       {"Staff"}},
      {"R36_R73_TheUsernameStays",
       [](World& world) {
         world.tenant().UserAt(10).set_user_principal_name("eva@a.test");
       },
       "eva@a.test",
       Response::UPDATED,
       {"UPDATED ada@a.test A3", "finished SUCCEEDED"},
       {"Sales", "Staff"}},
      {"R74_R50_DisabledFollows",
       [](World& world) { world.tenant().UserAt(10).set_enabled(false); },
       "ADA@a.test",
       Response::UPDATED,
       {"UPDATED ada@a.test R50", "finished SUCCEEDED"},
       {"Sales", "Staff"}},
      {"R74_R52_EnabledFollows",
       [](World& world) {
         world.tenant().UserAt(10).set_enabled(false);
         world.Sync();
         world.tenant().UserAt(10).set_enabled(true);
       },
       "ada@a.test",
       Response::UPDATED,
       {"UPDATED ada@a.test R52", "finished SUCCEEDED"},
       {"Sales", "Staff"}},
      {"R75_InNoGroupAnyMore",
       [](World& world) {
         world.tenant().MoveOutside(10);
         world.tenant().MoveOutside(11);
       },
       "ada@a.test",
       Response::REMOVED,
       {"REMOVED ada@a.test R56", "finished SUCCEEDED"},
       {}},
      {"R76_A1_KnownToTheTenantButNeitherInScopeNorManaged",
       [](World&) {},
       "dan@a.test",
       Response::NOT_IN_SCOPE,
       {},
       {}},
      {"R76_UnknownToEverybody",
       [](World&) {},
       "nobody@a.test",
       Response::NOT_IN_SCOPE,
       {},
       {}},
      {"R76_AManualUserOfThatName",
       [](World& world) {
         User manual;
         manual.id = "manual";
         manual.username = "dan@a.test";
         world.PutUser(manual);
       },
       "dan@a.test",
       Response::NOT_IN_SCOPE,
       {},
       {}},
      {"R77_DeletedInTheSource",
       [](World& world) { world.tenant().RemoveUser(10); },
       "ada@a.test",
       Response::REMOVED,
       {"REMOVED ada@a.test R56", "finished SUCCEEDED"},
       {}},
      {"R63_InTheTrashAlready",
       [](World& world) {
         world.tenant().RemoveUser(10);
         world.Sync();
       },
       "ada@a.test",
       Response::UNCHANGED,
       {},
       {}},
      {"R78_R61_BackInScope",
       [](World& world) {
         world.tenant().MoveOutside(10);
         world.Sync();
         world.tenant().outside.clear();
         world.tenant().AddUser(10, "ada@a.test", {2});
       },
       "ada@a.test",
       Response::RESTORED,
       {"RESTORED ada@a.test R61", "finished SUCCEEDED"},
       {"Staff"}},
      {"R73_NothingToDo",
       [](World&) {},
       "ada@a.test",
       Response::UNCHANGED,
       {},
       {"Sales", "Staff"}},
      {"R30_TheSourceDoesNotAnswerCompletely",
       [](World& world) {
         world.tenant().MoveOutside(10);
         world.tenant().look_complete = false;
       },
       "ada@a.test",
       Response::KEPT,
       {},
       {"Sales", "Staff"}},
      {"B3_ThatItIsNotFoundIsNoProofByItself",
       [](World& world) {
         world.tenant().RemoveUser(10);
         world.tenant().look_complete = false;
       },
       "ada@a.test",
       Response::KEPT,
       {},
       {"Sales", "Staff"}},
      {"R30_DisablingWaitsForACompleteAnswerToo",
       [](World& world) {
         world.tenant().UserAt(10).set_enabled(false);
         world.tenant().look_complete = false;
       },
       "ada@a.test",
       Response::KEPT,
       {},
       {"Sales", "Staff"}},
      {"A4_TheShortNameIsTaken",
       [](World& world) {
         world.tenant().AddUser(20, "eve@a.test", {2});
         world.tenant().AddUser(21, "EVE@a.test", {2});
       },
       "eve@a.test",
       Response::SKIPPED,
       {},
       {}},
  };
}

class SingleSyncCase : public ::testing::TestWithParam<Case> {};

TEST_P(SingleSyncCase,
       R71_R73_R74_R75_R76_R77_R78_R80_HasItsEffectAndTouchesNobodyElse) {
  const Case& c = GetParam();
  World world;
  Populate(world);
  c.arrange(world);
  world.directory_service.read_seconds += 100;
  const size_t events = world.Events().size();
  const std::string mine = absl::AsciiStrToLower(
      world.FindUser("ada@a.test").has_value() && c.upn == "eva@a.test"
          ? "ada@a.test"
          : c.upn);
  // Which rows are the user's own is known afterwards.
  auto before = OtherRows(world, mine);
  ASSERT_OK_AND_ASSIGN(const Response response, world.SyncUser(c.upn));
  EXPECT_EQ(response.outcome(), c.outcome)
      << Response::Outcome_Name(response.outcome());
  EXPECT_EQ(world.EventTexts(events), c.events);
  EXPECT_EQ(OtherRows(world, mine, response.run()), before);
  const absl::optional<User> user = world.FindUser(mine);
  if (user.has_value()) {
    EXPECT_EQ(world.GroupNamesOf(mine), c.groups);
  }
  if (!c.events.empty()) {
    const v1::ChangeEvent last = world.Events().back();
    EXPECT_EQ(last.run_finished().user(), response.user().name());
    EXPECT_EQ(last.run_finished().run().name(), response.run());
    EXPECT_EQ(last.run_finished().run().kind(), v1::Run::SINGLE_USER);
    EXPECT_TRUE(last.run_finished().enrollment_mail_enabled());  // R72
  } else {
    EXPECT_EQ(response.run(), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Each, SingleSyncCase, ::testing::ValuesIn(Cases()),
                         [](const auto& row) {
                           return std::string(row.param.name);
                         });

TEST(SingleSync, R76_A1_ThoseWhoAreNotManagedLeaveNoRowAtAll) {
  World world;
  Populate(world);
  const std::vector<std::string> before = world.Dump();
  ASSERT_OK(world.SyncUser("dan@a.test"));
  ASSERT_OK(world.SyncUser("nobody@a.test"));
  EXPECT_EQ(world.Dump(), before);
}

TEST(SingleSync, R79_ANameWithoutADomainIsRefused) {
  World world;
  Populate(world);
  EXPECT_THAT(world.SyncUser("ada"),
              StatusIs(absl::StatusCode::kInvalidArgument, "UPN_INVALID"));
}

TEST(SingleSync, R13_A10_ADirectoryThatCannotBeReadIsRefusedAtOnce) {
  World world;
  Populate(world);
  world.tenant().UserAt(10).set_email("new@a.test");
  world.tenant().state = directory::v1::Directory::REAUTHORIZATION_REQUIRED;
  const std::vector<std::string> before = world.Dump();
  EXPECT_THAT(world.SyncUser("ada@a.test"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "REAUTHORIZATION_REQUIRED"));
  EXPECT_EQ(world.directory_service.looks(), 0);
  EXPECT_EQ(world.Dump(), before);
}

TEST(SingleSync, R34_R35_NormalizedUsernamesAreNamedByTheWholeName) {
  World world;
  world.tenant().normalization = true;
  Populate(world);
  world.tenant().UserAt(10).set_email("new@a.test");
  ASSERT_OK_AND_ASSIGN(const Response response, world.SyncUser("ada@a.test"));
  EXPECT_EQ(response.outcome(), Response::UPDATED);
  EXPECT_EQ(world.user("ada").email, "new@a.test");
  EXPECT_FALSE(world.FindUser("ada@a.test").has_value());
  ASSERT_OK_AND_ASSIGN(const auto directory,
                       world.directory_service.GetDirectory(
                           DirectoryName(AccountName("acme"), "d1")));
  const UserName ada(AccountName("acme"), world.user("ada").id);
  EXPECT_THAT(
      SingleSync(world.Options()).Sync(directory, {.user = ada}),
      StatusIs(absl::StatusCode::kFailedPrecondition, "USERNAMES_NORMALIZED"));
  // Deleted in the source: found by the short name, proven by the object id.
  world.tenant().RemoveUser(10);
  ASSERT_OK_AND_ASSIGN(const Response gone, world.SyncUser("ada@a.test"));
  EXPECT_EQ(gone.outcome(), Response::REMOVED);
}

TEST(SingleSync, R33_ASwitchThatWasNotSyncedYetRenamesNobody) {
  World world;
  Populate(world);
  world.tenant().normalization = true;
  ASSERT_OK(world.SyncUser("ada@a.test"));
  EXPECT_TRUE(world.FindUser("ada@a.test").has_value());
}

TEST(SingleSync, A3_AnOldNameOfARenamedUserStillMeansHim) {
  World world;
  Populate(world);
  world.tenant().UserAt(10).set_user_principal_name("eva@a.test");
  ASSERT_OK_AND_ASSIGN(const Response response, world.SyncUser("ada@a.test"));
  EXPECT_EQ(response.outcome(), Response::UPDATED);
  EXPECT_EQ(world.user("ada@a.test").claims[0].user_principal_name,
            "eva@a.test");
}

TEST(SingleSync, A6_AnotherDirectoryKeepsTheUser) {
  World world;
  Populate(world);
  world.tenant("d2").AddGroup(5, "Other");
  world.tenant("d2").AddUser(50, "ada@a.test", {5});
  world.Sync("d2");
  world.tenant().RemoveUser(10);
  ASSERT_OK(world.SyncUser("ada@a.test"));
  EXPECT_FALSE(world.user("ada@a.test").pending_deletion());
  EXPECT_THAT(world.GroupNamesOf("ada@a.test"), ElementsAre("Other"));
}

TEST(SingleSync, A7_AVanishedGroupTakesNobodyAway) {
  World world;
  Populate(world);
  world.tenant().MoveOutside(11);
  world.tenant().GroupAt(1).set_missing(true);
  ASSERT_OK_AND_ASSIGN(const Response response, world.SyncUser("ben@a.test"));
  EXPECT_EQ(response.outcome(), Response::KEPT);
  EXPECT_EQ(response.reason(), "GROUP_MISSING");
  EXPECT_FALSE(world.user("ben@a.test").pending_deletion());
}

TEST(SingleSync, B3_TheEvidenceIsKeptWithTheChange) {
  World world;
  Populate(world);
  world.tenant().MoveOutside(10);
  ASSERT_OK(world.SyncUser("ada@a.test"));
  const auto events = world.Events();
  const v1::ChangeEvent& removed = events[events.size() - 2];
  EXPECT_TRUE(removed.evidence().found());
  EXPECT_FALSE(removed.evidence().in_scope());
  EXPECT_TRUE(removed.evidence().complete());
  EXPECT_EQ(removed.evidence().read_time().seconds(), 1100);
}

// A run that began before the user was looked at comes to him afterwards.
TEST(SingleSync, R80_AnOlderFullReadingDoesNotUndoANewerLook) {
  for (const bool with_change : {true, false}) {
    SCOPED_TRACE(with_change);
    World world;
    Populate(world);
    FakeTenant& tenant = world.tenant();
    tenant.UserAt(10).set_email("old@a.test");
    if (!with_change) {
      ASSERT_OK(world.SyncUser("ada@a.test"));
    }
    const std::string newest = with_change ? "newest@a.test" : "old@a.test";
    tenant.UserAt(10).set_email(with_change ? "old@a.test" : "stale@a.test");
    bool done = false;
    world.directory_service.on_message = [&](int n) {
      if (n != 1 || done) return;  // The reading has begun.
      done = true;
      world.directory_service.read_seconds += 100;
      tenant.UserAt(10).set_email(newest);
      ASSERT_OK(world.SyncUser("ada@a.test"));
    };
    const v1::Run run = world.Sync();
    EXPECT_TRUE(done);
    EXPECT_EQ(world.user("ada@a.test").email, newest);
    EXPECT_EQ(run.counters().users_newer(), 1);
    EXPECT_EQ(run.counters().users_seen(), 3);
    EXPECT_EQ(run.state(), v1::Run::SUCCEEDED);
  }
}

// The answer about a user is on its way while a whole run passes.
TEST(SingleSync, R80_AnOlderLookDoesNotUndoANewerRun) {
  World world;
  Populate(world);
  FakeTenant& tenant = world.tenant();
  tenant.UserAt(10).set_email("stale@a.test");
  bool done = false;
  world.directory_service.on_look = [&] {
    if (done) return;
    done = true;
    world.directory_service.read_seconds += 100;
    tenant.UserAt(10).set_email("newest@a.test");
    world.Sync();
  };
  ASSERT_OK_AND_ASSIGN(const Response response, world.SyncUser("ada@a.test"));
  EXPECT_TRUE(done);
  EXPECT_EQ(response.outcome(), Response::UNCHANGED);
  EXPECT_EQ(world.user("ada@a.test").email, "newest@a.test");
  EXPECT_EQ(world.directory_service.looks(), 2);
}

TEST(SingleSync, R80_WhoWasCreatedBesideARunIsNotTakenForGone) {
  World world;
  Populate(world);
  bool done = false;
  world.directory_service.on_message = [&](int n) {
    if (n != 1 || done) return;
    done = true;
    world.directory_service.read_seconds += 100;
    world.tenant().AddUser(20, "eve@a.test", {2});
    ASSERT_OK(world.SyncUser("eve@a.test"));
  };
  const v1::Run run = world.Sync();
  EXPECT_EQ(run.counters().users_removed(), 0);
  EXPECT_FALSE(world.user("eve@a.test").pending_deletion());
}

TEST(SingleSync, B12_ACommitThatFailsLeavesNothingBehind) {
  for (const auto outcome : {rollcall::store::FaultyStore::Outcome::kNotWritten,
                             rollcall::store::FaultyStore::Outcome::kWritten}) {
    World world;
    Populate(world);
    world.tenant().AddUser(20, "eve@a.test", {2});
    world.faulty->FailCommit(1, outcome);
    EXPECT_FALSE(world.SyncUser("eve@a.test").ok());
    world.Restart();
    ASSERT_OK(world.SyncUser("eve@a.test"));
    EXPECT_EQ(world.user("eve@a.test").email, "eve@a.test");
    EXPECT_EQ(world.group("Staff").member_count, 3);
    int created = 0;
    for (const std::string& text : world.EventTexts()) {
      created += text == "CREATED eve@a.test R18";
    }
    EXPECT_EQ(created, 1);
  }
}

}  // namespace
}  // namespace rollcall::reconciliation
