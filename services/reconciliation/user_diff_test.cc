#include "services/reconciliation/user_diff.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::reconciliation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const absl::Time kBefore = absl::FromUnixSeconds(1000);
const absl::Time kNow = absl::FromUnixSeconds(2000);

// Ada as the source has her: in the groups g1 and g2 of directory d1.
DesiredUser Ada() {
  DesiredUser ada;
  ada.source_id = "s1";
  ada.user_principal_name = "Ada@a.test";
  ada.username = "ada@a.test";
  ada.display_name = "Ada";
  ada.email = "ada@mail.test";
  ada.groups = {"g1", "g2"};
  return ada;
}

// Ada as the store has her after a sync.
User StoredAda() {
  User ada;
  ada.id = "u1";
  ada.username = "ada@a.test";
  ada.display_name = "Ada";
  ada.email = "ada@mail.test";
  ada.claims = {{"d1", "s1", "Ada@a.test", "Ada@a.test"}};
  ada.groups = {"g1", "g2"};
  ada.create_time = kBefore;
  ada.update_time = kBefore;
  return ada;
}

User ManualAda() {
  User ada = StoredAda();
  ada.claims.clear();
  ada.groups = {"manual"};
  ada.email = "old@mail.test";
  return ada;
}

User Trashed(User user) {
  user.delete_time = kBefore;
  user.deletion_epoch = 1;
  return user;
}

SyncRules Rules() {
  SyncRules rules;
  rules.directory = "d1";
  rules.own_groups = {"g1", "g2", "g3"};
  return rules;
}

UserDecision Decide(const DesiredUser& desired, const User& linked,
                    const SyncRules& rules = Rules()) {
  return DecideSeen(desired, {.linked = &linked}, rules, kNow);
}

UserDecision DecideMerge(const DesiredUser& desired, const User& namesake) {
  return DecideSeen(desired, {.namesake = &namesake}, Rules(), kNow);
}

TEST(UserDiff, R18_R31_UnknownUserIsCreatedWithWhatTheSourceHas) {
  const UserDecision decision = DecideSeen(Ada(), {}, Rules(), kNow);
  EXPECT_EQ(decision.fate, Fate::kCreate);
  User expected = StoredAda();
  expected.id.clear();
  expected.create_time = kNow;
  expected.update_time = kNow;
  EXPECT_EQ(decision.after, expected);
}

TEST(UserDiff, A11_NewUserWhoIsDisabledInTheSourceIsImportedDisabled) {
  DesiredUser ada = Ada();
  ada.enabled = false;
  const UserDecision decision = DecideSeen(ada, {}, Rules(), kNow);
  EXPECT_EQ(decision.after.status, UserStatus::kDisabled);
  EXPECT_EQ(decision.after.disabled_by, DisabledBy::kSource);
  EXPECT_TRUE(decision.disabled);
  EXPECT_THAT(decision.rules, ElementsAre("A11"));
}

TEST(UserDiff, R67_NothingChangedMeansUnchanged) {
  const UserDecision decision = Decide(Ada(), StoredAda());
  EXPECT_EQ(decision.fate, Fate::kUnchanged);
  EXPECT_EQ(decision.after, StoredAda());
  EXPECT_TRUE(decision.withheld.empty());
  EXPECT_THAT(decision.warnings, IsEmpty());
}

TEST(UserDiff, A5_EmptyValuesOfTheSourceClearNameAndEmail) {
  DesiredUser ada = Ada();
  ada.display_name.clear();
  ada.email.clear();
  const UserDecision decision = Decide(ada, StoredAda());
  EXPECT_EQ(decision.fate, Fate::kUpdate);
  EXPECT_EQ(decision.after.display_name, "");
  EXPECT_EQ(decision.after.update_time, kNow);
  // The guard counts emails before they are cleared (B2).
  EXPECT_EQ(decision.after.email, StoredAda().email);
  EXPECT_TRUE(decision.withheld.clear_email);
  const UserDecision cleared =
      DecideWithheld(decision.after, decision.withheld, kNow);
  EXPECT_EQ(cleared.fate, Fate::kUpdate);
  EXPECT_EQ(cleared.after.email, "");
}

TEST(UserDiff, R73_ASyncWithItsProofTakesAndGivesInOne) {
  DesiredUser ada = Ada();
  ada.email.clear();
  ada.enabled = false;
  const UserDecision decision = WithTaking(Decide(ada, StoredAda()), kNow);
  EXPECT_EQ(decision.fate, Fate::kUpdate);
  EXPECT_TRUE(decision.disabled);
  EXPECT_EQ(decision.after.status, UserStatus::kDisabled);
  EXPECT_EQ(decision.after.email, "");
  EXPECT_TRUE(decision.withheld.empty());
}

TEST(UserDiff, R80_TheNewerReadingWinsUnlessItsTimeHasNotCome) {
  EXPECT_TRUE(IsFromNewerReading(kNow, kNow - absl::Seconds(1), kNow));
  EXPECT_FALSE(IsFromNewerReading(kNow, kNow, kNow));
  EXPECT_FALSE(IsFromNewerReading(kNow - absl::Seconds(1), kNow, kNow));
  // Written before the clock was set back.
  EXPECT_FALSE(IsFromNewerReading(kNow + absl::Hours(1), kNow, kNow));
}

TEST(UserDiff, R41_PhoneDataOfTheSourceIsCarried) {
  DesiredUser ada = Ada();
  ada.has_phone_data = true;
  EXPECT_TRUE(Decide(ada, StoredAda()).after.source_has_phone_data);
}

// Skips.

TEST(UserDiff, R37_UserWithoutUsernameIsSkippedUnlessLinked) {
  DesiredUser ada = Ada();
  ada.username.clear();
  const UserDecision skipped = DecideSeen(ada, {}, Rules(), kNow);
  EXPECT_EQ(skipped.fate, Fate::kSkip);
  EXPECT_EQ(skipped.reason, "USERNAME_EMPTY");
  EXPECT_EQ(Decide(ada, StoredAda()).fate, Fate::kUnchanged);
}

TEST(UserDiff, B3_AnObjectThatCannotBeReadChangesNothing) {
  DesiredUser hidden;
  hidden.source_id = Ada().source_id;
  for (const char* reason : {"SOURCE_HIDDEN", "OBJECT_TEXT_INVALID"}) {
    hidden.skip_reason = reason;
    EXPECT_EQ(DecideSeen(hidden, {}, Rules(), kNow).fate, Fate::kSkip);
    const UserDecision kept = Decide(hidden, StoredAda());
    EXPECT_EQ(kept.fate, Fate::kUnchanged);
    EXPECT_EQ(kept.after, StoredAda());
    EXPECT_TRUE(kept.withheld.empty());
    EXPECT_EQ(kept.warnings, std::vector<std::string>{reason});
    const UserDecision back = Decide(hidden, Trashed(StoredAda()));
    EXPECT_EQ(back.fate, Fate::kRestore);
    EXPECT_FALSE(back.after.pending_deletion());
    EXPECT_EQ(back.after.email, StoredAda().email);
  }
}

TEST(UserDiff, A4_CollisionKeepsOutTheNewAndKeepsTheLinked) {
  DesiredUser ada = Ada();
  ada.username_collides = true;
  const UserDecision skipped = DecideSeen(ada, {}, Rules(), kNow);
  EXPECT_EQ(skipped.fate, Fate::kSkip);
  EXPECT_EQ(skipped.reason, "USERNAME_COLLISION");
  EXPECT_EQ(Decide(ada, StoredAda()).fate, Fate::kUnchanged);
}

TEST(UserDiff, A4_TwoObjectsOfOneDirectoryAreNeverMerged) {
  DesiredUser recreated = Ada();
  recreated.source_id = "s2";
  for (const User& namesake : {StoredAda(), Trashed(StoredAda())}) {
    const UserDecision decision = DecideMerge(recreated, namesake);
    EXPECT_EQ(decision.fate, Fate::kSkip);
    EXPECT_EQ(decision.reason, "USERNAME_COLLISION");
  }
}

// Merging.

TEST(UserDiff, R43_ManualUserIsMergedAndOverwritten) {
  const UserDecision decision = DecideMerge(Ada(), ManualAda());
  EXPECT_EQ(decision.fate, Fate::kMerge);
  EXPECT_THAT(decision.rules.front(), "R43");
  EXPECT_EQ(decision.after.id, "u1");
  EXPECT_EQ(decision.after.email, "ada@mail.test");
  EXPECT_EQ(decision.after.claims, StoredAda().claims);
  EXPECT_THAT(decision.after.groups, ElementsAre("g1", "g2", "manual"));
}

TEST(UserDiff, R44_UserOfAnotherDirectoryIsClaimedByBoth) {
  User other = StoredAda();
  other.claims = {{"d2", "x9", "ada@a.test", "ada@a.test"}};
  const UserDecision decision = DecideMerge(Ada(), other);
  EXPECT_EQ(decision.fate, Fate::kMerge);
  EXPECT_THAT(decision.rules.front(), "R44");
  EXPECT_EQ(decision.after.claims.size(), 2u);
}

// The guard counts manual users who are merged into, not those of another
// directory: what is cleared of them it counts by itself.
TEST(UserDiff, R44_A5_B2_AnEmailOfAnotherDirectoryIsClearedOnlyWhenCounted) {
  DesiredUser ada = Ada();
  ada.email.clear();
  User other = StoredAda();
  other.claims = {{"d2", "x9", "ada@a.test", "ada@a.test"}};
  const UserDecision taken = DecideMerge(ada, other);
  EXPECT_EQ(taken.after.email, other.email);
  EXPECT_TRUE(taken.withheld.clear_email);
  const UserDecision manual = DecideMerge(ada, ManualAda());
  EXPECT_EQ(manual.after.email, "");
  EXPECT_FALSE(manual.withheld.clear_email);
}

TEST(UserDiff, A13_ManuallyDisabledUserFollowsTheSourceWhenMerged) {
  User disabled = ManualAda();
  disabled.status = UserStatus::kDisabled;
  disabled.disabled_by = DisabledBy::kAdministrator;
  const UserDecision enabled = DecideMerge(Ada(), disabled);
  EXPECT_EQ(enabled.after.status, UserStatus::kActive);
  EXPECT_THAT(enabled.rules.front(), "A13");

  DesiredUser off = Ada();
  off.enabled = false;
  const UserDecision kept = DecideMerge(off, disabled);
  EXPECT_EQ(kept.after.status, UserStatus::kDisabled);
  EXPECT_EQ(kept.after.disabled_by, DisabledBy::kSource);
}

TEST(UserDiff, R47_DevicesAndOwnPhonesSurviveAMerge) {
  User manual = ManualAda();
  manual.devices.resize(2);
  manual.note = "calls from the ship";
  manual.phones = {{"+111", ""}};
  SyncRules rules = Rules();
  rules.phone_import = true;
  DesiredUser ada = Ada();
  ada.phones = {"+222"};
  const UserDecision decision =
      DecideSeen(ada, {.namesake = &manual}, rules, kNow);
  EXPECT_EQ(decision.after.devices, manual.devices);
  EXPECT_EQ(decision.after.note, manual.note);
  EXPECT_THAT(decision.after.phones,
              ElementsAre(Phone{"+111", ""}, Phone{"+222", "d1"}));
}

// Usernames.

TEST(UserDiff, R33_SwitchingNormalizationOnRenames) {
  SyncRules rules = Rules();
  rules.normalization = true;
  const UserDecision decision = Decide(Ada(), StoredAda(), rules);
  EXPECT_TRUE(decision.renamed);
  EXPECT_EQ(decision.after.username, "ada");
  EXPECT_THAT(decision.rules, ElementsAre("R33"));
}

TEST(UserDiff, A4_RenameToATakenNameWaits) {
  SyncRules rules = Rules();
  rules.normalization = true;
  const User ada = StoredAda();
  const UserDecision decision =
      DecideSeen(Ada(), {.linked = &ada, .rename_is_taken = true}, rules, kNow);
  EXPECT_EQ(decision.fate, Fate::kUnchanged);
  EXPECT_THAT(decision.warnings, ElementsAre("USERNAME_COLLISION"));
}

TEST(UserDiff, R36_A3_RenameInTheSourceKeepsTheUsername) {
  DesiredUser ada = Ada();
  ada.user_principal_name = "ada.l@a.test";
  ada.username = "ada.l@a.test";
  const UserDecision decision = Decide(ada, StoredAda());
  EXPECT_EQ(decision.after.username, "ada@a.test");
  EXPECT_EQ(decision.after.claims[0].user_principal_name, "ada.l@a.test");
  EXPECT_THAT(decision.rules, ElementsAre("A3"));
  EXPECT_THAT(decision.warnings, ElementsAre("RENAME_PENDING"));
  // It stays pending, and is reported by each sync.
  EXPECT_THAT(Decide(ada, decision.after).warnings,
              ElementsAre("RENAME_PENDING"));
}

TEST(UserDiff, R33_A3_SwitchAfterARenameShortensTheNameThatTheUserHas) {
  DesiredUser ada = Ada();
  ada.user_principal_name = "lovelace@a.test";
  ada.username = "lovelace@a.test";
  const User renamed = Decide(ada, StoredAda()).after;
  SyncRules rules = Rules();
  rules.normalization = true;
  const UserDecision shortened = Decide(ada, renamed, rules);
  EXPECT_EQ(shortened.after.username, "ada");
  // The rename is still pending, and this sync says so too.
  EXPECT_THAT(shortened.warnings, ElementsAre("RENAME_PENDING"));
}

// Phones.

TEST(UserDiff, R38_ImportOffTouchesNoPhones) {
  User stored = StoredAda();
  stored.phones = {{"+111", "d1"}};
  EXPECT_EQ(Decide(Ada(), stored).fate, Fate::kUnchanged);
}

TEST(UserDiff, R38_R42_R47_ImportReplacesOnlyItsOwnPhones) {
  User stored = StoredAda();
  stored.phones = {{"+111", ""}, {"+222", "d1"}, {"+333", "d2"}};
  SyncRules rules = Rules();
  rules.phone_import = true;
  DesiredUser ada = Ada();
  ada.phones = {"+111", "+444"};
  EXPECT_THAT(
      Decide(ada, stored, rules).after.phones,
      ElementsAre(Phone{"+111", ""}, Phone{"+333", "d2"}, Phone{"+444", "d1"}));
}

// Status: what the user is, what the source says, what comes of it.

struct StatusCase {
  const char* name;
  UserStatus before;
  DisabledBy by;
  bool trashed;
  bool enabled;
  UserStatus after;
  bool withheld;
};

class FollowsStatus : public testing::TestWithParam<StatusCase> {};

TEST_P(FollowsStatus, R48_R50_R52_A12_A13_R61) {
  const StatusCase& c = GetParam();
  User stored = StoredAda();
  stored.status = c.before;
  stored.disabled_by = c.by;
  if (c.trashed) stored = Trashed(stored);
  DesiredUser ada = Ada();
  ada.enabled = c.enabled;
  const UserDecision decision = Decide(ada, stored);
  EXPECT_EQ(decision.after.status, c.after);
  EXPECT_EQ(decision.withheld.disable, c.withheld);
  EXPECT_EQ(decision.enabled, c.before == UserStatus::kDisabled && c.enabled);
  EXPECT_FALSE(decision.after.pending_deletion());
  if (c.trashed) {
    EXPECT_EQ(decision.fate, Fate::kRestore);
  }
  // However it comes about: whom the source disables ends up disabled.
  const User end =
      DecideWithheld(decision.after, decision.withheld, kNow).after;
  EXPECT_EQ(end.status == UserStatus::kDisabled, !c.enabled);
}

constexpr auto kActive = UserStatus::kActive;
constexpr auto kBypass = UserStatus::kBypass;
constexpr auto kDisabled = UserStatus::kDisabled;
constexpr auto kNobody = DisabledBy::kNobody;
constexpr auto kSource = DisabledBy::kSource;
constexpr auto kAdmin = DisabledBy::kAdministrator;

INSTANTIATE_TEST_SUITE_P(
    Cases, FollowsStatus,
    testing::Values(
        StatusCase{"active", kActive, kNobody, false, true, kActive, false},
        StatusCase{"active_off", kActive, kNobody, false, false, kActive, true},
        StatusCase{"bypass", kBypass, kNobody, false, true, kBypass, false},
        StatusCase{"bypass_off", kBypass, kNobody, false, false, kBypass, true},
        StatusCase{"disabled_on", kDisabled, kSource, false, true, kActive,
                   false},
        StatusCase{"disabled_off", kDisabled, kSource, false, false, kDisabled,
                   false},
        StatusCase{"by_admin_on", kDisabled, kAdmin, false, true, kActive,
                   false},
        StatusCase{"by_admin_off", kDisabled, kAdmin, false, false, kDisabled,
                   false},
        // Back from the trash: never active for a moment if the source says no.
        StatusCase{"trash_active", kActive, kNobody, true, true, kActive,
                   false},
        StatusCase{"trash_active_off", kActive, kNobody, true, false, kDisabled,
                   false},
        StatusCase{"trash_bypass", kBypass, kNobody, true, true, kBypass,
                   false},
        StatusCase{"trash_disabled_on", kDisabled, kSource, true, true, kActive,
                   false},
        StatusCase{"trash_disabled_off", kDisabled, kSource, true, false,
                   kDisabled, false}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(UserDiff, A12_BypassIsHistoryOnceTheSourceHasDisabledTheUser) {
  User stored = StoredAda();
  stored.status = UserStatus::kBypass;
  DesiredUser off = Ada();
  off.enabled = false;
  const UserDecision due = Decide(off, stored);
  const UserDecision disabled = DecideWithheld(due.after, due.withheld, kNow);
  EXPECT_THAT(disabled.rules, ElementsAre("R50"));
  EXPECT_TRUE(disabled.disabled);
  const UserDecision enabled = Decide(Ada(), disabled.after);
  EXPECT_EQ(enabled.after.status, UserStatus::kActive);
  EXPECT_THAT(enabled.rules, ElementsAre("R52"));
}

// Groups.

TEST(UserDiff, R25_R30_JoinsAtOnceAndLeavesOnlyWithProof) {
  DesiredUser ada = Ada();
  ada.groups = {"g2", "g3"};
  const UserDecision decision = Decide(ada, StoredAda());
  EXPECT_THAT(decision.after.groups, ElementsAre("g1", "g2", "g3"));
  EXPECT_THAT(decision.withheld.leave_groups, ElementsAre("g1"));
  EXPECT_THAT(
      DecideWithheld(decision.after, decision.withheld, kNow).after.groups,
      ElementsAre("g2", "g3"));
}

TEST(UserDiff, R54_MembershipsThatAreNotTheDirectorysStay) {
  User stored = StoredAda();
  stored.groups = {"g1", "g2", "manual"};
  EXPECT_TRUE(Decide(Ada(), stored).withheld.empty());
}

TEST(UserDiff, A7_MembershipInAMissingGroupStays) {
  SyncRules rules = Rules();
  rules.missing_groups = {"g1"};
  DesiredUser ada = Ada();
  ada.groups = {"g2"};
  EXPECT_TRUE(Decide(ada, StoredAda(), rules).withheld.empty());
}

// Leaving.

TEST(UserDiff, R56_R63_LeavingStartsTheClockOnce) {
  const UserDecision gone = DecideAbsent(StoredAda(), Rules(), kNow);
  EXPECT_EQ(gone.fate, Fate::kRemove);
  EXPECT_THAT(gone.rules, ElementsAre("R56"));
  EXPECT_EQ(gone.after.delete_time, kNow);
  EXPECT_EQ(gone.after.deletion_epoch, 1);
  EXPECT_THAT(gone.after.groups, IsEmpty());

  const UserDecision again =
      DecideAbsent(gone.after, Rules(), kNow + absl::Hours(24));
  EXPECT_EQ(again.fate, Fate::kUnchanged);
  EXPECT_EQ(again.after, gone.after);
}

TEST(UserDiff, R61_R63_ComingBackAndLeavingAgainIsANewDeletion) {
  const User gone = DecideAbsent(StoredAda(), Rules(), kNow).after;
  const UserDecision back = Decide(Ada(), gone);
  EXPECT_EQ(back.fate, Fate::kRestore);
  EXPECT_THAT(back.rules.front(), "R61");
  EXPECT_EQ(back.after.delete_time, absl::nullopt);
  const absl::Time later = kNow + absl::Hours(1);
  const User again = DecideAbsent(back.after, Rules(), later).after;
  EXPECT_EQ(again.delete_time, later);
  EXPECT_EQ(again.deletion_epoch, 2);
}

TEST(UserDiff, A6_OneOfTwoDirectoriesOnlyDropsItsClaim) {
  User both = StoredAda();
  both.claims.push_back({"d2", "x9", "ada@a.test", "ada@a.test"});
  both.groups = {"g1", "other"};
  both.phones = {{"+111", "d1"}, {"+222", "d2"}};
  const UserDecision decision = DecideAbsent(both, Rules(), kNow);
  EXPECT_EQ(decision.fate, Fate::kDropClaim);
  EXPECT_FALSE(decision.after.pending_deletion());
  ASSERT_EQ(decision.after.claims.size(), 1u);
  EXPECT_EQ(decision.after.claims[0].directory, "d2");
  EXPECT_THAT(decision.after.groups, ElementsAre("other"));
  EXPECT_THAT(decision.after.phones, ElementsAre(Phone{"+222", "d2"}));
}

TEST(UserDiff, A7_WhoIsInAMissingGroupIsHeldButLeavesTheOthers) {
  SyncRules rules = Rules();
  rules.missing_groups = {"g1"};
  const UserDecision decision = DecideAbsent(StoredAda(), rules, kNow);
  EXPECT_EQ(decision.fate, Fate::kHold);
  EXPECT_FALSE(decision.after.pending_deletion());
  EXPECT_THAT(decision.after.groups, ElementsAre("g1"));
}

TEST(UserDiff, A6_R61_AnotherDirectoryThatTakesATrashedUserIsItsOnlyOne) {
  User gone = Trashed(StoredAda());
  gone.claims = {{"d2", "x9", "ada@a.test", "ada@a.test"}};
  const UserDecision decision = DecideMerge(Ada(), gone);
  EXPECT_EQ(decision.fate, Fate::kRestore);
  EXPECT_EQ(decision.after.claims, StoredAda().claims);
}

// Deciding again about what has been decided changes nothing: whatever the
// start, one sync with its withheld part leads to a fixed point.
TEST(UserDiff, B12_EverySyncIsIdempotent) {
  std::vector<User> starts = {StoredAda(), ManualAda(), Trashed(StoredAda())};
  for (UserStatus status : {kActive, kBypass, kDisabled}) {
    User user = StoredAda();
    user.status = status;
    user.groups = {"g3", "manual"};
    starts.push_back(user);
  }
  for (const User& start : starts) {
    for (bool enabled : {true, false}) {
      for (bool normalization : {true, false}) {
        DesiredUser ada = Ada();
        ada.enabled = enabled;
        SyncRules rules = Rules();
        rules.normalization = normalization;
        rules.phone_import = true;
        ada.phones = {"+1"};
        ada.username = normalization ? "ada" : "ada@a.test";
        SeenFacts facts;
        (start.claims.empty() ? facts.namesake : facts.linked) = &start;
        UserDecision first = DecideSeen(ada, facts, rules, kNow);
        const User end =
            DecideWithheld(first.after, first.withheld, kNow).after;
        const UserDecision second = Decide(ada, end, rules);
        EXPECT_EQ(second.fate, Fate::kUnchanged);
        EXPECT_EQ(second.after, end);
        EXPECT_TRUE(second.withheld.empty());
      }
    }
  }
}

}  // namespace
}  // namespace rollcall::reconciliation
