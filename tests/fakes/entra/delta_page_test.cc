#include "tests/fakes/entra/delta_page.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/generator.h"

namespace rollcall::entra {
namespace {

constexpr PropertySet kUserSelection = Bit(UserProperty::kId) |
                                       Bit(UserProperty::kMail) |
                                       Bit(UserProperty::kDisplayName);
constexpr PropertySet kGroupSelection = Bit(GroupProperty::kId) |
                                        Bit(GroupProperty::kDisplayName) |
                                        Bit(GroupProperty::kMembers);

// A tenant, and clients that have seen everything up to now.
class DeltaPageTest : public testing::Test {
 protected:
  ObjectRef user(uint32_t index) { return {ObjectKind::kUser, index}; }
  ObjectRef group(uint32_t index) { return {ObjectKind::kGroup, index}; }
  std::string Id(ObjectRef ref) { return state_.IdOf(ref).ToString(); }

  void SetMail(ObjectRef ref, std::optional<absl::string_view> mail) {
    User changed = state_.user(ref);
    UserTexts texts = changed.texts.Unpack();
    texts[static_cast<size_t>(UserText::kMail)] = mail;
    changed.texts = PackedTexts(texts);
    state_.Update(ref, std::move(changed), Bit(UserProperty::kMail));
  }

  // All pages of the users' round that ends now, as one text.
  std::string Users(bool minimal = false) {
    DeltaLink link{.initial = false,
                   .selected = kUserSelection,
                   .until = state_.user_changes().size()};
    return Round(link, UsersDeltaPage, minimal);
  }
  std::string Groups(bool minimal = false) {
    DeltaLink link{.is_users = false,
                   .initial = false,
                   .selected = kGroupSelection,
                   .until = state_.group_changes().size()};
    return Round(link, GroupsDeltaPage, minimal);
  }

  template <typename Page>
  std::string Round(DeltaLink& link, Page page, bool minimal) {
    std::string all;
    for (pages_ = 1;; ++pages_) {
      const DeltaPage next = page(state_, link, {.minimal = minimal});
      all += next.value;
      if (next.done) return all;
    }
  }

  TenantState state_ = Generate({.users = 1500, .groups = 20});
  int pages_ = 0;
};

TEST_F(DeltaPageTest, NothingChanged) {
  EXPECT_EQ(Users(), "[]");
  EXPECT_EQ(Groups(), "[]");
}

TEST_F(DeltaPageTest, AClearedPropertyIsNull) {
  SetMail(user(3), std::nullopt);
  EXPECT_TRUE(absl::StrContains(Users(), "\"mail\":null"));
  EXPECT_EQ(Users(/*minimal=*/true),
            absl::StrCat("[{\"id\":\"", Id(user(3)), "\",\"mail\":null}]"));
}

TEST_F(DeltaPageTest, ManyChangesOfOneUserAreOne) {
  SetMail(user(3), "a@x.example");
  SetMail(user(4), "b@x.example");
  SetMail(user(3), "c@x.example");
  EXPECT_EQ(Users(true),
            absl::StrCat("[{\"id\":\"", Id(user(4)),
                         "\",\"mail\":\"b@x.example\"},{\"id\":\"", Id(user(3)),
                         "\",\"mail\":\"c@x.example\"}]"));
}

TEST_F(DeltaPageTest, WhatIsNotSelectedDoesNotShow) {
  state_.Update(user(3), state_.user(user(3)), Bit(UserProperty::kMobilePhone));
  EXPECT_EQ(Users(), "[]");
}

TEST_F(DeltaPageTest, DeletionComesInTwoSteps) {
  state_.SoftDelete(user(5), 1);
  EXPECT_EQ(Users(),
            absl::StrCat("[{\"id\":\"", Id(user(5)),
                         "\",\"@removed\":{\"reason\":\"changed\"}}]"));
  state_.Purge(user(5));
  EXPECT_EQ(Users(),
            absl::StrCat("[{\"id\":\"", Id(user(5)),
                         "\",\"@removed\":{\"reason\":\"deleted\"}}]"));
}

TEST_F(DeltaPageTest, ARestoredUserIsNew) {
  state_.SoftDelete(user(5), 1);
  state_.Restore(user(5));
  const std::string users = Users(/*minimal=*/true);
  EXPECT_TRUE(absl::StrContains(users, "\"displayName\":")) << users;
  EXPECT_FALSE(absl::StrContains(users, "@removed"));
}

TEST_F(DeltaPageTest, TheLastWordOnAMembershipCounts) {
  const ObjectRef sales = *state_.FindGroup("Sales");
  ObjectRef outsider = user(0);
  while (!state_.AddMember(sales, outsider)) {
    outsider = user(outsider.index() + 1);
  }
  state_.RemoveMember(sales, outsider);
  const std::string removed = absl::StrCat(
      "[{\"id\":\"", Id(sales),
      "\",\"members@delta\":[{\"@odata.type\":\"#microsoft.graph.user\",\"id\":"
      "\"",
      Id(outsider), "\",\"@removed\":{\"reason\":\"deleted\"}}]}]");
  EXPECT_EQ(Groups(true), removed);
  state_.AddMember(sales, outsider);
  EXPECT_FALSE(absl::StrContains(Groups(true), "@removed"));
}

TEST_F(DeltaPageTest, ASoftDeletedUserStaysAMember) {
  state_.SoftDelete(user(5), 1);
  EXPECT_EQ(Groups(), "[]");
  state_.Purge(user(5));
  EXPECT_TRUE(absl::StrContains(Groups(), Id(user(5))));
}

TEST_F(DeltaPageTest, ALargeGroupComesInSlices) {
  const ObjectRef added =
      state_.Add(Group{.id = Guid::FromSeed(9, 9, 9), .display_name = "All"});
  for (uint32_t i = 0; i < 1500; ++i) state_.AddMember(added, user(i));
  const std::string groups = Groups();
  EXPECT_EQ(pages_, 2);
  for (uint32_t i = 0; i < 1500; ++i) {
    EXPECT_TRUE(absl::StrContains(groups, Id(user(i)))) << i;
  }
}

TEST_F(DeltaPageTest, ARestoredGroupBringsAllItsMembers) {
  const ObjectRef sales = *state_.FindGroup("Sales");
  state_.SoftDelete(sales, 1);
  EXPECT_TRUE(absl::StrContains(Groups(), "@removed"));
  state_.Restore(sales);
  const std::string groups = Groups();
  for (ObjectRef member : state_.group(sales).members) {
    EXPECT_TRUE(absl::StrContains(groups, Id(member)));
  }
}

TEST_F(DeltaPageTest, TheInitialRoundHoldsEverything) {
  DeltaLink link{.initial = true, .selected = kUserSelection};
  const std::string users = Round(link, UsersDeltaPage, false);
  EXPECT_EQ(pages_, 8);
  for (uint32_t i = 0; i < 1500; ++i) {
    EXPECT_TRUE(absl::StrContains(users, Id(user(i)))) << i;
  }
  EXPECT_FALSE(absl::StrContains(users, ":null")) << "never set: left out";
}

}  // namespace
}  // namespace rollcall::entra
