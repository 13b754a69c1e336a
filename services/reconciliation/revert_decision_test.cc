#include "services/reconciliation/revert_decision.h"

#include <ostream>
#include <string>

#include "absl/types/optional.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::reconciliation {
namespace {

using ::testing::IsEmpty;

const absl::Time kNoon = absl::FromUnixSeconds(1772366400);
constexpr absl::Duration kDay = absl::Hours(24);

Claim ClaimBy(const std::string& directory, const std::string& source_id,
              absl::Time read_time) {
  Claim claim;
  claim.directory = directory;
  claim.source_id = source_id;
  claim.read_time = read_time;
  return claim;
}

// As the user was before the run.
User Ada() {
  User user;
  user.id = "u1";
  user.username = "ada@a.test";
  user.display_name = "Ada";
  user.email = "ada@a.test";
  user.claims = {ClaimBy("d1", "o1", kNoon - kDay)};
  user.groups = {"g1", "g2"};
  user.phones = {{.number = "+14155550100", .directory = "d1"}};
  user.create_time = kNoon - 30 * kDay;
  user.update_time = kNoon - kDay;
  return user;
}

// One field that a run has changed, and that its undoing gives back.
struct Row {
  const char* name;
  void (*change)(User&);
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class RevertedField : public ::testing::TestWithParam<Row> {};

TEST_P(RevertedField, B5_IsWhatItWas) {
  User now_is = Ada();
  GetParam().change(now_is);
  now_is.update_time = kNoon;
  ASSERT_NE(now_is, Ada()) << "the row changes nothing";

  User wanted = Ada();
  wanted.pinned_by = "d1";
  wanted.update_time = kNoon + kDay;
  wanted.deletion_epoch = now_is.deletion_epoch;
  wanted.claims[0].read_time = now_is.claims.empty()
                                   ? wanted.claims[0].read_time
                                   : now_is.claims[0].read_time;
  EXPECT_EQ(Reverted(now_is, Ada(), "d1", kNoon + kDay), wanted);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RevertedField,
    ::testing::Values(
        Row{"Username", [](User& user) { user.username = "ada"; }},
        Row{"DisplayName", [](User& user) { user.display_name = "Countess"; }},
        Row{"Email", [](User& user) { user.email.clear(); }},
        Row{"Disabled",
            [](User& user) {
              user.status = UserStatus::kDisabled;
              user.disabled_by = DisabledBy::kSource;
            }},
        Row{"ClaimLost", [](User& user) { user.claims.clear(); }},
        Row{"ClaimOfAnotherDirectory",
            [](User& user) {
              user.claims.push_back(ClaimBy("d2", "o9", kNoon));
            }},
        Row{"OriginOfTheName",
            [](User& user) { user.claims[0].username_origin = "x@a.test"; }},
        Row{"GroupsLeft", [](User& user) { user.groups = {"g2"}; }},
        Row{"GroupsJoined",
            [](User& user) {
              user.groups = {"g1", "g2", "g3"};
            }},
        Row{"Phones", [](User& user) { user.phones.clear(); }},
        Row{"PhoneData", [](User& user) { user.source_has_phone_data = true; }},
        Row{"Trashed",
            [](User& user) {
              user.delete_time = kNoon;
              user.deletion_epoch = 1;
            }}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Reverted, B5_R97_DevicesAndNotesAreNobodysButTheUsers) {
  User now_is = Ada();
  now_is.display_name = "Countess";
  now_is.devices = {{.id = "phone"}};
  now_is.note = "calls from the ship";
  const User after = Reverted(now_is, Ada(), "d1", kNoon);
  EXPECT_EQ(after.display_name, "Ada");
  EXPECT_EQ(after.devices, now_is.devices);
  EXPECT_EQ(after.note, now_is.note);
}

// Undoing a removal that was undone by the run: there and back again.
TEST(Reverted, B5_R63_WhoGoesBackToTheTrashHasSevenFullDays) {
  User before = Ada();
  before.delete_time = kNoon - 5 * kDay;
  before.deletion_epoch = 1;
  User now_is = Ada();
  now_is.deletion_epoch = 1;  // The run has taken the user out.
  const User after = Reverted(now_is, before, "d1", kNoon);
  EXPECT_EQ(after.delete_time, kNoon);
  EXPECT_EQ(after.deletion_epoch, 2);  // The old deletion purges nobody.
}

TEST(Reverted, B5_R63_WhoIsInTheTrashAllTheTimeKeepsTheClock) {
  User before = Ada();
  before.delete_time = kNoon - 5 * kDay;
  before.deletion_epoch = 1;
  User now_is = before;
  now_is.display_name = "Countess";
  const User after = Reverted(now_is, before, "d1", kNoon);
  EXPECT_EQ(after.delete_time, kNoon - 5 * kDay);
  EXPECT_EQ(after.deletion_epoch, 1);
}

// The time of a reading fences older ones: it never goes back for the object
// that it is about, and means nothing for another.
TEST(Reverted, B5_AnOlderReadingThanTheUndoneOneChangesNothing) {
  User now_is = Ada();
  now_is.claims[0].read_time = kNoon;
  EXPECT_EQ(Reverted(now_is, Ada(), "d1", kNoon).claims[0].read_time, kNoon);
  now_is.claims[0].source_id = "another";
  EXPECT_EQ(Reverted(now_is, Ada(), "d1", kNoon).claims[0].read_time,
            kNoon - kDay);
}

TEST(Reverted, B5_IsTheSameTheSecondTime) {
  User now_is = Ada();
  now_is.groups.clear();
  now_is.delete_time = kNoon;
  now_is.deletion_epoch = 3;
  const User once = Reverted(now_is, Ada(), "d1", kNoon);
  EXPECT_EQ(Reverted(once, Ada(), "d1", kNoon), once);
}

TEST(Uncreated, B5_WhomTheRunHasMadeGoesToTheTrash) {
  const User after = Uncreated(Ada(), "d1", kNoon);
  User wanted = Ada();
  wanted.groups = {};
  wanted.delete_time = kNoon;
  wanted.deletion_epoch = 1;
  wanted.pinned_by = "d1";
  wanted.update_time = kNoon;
  EXPECT_EQ(after, wanted);
  // Once: a deletion that is under way goes on.
  const User again = Uncreated(after, "d1", kNoon + kDay);
  EXPECT_EQ(again.delete_time, kNoon);
  EXPECT_EQ(again.deletion_epoch, 1);
  EXPECT_THAT(again.groups, IsEmpty());
}

}  // namespace
}  // namespace rollcall::reconciliation
