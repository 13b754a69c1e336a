// What the pure modules make of a decision of the desk (B10), and of a
// directory that follows renames (A3).
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/collision_notes.h"
#include "services/reconciliation/user_diff.h"
#include "services/reconciliation/username_rename.h"

namespace rollcall::reconciliation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

DesiredUser Ada() {
  DesiredUser ada;
  ada.source_id = "s1";
  ada.user_principal_name = "ada@a.test";
  ada.username = "ada@a.test";
  ada.email = "ada@a.test";
  return ada;
}
SyncRules Rules() {
  SyncRules rules;
  rules.directory = "d1";
  return rules;
}
User Linked(const std::string& username, const std::string& origin) {
  User user;
  user.id = "u1";
  user.username = username;
  user.email = "ada@a.test";
  user.claims = {{"d1", "s1", origin, origin}};
  return user;
}

TEST(DeskDiff, B10_TheDefaultOfEachChoiceIsTodaysBehaviour) {
  User manual;
  manual.id = "manual";
  manual.username = "ada@a.test";
  for (const DeskChoice choice : {DeskChoice::kPreset, DeskChoice::kAdopt}) {
    const SeenFacts facts{.namesake = &manual, .desk = {choice, ""}};
    EXPECT_EQ(DecideSeen(Ada(), facts, Rules(), kNow).fate, Fate::kMerge);
  }
  const SeenFacts skipped{.namesake = &manual, .desk = {DeskChoice::kSkip, ""}};
  EXPECT_EQ(DecideSeen(Ada(), skipped, Rules(), kNow).reason,
            "SKIPPED_BY_DECISION");
  const SeenFacts renamed{.desk = {DeskChoice::kRename, "ada2"}};
  const UserDecision created = DecideSeen(Ada(), renamed, Rules(), kNow);
  EXPECT_EQ(created.fate, Fate::kCreate);
  EXPECT_EQ(created.after.username, "ada2");
  EXPECT_EQ(created.after.claims[0].username_origin, "ada@a.test");
}

TEST(DeskDiff, B10_NobodyWhomTheSourceHidesIsMadeUpByAName) {
  DesiredUser hidden = Ada();
  hidden.username.clear();
  hidden.skip_reason = "SOURCE_HIDDEN";
  const SeenFacts facts{.desk = {DeskChoice::kRename, "ada2"}};
  EXPECT_EQ(DecideSeen(hidden, facts, Rules(), kNow).reason, "SOURCE_HIDDEN");
}

TEST(DeskDiff, A3_AUsernameFollowsOnlyWhereTheDirectoryFollowsRenames) {
  DesiredUser renamed = Ada();
  renamed.user_principal_name = "Eve@a.test";
  renamed.username = "eve@a.test";
  const User user = Linked("ada@a.test", "ada@a.test");
  SyncRules rules = Rules();
  UserDecision decision = DecideSeen(renamed, {.linked = &user}, rules, kNow);
  EXPECT_EQ(decision.after.username, "ada@a.test");
  EXPECT_THAT(decision.warnings, ElementsAre("RENAME_PENDING"));

  rules.follow_renames = true;
  decision = DecideSeen(renamed, {.linked = &user}, rules, kNow);
  EXPECT_EQ(decision.after.username, "eve@a.test");
  EXPECT_EQ(decision.after.claims[0].username_origin, "Eve@a.test");
  EXPECT_TRUE(decision.renamed);
  EXPECT_THAT(decision.warnings, IsEmpty());
  // The next sync finds nothing to do.
  EXPECT_EQ(DecideSeen(renamed, {.linked = &decision.after}, rules, kNow).after,
            decision.after);
  // A name that is taken waits, and a sync of one user renames nobody (R36).
  decision = DecideSeen(renamed, {.linked = &user, .rename_is_taken = true},
                        rules, kNow);
  EXPECT_EQ(decision.after.username, "ada@a.test");
  EXPECT_THAT(decision.warnings, ElementsAre("USERNAME_COLLISION"));
  // The desk keeps the name, and so the rename is pending.
  decision = DecideSeen(
      renamed, {.linked = &user, .desk = {DeskChoice::kSkip, ""}}, rules, kNow);
  EXPECT_EQ(decision.after.username, "ada@a.test");
  EXPECT_THAT(decision.warnings, ElementsAre("RENAME_PENDING"));
  rules.may_rename = false;
  decision = DecideSeen(renamed, {.linked = &user}, rules, kNow);
  EXPECT_EQ(decision.after.username, "ada@a.test");
}

TEST(UsernameRename, A3_R33_B10_WhichNameAUserGets) {
  const DeskDecision none, given{DeskChoice::kRename, "given"},
      own{DeskChoice::kRename, "ada@a"};
  const struct {
    const char* username;
    const char* origin;
    const char* source;
    bool normalization, follow;
    const DeskDecision& desk;
    const char* expected;  // Empty: keeps it.
  } kCases[] = {
      {"ada@a", "ada@a", "ada@a", false, false, none, ""},
      {"ada@a", "ada@a", "ada", true, false, none, "ada"},
      {"ada@a", "ada@a", "ada", true, false, given, "given"},
      {"ada@a", "ada@a", "ada@a", false, false, given, ""},
      {"ada@a", "ada@a", "eve@a", false, false, none, ""},
      {"ada@a", "ada@a", "eve@a", false, true, none, "eve@a"},
      {"ada", "ada@a", "eve", true, true, none, "eve"},
      {"ada@a", "ada@a", "eve@a", false, true, given, "given"},
      {"ada", "ada@a", "eve", true, true, given, "given"},
      {"ada@a", "ada@a", "ada", true, false, own, ""},
      // Switched and renamed: no name on the way.
      {"ada@a", "ada@a", "eve", true, true, none, "eve"},
      {"ada@a", "ada@a", "eve", true, false, none, "ada"},
      {"ada", "ada@a", "ada", true, true, none, ""},  // Another domain.
      {"given", "ada@a", "eve@a", false, true, none, ""},
      {"given", "ada@a", "ada", true, true, none, ""},
      {"ada@a", "ada@a", "", false, true, none, ""},
  };
  for (const auto& c : kCases) {
    const std::string username = c.username, origin = c.origin,
                      source = c.source;
    const auto rename = RenameOf({.username = username,
                                  .origin = origin,
                                  .source_username = source,
                                  .normalization = c.normalization,
                                  .follow_renames = c.follow,
                                  .desk = c.desk});
    EXPECT_EQ(rename.has_value() ? rename->username : "", c.expected)
        << c.username << " of " << c.origin << ", now " << c.source;
  }
}

TEST(CollisionNotes, B10_AnUnreadableObjectCollidesWithNobody) {
  DesiredUser ada = Ada();
  ada.guest = true;
  EXPECT_EQ(NotesOf(ada, UserMeeting(), Rules()).size(), 1u);
  ada.skip_reason = "SOURCE_HIDDEN";
  EXPECT_THAT(
      NotesOf(ada, UserMeeting(), Rules()),
      ElementsAre(CollisionNote{CollisionKind::kNotImportable, "ada@a.test", "",
                                "R37", "SOURCE_HIDDEN"}));
}

TEST(CollisionNotes, R37_WhoCannotBeImportedIsNotedWithTheReason) {
  DesiredUser ada = Ada();
  ada.username.clear();
  EXPECT_THAT(NotesOf(ada, UserMeeting(), Rules()),
              ElementsAre(CollisionNote{CollisionKind::kNotImportable, "", "",
                                        "R37", "USERNAME_EMPTY"}));
  // Who is linked stays, whatever his name.
  const User user = Linked("ada@a.test", "ada@a.test");
  EXPECT_THAT(NotesOf(ada, {.linked = &user}, Rules()), IsEmpty());
}

TEST(CollisionNotes, A3_ARenameThatIsNotFollowedIsNoted) {
  DesiredUser renamed = Ada();
  renamed.user_principal_name = "Eve@a.test";
  renamed.username = "eve@a.test";
  const User user = Linked("ada@a.test", "ada@a.test");
  SyncRules rules = Rules();
  const CollisionNote pending{CollisionKind::kRenamePending, "eve@a.test", "",
                              "A3"};
  EXPECT_THAT(NotesOf(renamed, {.linked = &user}, rules), ElementsAre(pending));
  rules.follow_renames = true;
  EXPECT_THAT(NotesOf(renamed, {.linked = &user}, rules), IsEmpty());
  // Only the domain is new: the short form is the same.
  rules = Rules();
  rules.normalization = true;
  const User shortened = Linked("ada", "ada@a.test");
  renamed.user_principal_name = "ada@b.test";
  renamed.username = "ada";
  EXPECT_THAT(NotesOf(renamed, {.linked = &shortened}, rules), IsEmpty());
}

TEST(CollisionNotes, A13_WhoWasDisabledByHandIsNotedBeforeHeIsMerged) {
  User manual;
  manual.id = "manual";
  manual.username = "ada@a.test";
  manual.status = UserStatus::kDisabled;
  manual.disabled_by = DisabledBy::kAdministrator;
  EXPECT_THAT(NotesOf(Ada(), {.namesake = &manual}, Rules()),
              ElementsAre(CollisionNote{CollisionKind::kManualUser,
                                        "ada@a.test", "manual", "R43"},
                          CollisionNote{CollisionKind::kManuallyDisabled,
                                        "ada@a.test", "manual", "A13"}));
}

TEST(CollisionNotes, B10_APlanTellsOfTheLinkedToo) {
  DesiredUser ada = Ada();
  ada.email.clear();
  const User user = Linked("ada@a.test", "ada@a.test");
  EXPECT_THAT(NotesOf(ada, {.linked = &user}, Rules()), IsEmpty());
  EXPECT_THAT(NotesOf(ada, {.linked = &user, .tells_linked = true}, Rules()),
              ElementsAre(CollisionNote{CollisionKind::kMissingEmail,
                                        "ada@a.test", "", "R29"}));
}

}  // namespace
}  // namespace rollcall::reconciliation
