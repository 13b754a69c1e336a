// What ExplainUser tells of a user: now, next, and before (B4).
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/rule_text.h"
#include "services/reconciliation/schedule.h"
#include "services/reconciliation/user_explainer.h"
#include "services/reconciliation/user_writer.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kOwner[] = "spiffe://test.rollcall/account/acme/role/owner/ada";
constexpr char kDirectory[] = "accounts/acme/directories/d1";

// `email: a -> b`.
std::vector<std::string> Texts(const v1::HistoryEntry& entry) {
  std::vector<std::string> texts;
  for (const v1::FieldChange& change : entry.changes()) {
    texts.push_back(absl::StrCat(change.field(), ": ", change.before(), " -> ",
                                 change.after()));
  }
  return texts;
}

// `PURGE 604800 R60`: kind, seconds from now on (`-`: none), rule.
std::vector<std::string> Upcoming(const v1::ExplainUserResponse& answer,
                                  absl::Time now) {
  std::vector<std::string> texts;
  for (const v1::UpcomingChange& change : answer.upcoming_changes()) {
    const std::string due = change.has_due_time()
                                ? absl::StrCat(absl::ToInt64Seconds(
                                      FromTimestamp(change.due_time()) - now))
                                : "-";
    texts.push_back(absl::StrCat(v1::UpcomingChange::Kind_Name(change.kind()),
                                 " ", due, " ", change.rule()));
  }
  return texts;
}

class ExplainTest : public ::testing::Test {
 protected:
  ExplainTest() {
    world.tenant().AddGroup(1, "Sales");
    world.tenant().AddUser(10, "ada@a.test", {1});
    world.tenant().AddUser(11, "ben@a.test", {1});
  }

  std::string NameOf(const std::string& username) {
    return "accounts/acme/users/" + world.user(username).id;
  }
  absl::StatusOr<v1::ExplainUserResponse> Ask(
      const v1::ExplainUserRequest& request) {
    return UserExplainer({.store = *world.store,
                          .directory = world.directory_service,
                          .clock = world.clock})
        .Explain(request);
  }
  v1::ExplainUserResponse Explain(const std::string& name,
                                  bool read_source = false) {
    v1::ExplainUserRequest request;
    request.set_name(name);
    request.set_read_source(read_source);
    auto answer = Ask(request);
    EXPECT_OK(answer.status());
    return answer.ok() ? *answer : v1::ExplainUserResponse();
  }
  // The directory's slot is at midnight, and everything was read.
  void DrawSlot() {
    store::DirectoryRow row = *world.store->Runs("acme").GetDirectory("d1");
    row.set_slot_second(0);
    row.set_last_slot_nanos(
        absl::ToUnixNanos(LatestSlot(0, world.clock.TimeNow())));
    row.set_last_poll_nanos(absl::ToUnixNanos(world.clock.TimeNow()));
    auto transaction = *world.store->Begin("acme");
    transaction->Put(keys::Directory("d1"), row);
    EXPECT_OK(transaction->Commit());
  }

  World world;
};

TEST_F(ExplainTest, B4_EachChangeIsToldWithRunRuleActorBeforeAndAfter) {
  const v1::Run first = world.Sync();
  world.tenant().UserAt(10).set_email("new@a.test");
  world.tenant().AddGroup(2, "Staff");
  world.tenant().UserAt(10).add_group_source_ids(SourceId(2));
  world.clock.AdvanceTime(absl::Minutes(1));
  const v1::Run second = world.Sync();
  UserWriter writer({.store = *world.store,
                     .directory = world.directory_service,
                     .clock = world.clock,
                     .make_id = [] { return "unused"; }});
  v1::SetUserStateRequest bypass;
  bypass.set_name(NameOf("ada@a.test"));
  bypass.set_state(v1::User::BYPASS);
  ASSERT_OK(writer.SetState(bypass, kOwner).status());

  const v1::ExplainUserResponse answer = Explain(NameOf("ada@a.test"));
  ASSERT_THAT(answer.history(), SizeIs(3));
  const v1::HistoryEntry& by_hand = answer.history(0);
  EXPECT_EQ(by_hand.actor(), kOwner);
  EXPECT_EQ(by_hand.run(), "");
  EXPECT_EQ(by_hand.rule(), "R48");
  EXPECT_THAT(Texts(by_hand), ElementsAre("state: ACTIVE -> BYPASS"));

  const v1::HistoryEntry& update = answer.history(1);
  EXPECT_EQ(update.kind(), v1::HistoryEntry::UPDATED);
  EXPECT_EQ(update.run(), second.name());
  EXPECT_EQ(update.actor(), "");
  EXPECT_EQ(update.rule(), "R28");
  EXPECT_EQ(update.explanation(), RuleText("R28"));
  EXPECT_FALSE(update.before_unknown());
  EXPECT_THAT(Texts(update),
              ElementsAre("email: ada@a.test -> new@a.test",
                          absl::StrCat("groups:  -> accounts/acme/groups/",
                                       world.group("Staff").id)));

  const v1::HistoryEntry& birth = answer.history(2);
  EXPECT_EQ(birth.kind(), v1::HistoryEntry::CREATED);
  EXPECT_EQ(birth.run(), first.name());
  EXPECT_EQ(birth.rule(), "R18");
  EXPECT_FALSE(birth.before_unknown());
  EXPECT_THAT(Texts(birth), Contains("username:  -> ada@a.test"));
  EXPECT_LT(birth.sequence(), update.sequence());

  EXPECT_EQ(answer.access().decision(), v1::CheckAccessResponse::ALLOW_BYPASS);
  EXPECT_EQ(answer.access().rule(), "R48");
  EXPECT_EQ(answer.user().effective_state(), v1::User::BYPASS);
  ASSERT_THAT(answer.user().managed_by(), SizeIs(1));
  EXPECT_EQ(answer.user().managed_by(0).source_id(), SourceId(10));
}

TEST_F(ExplainTest, B4_ARemovalIsToldWithItsEvidenceAndThePurgeThatFollows) {
  world.Sync();
  world.tenant().MoveOutside(10);
  world.Sync();
  world.clock.AdvanceTime(absl::Hours(24));
  const std::string name = NameOf("ada@a.test");
  v1::ExplainUserResponse answer = Explain(name);
  const v1::HistoryEntry& removal = answer.history(0);
  EXPECT_EQ(removal.kind(), v1::HistoryEntry::REMOVED);
  EXPECT_EQ(removal.rule(), "R56");
  EXPECT_TRUE(removal.evidence().found());
  EXPECT_FALSE(removal.evidence().in_scope());
  EXPECT_THAT(Texts(removal), Contains("state: ACTIVE -> PENDING_DELETION"));
  EXPECT_EQ(answer.access().reason(), "USER_PENDING_DELETION");
  EXPECT_EQ(answer.access().rule(), "R57");
  EXPECT_TRUE(answer.user().has_delete_time());
  EXPECT_THAT(Upcoming(answer, world.clock.TimeNow()),
              ElementsAre(absl::StrCat("PURGE ", 6 * 24 * 3600, " R60")));
  EXPECT_THAT(answer.upcoming_changes(0).subject(),
              HasSubstr("accounts/acme/trashedUsers/"));

  // After the purge the history is what is left.
  auto transaction = *world.store->Begin("acme");
  ASSERT_OK(transaction->DeleteUser(world.user("ada@a.test")));
  v1::ChangeEvent purge;
  purge.set_rule("R60");
  purge.mutable_user_purge()->set_name(name);
  transaction->AppendEvent(purge);
  ASSERT_OK(transaction->Commit());
  transaction.reset();
  answer = Explain(name);
  EXPECT_FALSE(answer.has_user());
  EXPECT_FALSE(answer.has_access());
  EXPECT_THAT(answer.upcoming_changes(), IsEmpty());
  ASSERT_THAT(answer.history(), SizeIs(3));
  EXPECT_EQ(answer.history(0).kind(), v1::HistoryEntry::PURGED);
  EXPECT_EQ(answer.history(1).kind(), v1::HistoryEntry::REMOVED);
}

TEST_F(ExplainTest, B4_B5_ThePinIsToldWhenItIsSetAndWhenItIsLifted) {
  world.Sync();
  world.tenant().UserAt(10).set_email("oops@a.test");
  const v1::Run mad = world.Sync();
  world.clock.AdvanceTime(absl::Hours(1));
  world.Revert(mad);
  const std::string name = NameOf("ada@a.test");
  v1::ExplainUserResponse answer = Explain(name);
  EXPECT_THAT(Texts(answer.history(0)),
              Contains(absl::StrCat("pinned_by:  -> ", kDirectory)));
  EXPECT_THAT(Upcoming(answer, world.clock.TimeNow()), Contains("PINNED - B5"));
  EXPECT_EQ(answer.upcoming_changes(0).subject(), kDirectory);

  world.tenant().UserAt(10).set_email("ada@a.test");
  world.clock.AdvanceTime(absl::Hours(1));
  world.Apply(world.Plan());
  answer = Explain(name);
  EXPECT_THAT(Texts(answer.history(0)),
              ElementsAre(absl::StrCat("pinned_by: ", kDirectory, " -> ")));
  EXPECT_THAT(answer.history(0).explanation(), HasSubstr("plan"));
  EXPECT_THAT(Upcoming(answer, world.clock.TimeNow()),
              Not(Contains("PINNED - B5")));
}

TEST_F(ExplainTest, B4_B5_R33_NoRenameIsAnnouncedToAPinnedUser) {
  world.Sync();
  world.tenant().UserAt(10).set_email("oops@a.test");
  const v1::Run mad = world.Sync();
  world.clock.AdvanceTime(absl::Hours(1));
  world.Revert(mad);
  world.tenant().normalization = true;
  const auto is_announced = [&](const char* username) {
    const auto answer = Explain(NameOf(username));
    const auto& changes = answer.upcoming_changes();
    return std::any_of(changes.begin(), changes.end(), [](const auto& change) {
      return change.kind() == v1::UpcomingChange::RENAME_DUE;
    });
  };
  EXPECT_TRUE(is_announced("ben@a.test"));
  EXPECT_FALSE(is_announced("ada@a.test"));
}

TEST_F(ExplainTest, B4_B5_R60_ThePurgeOfAPinnedUserIsNotPromised) {
  world.Revert(world.Sync());
  const v1::ExplainUserResponse answer = Explain(NameOf("ada@a.test"));
  const auto& changes = answer.upcoming_changes();
  const auto purge =
      std::find_if(changes.begin(), changes.end(), [](const auto& change) {
        return change.kind() == v1::UpcomingChange::PURGE;
      });
  ASSERT_NE(purge, changes.end());
  EXPECT_THAT(purge->message(), HasSubstr(absl::StrCat(
                                    "no plan of ", kDirectory, " is applied")));
}

TEST_F(ExplainTest, B4_TheWayIntoScopeIsAskedForOnlyOnRequest) {
  world.Sync();
  const std::string name = NameOf("ada@a.test");
  EXPECT_THAT(Explain(name).scopes(), IsEmpty());
  EXPECT_EQ(world.directory_service.looks(), 0);

  v1::ExplainUserResponse answer = Explain(name, /*read_source=*/true);
  EXPECT_EQ(world.directory_service.looks(), 1);
  ASSERT_THAT(answer.scopes(), SizeIs(1));
  EXPECT_TRUE(answer.scopes(0).current());
  EXPECT_EQ(answer.scopes(0).directory(), kDirectory);
  EXPECT_THAT(answer.scopes(0).evidence().paths(), ElementsAre("Sales"));

  // A look that changed something is kept with the event.
  world.tenant().UserAt(10).set_email("new@a.test");
  ASSERT_OK(world.SyncUser("ada@a.test").status());
  world.tenant().GroupAt(1).set_display_name("Renamed");
  answer = Explain(name);
  EXPECT_EQ(world.directory_service.looks(), 2);
  ASSERT_THAT(answer.scopes(), SizeIs(1));
  EXPECT_FALSE(answer.scopes(0).current());
  EXPECT_THAT(answer.scopes(0).evidence().paths(), ElementsAre("Sales"));
  EXPECT_THAT(answer.history(0).evidence().paths(), ElementsAre("Sales"));

  // A source that cannot be asked takes nothing of the rest away.
  world.directory_service.look_error = absl::UnavailableError("Graph is down.");
  answer = Explain(name, /*read_source=*/true);
  ASSERT_THAT(answer.scopes(), SizeIs(1));
  EXPECT_EQ(answer.scopes(0).error(), "Graph is down.");
  EXPECT_THAT(answer.history(), SizeIs(2));
}

TEST_F(ExplainTest, B4_R68_B6_TheNextRunAndPollAreTold) {
  world.Sync();
  const std::string name = NameOf("ada@a.test");
  DrawSlot();
  // 22:13:20 UTC: the next midnight is 6400 seconds away.
  world.clock.AdvanceTime(absl::Minutes(1));
  const absl::Time now = world.clock.TimeNow();
  EXPECT_THAT(Upcoming(Explain(name), now),
              ElementsAre("POLL 240 B6", "FULL_RUN 6340 R68"));
  // Late is now, not in the past.
  world.clock.AdvanceTime(absl::Hours(30));
  EXPECT_THAT(Upcoming(Explain(name), world.clock.TimeNow()),
              ElementsAre("FULL_RUN 0 R68", "POLL 0 B6"));
  // What must be authorized again is not read (R9).
  world.tenant().state = directory::v1::Directory::REAUTHORIZATION_REQUIRED;
  EXPECT_THAT(Explain(name).upcoming_changes(), IsEmpty());
  world.tenant().state = directory::v1::Directory::CONNECTED;
  const RunName run = world.Start();
  const v1::ExplainUserResponse answer = Explain(name);
  EXPECT_THAT(
      Upcoming(answer, world.clock.TimeNow()),
      ElementsAre("FULL_RUN 0 R68", "POLL 0 B6", "RUN_UNDER_WAY - R69"));
  EXPECT_EQ(answer.upcoming_changes(2).subject(), run.ToString());
}

TEST_F(ExplainTest, B4_A3_R33_ARenameThatWaitsIsTold) {
  world.Sync();
  const std::string ada = NameOf("ada@a.test");
  world.tenant().UserAt(10).set_user_principal_name("eve@a.test");
  world.Sync();
  v1::ExplainUserResponse answer = Explain(ada);
  EXPECT_THAT(Upcoming(answer, world.clock.TimeNow()),
              ElementsAre("RENAME_PENDING - A3"));
  EXPECT_THAT(answer.upcoming_changes(0).message(), HasSubstr("eve@a.test"));
  world.tenant().follow_renames = true;
  answer = Explain(ada);
  EXPECT_THAT(Upcoming(answer, world.clock.TimeNow()),
              ElementsAre("RENAME_DUE - A3"));
  world.tenant().normalization = true;
  answer = Explain(NameOf("ben@a.test"));
  EXPECT_THAT(Upcoming(answer, world.clock.TimeNow()),
              ElementsAre("RENAME_DUE - R33"));
  EXPECT_THAT(answer.upcoming_changes(0).message(), HasSubstr(" ben,"));
}

TEST_F(ExplainTest, B4_B2_WhatTheGuardHoldsOfTheUserIsTold) {
  for (int n = 20; n < 40; ++n) {
    world.tenant().AddUser(n, absl::StrCat("u", n, "@a.test"), {1});
  }
  world.Sync();
  for (int n = 20; n < 30; ++n) world.tenant().RemoveUser(n);
  world.Sync();
  v1::ExplainUserResponse answer = Explain(NameOf("u20@a.test"));
  ASSERT_THAT(answer.upcoming_changes(), SizeIs(1));
  EXPECT_EQ(answer.upcoming_changes(0).kind(), v1::UpcomingChange::HELD_CHANGE);
  EXPECT_THAT(answer.upcoming_changes(0).message(), HasSubstr("REMOVED"));
  EXPECT_THAT(answer.upcoming_changes(0).subject(),
              HasSubstr("accounts/acme/directories/d1/heldBatches/"));
  EXPECT_THAT(Explain(NameOf("u35@a.test")).upcoming_changes(), IsEmpty());
}

TEST_F(ExplainTest, B4_B2_AHeldMergeIsToldOfTheManualUser) {
  std::vector<std::string> names;
  for (int n = 20; n < 30; ++n) {
    User manual;
    manual.id = absl::StrCat("manual", n);
    manual.username = absl::StrCat("u", n, "@a.test");
    world.PutUser(manual);
    world.tenant().AddUser(n, manual.username, {1});
  }
  User other;
  other.id = "other";
  other.username = "other";
  world.PutUser(other);
  world.Sync();
  const v1::ExplainUserResponse answer = Explain(NameOf("u29@a.test"));
  ASSERT_THAT(answer.upcoming_changes(), SizeIs(1));
  EXPECT_THAT(answer.upcoming_changes(0).message(), HasSubstr("MERGED"));
  EXPECT_THAT(Explain(NameOf("other")).upcoming_changes(), IsEmpty());
}

TEST_F(ExplainTest, B4_PagesTellTheSameAsOneList) {
  world.Sync();
  for (int i = 0; i < 9; ++i) {
    world.tenant().UserAt(10).set_email(absl::StrCat("e", i, "@a.test"));
    world.Sync();
  }
  const v1::ExplainUserResponse whole = Explain(NameOf("ada@a.test"));
  ASSERT_THAT(whole.history(), SizeIs(10));
  v1::ExplainUserRequest request;
  request.set_name(NameOf("ada@a.test"));
  request.set_page_size(3);
  std::vector<std::string> paged, listed;
  do {
    ASSERT_OK_AND_ASSIGN(const v1::ExplainUserResponse page, Ask(request));
    for (const v1::HistoryEntry& entry : page.history()) {
      paged.push_back(entry.DebugString());
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  for (const v1::HistoryEntry& entry : whole.history()) {
    listed.push_back(entry.DebugString());
  }
  EXPECT_EQ(paged, listed);
  request.set_name(NameOf("ben@a.test"));
  request.set_page_token("x");
  EXPECT_THAT(
      Ask(request).status(),
      StatusIs(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID"));
}

TEST_F(ExplainTest, B4_WhatIsNotKeptIsNotMadeUp) {
  world.Sync();
  const std::string name = NameOf("ada@a.test");
  world.tenant().UserAt(10).set_email("new@a.test");
  world.Sync();
  // The retention has taken the first event.
  const int64_t first = Explain(name).history(1).sequence();
  auto transaction = *world.store->Begin("acme");
  transaction->Delete(keys::History(world.user("ada@a.test").id, first));
  ASSERT_OK(transaction->Commit());
  transaction.reset();
  const v1::ExplainUserResponse answer = Explain(name);
  ASSERT_THAT(answer.history(), SizeIs(1));
  EXPECT_TRUE(answer.history(0).before_unknown());
  EXPECT_THAT(Texts(answer.history(0)), Contains("email:  -> new@a.test"));

  v1::ExplainUserRequest nobody;
  nobody.set_name("accounts/acme/users/nobody");
  EXPECT_THAT(Ask(nobody).status(),
              StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
}

TEST(RuleText, B4_EveryRuleThatChangesAUserHasASentence) {
  for (const char* rule :
       {"R18", "R25", "R28", "R33", "R38", "R43", "R44", "R45", "R48", "R49",
        "R50", "R52", "R55", "R56", "R60", "R61", "R62", "R66", "R88", "R95",
        "R97", "A3",  "A5",  "A6",  "A7",  "A8",  "A9",  "A11", "A13"}) {
    EXPECT_THAT(RuleText(rule), Not(IsEmpty())) << rule;
  }
  EXPECT_THAT(RuleText("R1"), IsEmpty());
}

}  // namespace
}  // namespace rollcall::reconciliation
