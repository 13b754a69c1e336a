#include "services/reconciliation/user_edit.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/group_edit.h"

namespace rollcall::reconciliation {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

User Manual() {
  User ada;
  ada.id = "u1";
  ada.username = "ada@a.test";
  ada.display_name = "Ada";
  ada.email = "ada@a.test";
  ada.groups = {"g1"};
  ada.phones = {{"+111", ""}};
  ada.devices = {{"phone", "Ada's phone", absl::UnixEpoch()}};
  return ada;
}

User Managed() {
  User ada = Manual();
  ada.claims = {{"d1", "s1", "ada@a.test", "ada@a.test"}};
  return ada;
}

User Trashed() {
  User ada = Managed();
  ada.delete_time = kNow;
  return ada;
}

User DisabledBySource() {
  User ada = Managed();
  ada.status = UserStatus::kDisabled;
  ada.disabled_by = DisabledBy::kSource;
  return ada;
}

// One edit of each field, by its name in the contract.
struct Case {
  std::string field;
  UserEdit edit;
};

std::vector<Case> EveryField() {
  return {{"username", {.username = "countess@a.test"}},
          {"display_name", {.display_name = "Countess"}},
          {"email", {.email = ""}},
          {"groups", {.groups = std::vector<std::string>{}}},
          {"phones", {.phones = std::vector<std::string>{"+222"}}},
          {"note", {.note = "calls from the ship"}}};
}

TEST(UserEdit, EveryFieldOfAManualUserChanges) {
  for (const Case& each : EveryField()) {
    SCOPED_TRACE(each.field);
    const EditVerdict verdict = DecideEdit(Manual(), each.edit, {}, kNow);
    EXPECT_EQ(verdict.refusal, Refusal::kNone);
    EXPECT_NE(verdict.after, Manual());
    EXPECT_EQ(verdict.after.update_time, kNow);
    EXPECT_EQ(verdict.rule, "R95");
  }
}

TEST(UserEdit, R95_R96_R97_WhatADirectoryOwnsIsRefusedWithItsName) {
  for (const bool imports_phones : {false, true}) {
    EditFacts facts;
    if (imports_phones) facts.phone_importers = {"d1"};
    for (const Case& each : EveryField()) {
      SCOPED_TRACE(each.field);
      const bool free =
          each.field == "note" || (each.field == "phones" && !imports_phones);
      const EditVerdict verdict = DecideEdit(Managed(), each.edit, facts, kNow);
      EXPECT_EQ(verdict.refusal == Refusal::kNone, free);
      if (free) continue;
      EXPECT_THAT(verdict.fields, ElementsAre(each.field));
      EXPECT_THAT(verdict.directories, ElementsAre("d1"));
      EXPECT_EQ(verdict.after, Managed());
    }
  }
}

TEST(UserEdit, R98_AMixedRequestChangesNothing) {
  UserEdit edit{.email = "", .note = "new"};
  edit.groups = std::vector<std::string>{};
  const EditVerdict verdict = DecideEdit(Managed(), edit, {}, kNow);
  EXPECT_EQ(verdict.refusal, Refusal::kFieldManaged);
  EXPECT_THAT(verdict.fields, ElementsAre("email", "groups"));
  EXPECT_EQ(verdict.after, Managed());
}

TEST(UserEdit, R95_TheSameValueIsNoWrite) {
  UserEdit edit{.username = "ada@a.test", .display_name = "Ada"};
  edit.groups = std::vector<std::string>{"g1"};
  for (const User& user : {Manual(), Managed(), Trashed()}) {
    EXPECT_EQ(DecideEdit(user, edit, {}, kNow), (EditVerdict{.after = user}));
  }
}

// Only the directories that import phones own them; a group owns its members.
TEST(UserEdit, R95_R98_TheOwnerIsWhoOwnsTheField) {
  User both = Managed();
  both.claims.push_back({"d2", "s2", "ada@b.test", "ada@b.test"});
  EditFacts facts;
  facts.phone_importers = {"d2", "d3"};
  EXPECT_THAT(
      DecideEdit(both, {.phones = std::vector<std::string>{}}, facts, kNow)
          .directories,
      ElementsAre("d2"));

  Group sales;
  sales.directory = "d4";
  facts.managed_groups = {sales};
  const EditVerdict verdict =
      DecideEdit(Manual(), {.groups = std::vector<std::string>{}}, facts, kNow);
  EXPECT_EQ(verdict.refusal, Refusal::kFieldManaged);
  EXPECT_THAT(verdict.directories, ElementsAre("d4"));
}

TEST(UserEdit, R47_ANumberThatStaysKeepsWhoAddedIt) {
  User ada = Managed();
  ada.phones = {{"+111", "d1"}, {"+222", ""}};
  const EditVerdict verdict = DecideEdit(
      ada, {.phones = std::vector<std::string>{"+333", "+111"}}, {}, kNow);
  EXPECT_THAT(verdict.after.phones,
              ElementsAre(Phone{"+333", ""}, Phone{"+111", "d1"}));
}

TEST(UserEdit, R51_R58_WhoIsReadOnlyIsReadOnlyThroughout) {
  for (const Case& each : EveryField()) {
    SCOPED_TRACE(each.field);
    EXPECT_EQ(DecideEdit(Trashed(), each.edit, {}, kNow).refusal,
              Refusal::kPendingDeletion);
    EXPECT_EQ(DecideEdit(DisabledBySource(), each.edit, {}, kNow).refusal,
              Refusal::kDisabledBySource);
  }
  for (const User& user : {Trashed(), DisabledBySource()}) {
    EXPECT_NE(DecideAddDevice(user, {.id = "other"}, kNow).refusal,
              Refusal::kNone);
    EXPECT_NE(DecideRemoveDevice(user, "phone", kNow).refusal, Refusal::kNone);
  }
}

// Whom an administrator has disabled he can enable; when the directory is gone
// (A9), also whom the source had disabled.
TEST(UserEdit, R51_OnlyAManagedUserIsBoundToTheSource) {
  User released = DisabledBySource();
  released.claims.clear();
  const EditVerdict verdict = DecideStatus(released, UserStatus::kActive, kNow);
  EXPECT_EQ(verdict.refusal, Refusal::kNone);
  EXPECT_EQ(verdict.after.status, UserStatus::kActive);
  EXPECT_EQ(verdict.after.disabled_by, DisabledBy::kNobody);
}

TEST(UserEdit, R48_R49_R51_R65_StatusInEveryCombination) {
  struct Row {
    const char* name;
    User user;
    Refusal active, bypass, disabled;
  };
  const std::vector<Row> rows = {
      {"manual", Manual(), Refusal::kNone, Refusal::kNone, Refusal::kNone},
      {"managed", Managed(), Refusal::kNone, Refusal::kNone,
       Refusal::kUserManaged},
      {"disabled", DisabledBySource(), Refusal::kDisabledBySource,
       Refusal::kDisabledBySource, Refusal::kDisabledBySource},
      {"trashed", Trashed(), Refusal::kPendingDeletion,
       Refusal::kPendingDeletion, Refusal::kPendingDeletion},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto refusal = [&](UserStatus status) {
      return DecideStatus(row.user, status, kNow).refusal;
    };
    EXPECT_EQ(refusal(UserStatus::kActive), row.active);
    EXPECT_EQ(refusal(UserStatus::kBypass), row.bypass);
    EXPECT_EQ(refusal(UserStatus::kDisabled), row.disabled);
  }
  const User bypassing =
      DecideStatus(Managed(), UserStatus::kBypass, kNow).after;
  EXPECT_EQ(bypassing.status, UserStatus::kBypass);
  EXPECT_EQ(DecideStatus(bypassing, UserStatus::kActive, kNow).after.status,
            UserStatus::kActive);
  const User disabled =
      DecideStatus(Manual(), UserStatus::kDisabled, kNow).after;
  EXPECT_EQ(disabled.disabled_by, DisabledBy::kAdministrator);
}

TEST(UserEdit, R97_DevicesAreAddedOnceAndTakenAway) {
  const Device key{.id = "key", .display_name = "A key"};
  const EditVerdict added = DecideAddDevice(Managed(), key, kNow);
  ASSERT_EQ(added.after.devices.size(), 2u);
  EXPECT_EQ(added.after.devices[1].create_time, kNow);
  EXPECT_EQ(DecideAddDevice(added.after, key, kNow + absl::Hours(1)),
            (EditVerdict{.after = added.after}));
  EXPECT_EQ(DecideRemoveDevice(added.after, "key", kNow).after.devices,
            Managed().devices);
  EXPECT_EQ(DecideRemoveDevice(Managed(), "key", kNow),
            (EditVerdict{.after = Managed()}));
}

TEST(UserEdit, R55_OnlyAManualUserIsDeletedByHand) {
  EXPECT_EQ(DecideDelete(Manual()).refusal, Refusal::kNone);
  EXPECT_EQ(DecideDelete(Managed()).refusal, Refusal::kUserManaged);
  EXPECT_THAT(DecideDelete(Managed()).directories, ElementsAre("d1"));
  EXPECT_EQ(DecideDelete(Trashed()).refusal, Refusal::kPendingDeletion);
}

TEST(GroupEdit, R53_R54_TheStatusIsTheTargetsTheNameTheSources) {
  Group sales;
  sales.display_name = "Sales";
  Group managed = sales;
  managed.directory = "d1";
  EXPECT_EQ(WithStatus(managed, GroupStatus::kDisabled, kNow).status,
            GroupStatus::kDisabled);
  EXPECT_EQ(WithStatus(managed, GroupStatus::kActive, kNow), managed);

  EXPECT_EQ(DecideRename(sales, "Selling", kNow).after.display_name, "Selling");
  EXPECT_EQ(DecideRename(managed, "Selling", kNow),
            (GroupVerdict{.refused = true, .after = managed}));
  EXPECT_FALSE(DecideRename(managed, "Sales", kNow).refused);
  EXPECT_TRUE(DecideDelete(managed).refused);
  EXPECT_FALSE(DecideDelete(sales).refused);
}

}  // namespace
}  // namespace rollcall::reconciliation
