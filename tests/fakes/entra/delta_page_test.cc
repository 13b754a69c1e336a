#include "tests/fakes/entra/delta_page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
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
    return Users({.minimal = minimal});
  }
  std::string Users(const DeltaPageOptions& options) {
    DeltaLink link = UsersLink();
    return Round(link, UsersDeltaPage, options);
  }
  std::string Groups(bool minimal = false) {
    return Groups({.minimal = minimal});
  }
  std::string Groups(const DeltaPageOptions& options) {
    DeltaLink link = GroupsLink();
    return Round(link, GroupsDeltaPage, options);
  }

  DeltaLink UsersLink() {
    return {.initial = false,
            .selected = kUserSelection,
            .until = state_.user_changes().size(),
            .end = state_.users().size(),
            .slice = 1000};
  }
  DeltaLink GroupsLink() {
    return {.is_users = false,
            .initial = false,
            .selected = kGroupSelection,
            .until = state_.group_changes().size(),
            .end = state_.groups().size(),
            .slice = 1000};
  }

  template <typename Page>
  std::string Round(DeltaLink& link, Page page,
                    const DeltaPageOptions& options) {
    pages_.clear();
    while (true) {
      const DeltaPage next = page(state_, link, options);
      pages_.push_back(next.value);
      if (next.done) return absl::StrJoin(pages_, "");
    }
  }

  // A user who is no member of the group.
  ObjectRef Outsider(ObjectRef group) {
    const auto& members = state_.group(group).members;
    ObjectRef outsider = user(0);
    while (std::find(members.begin(), members.end(), outsider) !=
           members.end()) {
      outsider = user(outsider.index() + 1);
    }
    return outsider;
  }

  TenantState state_ = Generate({.users = 1500, .groups = 20});
  std::vector<std::string> pages_;
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
  state_.SoftDelete(user(5));
  EXPECT_EQ(Users(),
            absl::StrCat("[{\"id\":\"", Id(user(5)),
                         "\",\"@removed\":{\"reason\":\"changed\"}}]"));
  state_.Purge(user(5));
  EXPECT_EQ(Users(),
            absl::StrCat("[{\"id\":\"", Id(user(5)),
                         "\",\"@removed\":{\"reason\":\"deleted\"}}]"));
}

TEST_F(DeltaPageTest, ARestoredUserIsNew) {
  state_.SoftDelete(user(5));
  state_.Restore(user(5));
  const std::string users = Users(/*minimal=*/true);
  EXPECT_TRUE(absl::StrContains(users, "\"displayName\":")) << users;
  EXPECT_FALSE(absl::StrContains(users, "@removed"));
}

TEST_F(DeltaPageTest, TheLastWordOnAMembershipCounts) {
  const ObjectRef sales = *state_.FindGroup("Sales");
  const ObjectRef outsider = Outsider(sales);
  state_.AddMember(sales, outsider);
  state_.RemoveMember(sales, outsider);
  const std::string removed =
      absl::StrCat("{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"",
                   Id(outsider), "\",\"@removed\":{\"reason\":\"deleted\"}}");
  EXPECT_EQ(Groups(true),
            absl::StrCat("[{\"id\":\"", Id(sales), "\",\"members@delta\":[",
                         removed, "]}]"));
  state_.AddMember(sales, outsider);
  EXPECT_FALSE(absl::StrContains(Groups(true), "@removed"));

  const std::string added =
      absl::StrCat("{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"",
                   Id(outsider), "\"}");
  EXPECT_EQ(Groups({.minimal = true, .every_step = true}),
            absl::StrCat("[{\"id\":\"", Id(sales), "\",\"members@delta\":[",
                         added, ",", removed, ",", added, "]}]"));
}

TEST_F(DeltaPageTest, ASoftDeletedUserStaysAMember) {
  state_.SoftDelete(user(5));
  EXPECT_EQ(Groups(), "[]");
  state_.Purge(user(5));
  EXPECT_TRUE(absl::StrContains(Groups(), Id(user(5))));
}

TEST_F(DeltaPageTest, ManyNewMembersComeOnSeveralPages) {
  const ObjectRef added =
      state_.Add(Group{.id = Guid::FromSeed(9, 9, 9), .display_name = "All"});
  for (uint32_t i = 0; i < 1500; ++i) state_.AddMember(added, user(i));
  DeltaLink link = GroupsLink();
  link.slice = 500;
  const std::string groups = Round(link, GroupsDeltaPage, {});
  EXPECT_EQ(pages_.size(), 2);
  for (uint32_t i = 0; i < 1500; ++i) {
    EXPECT_TRUE(absl::StrContains(groups, Id(user(i)))) << i;
  }
}

TEST_F(DeltaPageTest, LargeGroupsComeAgainAmongOthers) {
  const ObjectRef big =
      state_.Add(Group{.id = Guid::FromSeed(9, 9, 9), .display_name = "All"});
  const ObjectRef small =
      state_.Add(Group{.id = Guid::FromSeed(9, 9, 8), .display_name = "One"});
  for (uint32_t i = 0; i < 1500; ++i) state_.AddMember(big, user(i));
  state_.AddMember(small, user(7));
  DeltaLink link = GroupsLink();
  link.initial = true;
  link.slice = 100;
  Round(link, GroupsDeltaPage, {});
  std::vector<size_t> pages_with_big;
  size_t page_with_small = 0;
  std::string of_big;
  for (size_t i = 0; i < pages_.size(); ++i) {
    if (absl::StrContains(pages_[i], Id(big))) {
      pages_with_big.push_back(i);
      of_big += pages_[i];
    }
    if (absl::StrContains(pages_[i], Id(small))) page_with_small = i;
  }
  EXPECT_GT(pages_with_big.size(), 7);
  EXPECT_LT(page_with_small, pages_with_big.back());
  for (uint32_t i = 0; i < 1500; ++i) {
    EXPECT_TRUE(absl::StrContains(of_big, Id(user(i)))) << i;
  }
}

TEST_F(DeltaPageTest, ARestoredGroupBringsAllItsMembers) {
  const ObjectRef sales = *state_.FindGroup("Sales");
  state_.SoftDelete(sales);
  EXPECT_TRUE(absl::StrContains(Groups(), "@removed"));
  state_.Restore(sales);
  const std::string groups = Groups();
  for (ObjectRef member : state_.group(sales).members) {
    EXPECT_TRUE(absl::StrContains(groups, Id(member)));
  }
}

TEST_F(DeltaPageTest, HiddenMembersAreNotTold) {
  const ObjectRef sales = *state_.FindGroup("Sales");
  state_.EditGroup(sales, Bit(GroupProperty::kVisibility),
                   [](Group& group) { group.hidden_membership = true; });
  const ObjectRef outsider = Outsider(sales);
  state_.AddMember(sales, outsider);
  EXPECT_TRUE(absl::StrContains(Groups(), Id(outsider)));
  EXPECT_FALSE(
      absl::StrContains(Groups({.hidden_members = false}), Id(outsider)));
}

TEST_F(DeltaPageTest, TheInitialRoundHoldsEverything) {
  DeltaLink link = UsersLink();
  link.initial = true;
  const std::string users = Round(link, UsersDeltaPage, {});
  EXPECT_EQ(pages_.size(), 8);
  for (uint32_t i = 0; i < 1500; ++i) {
    EXPECT_TRUE(absl::StrContains(users, Id(user(i)))) << i;
  }
  EXPECT_FALSE(absl::StrContains(users, ":null")) << "never set: left out";
}

TEST_F(DeltaPageTest, AFilterLooksAtItsIdsOnly) {
  DeltaLink link = UsersLink();
  link.initial = true;
  link.ids = Id(user(9)) + Id(user(3)) + Id(user(9)) +
             Guid::FromSeed(1, 1, 1).ToString();
  Round(link, UsersDeltaPage, {});
  EXPECT_LT(link.position, 5) << "no walk through all users";
  link = UsersLink();
  link.initial = true;
  link.ids = Id(user(9));
  const std::string users = Round(link, UsersDeltaPage, {});
  EXPECT_TRUE(absl::StrContains(users, Id(user(9))));
  EXPECT_FALSE(absl::StrContains(users, Id(user(3))));
}

// ------------------------------------------------------------ faults

TEST_F(DeltaPageTest, FaultBlankChangeComesAgain) {
  SetMail(user(3), "a@x.example");
  DeltaLink link = UsersLink();
  link.resume = link.until;
  EXPECT_EQ(Round(link, UsersDeltaPage, {.minimal = true, .blank = true}),
            absl::StrCat("[{\"id\":\"", Id(user(3)), "\"}]"));
  EXPECT_EQ(link.resume, 0) << "the next round tells it all";
}

TEST_F(DeltaPageTest, FaultDuplicatesAndDisorder) {
  for (uint32_t i = 0; i < 5; ++i) SetMail(user(i), absl::StrCat(i, "@x"));
  const auto ids = [this](const DeltaPageOptions& options) {
    std::string order;
    for (absl::string_view part :
         absl::StrSplit(Users(options), "\"mail\":\"")) {
      absl::StrAppend(&order, part.substr(0, 1));
    }
    return order.substr(1);
  };
  EXPECT_EQ(ids({.minimal = true}), "01234");
  EXPECT_EQ(ids({.minimal = true, .duplicates = true}), "01234012");
  EXPECT_EQ(ids({.minimal = true, .unordered = true}), "43210");
}

TEST_F(DeltaPageTest, FaultRemovedInTheInitialRound) {
  const ObjectRef sales = *state_.FindGroup("Sales");
  const ObjectRef member = state_.group(sales).members[0];
  state_.RemoveMember(sales, member);
  state_.SoftDelete(user(1));
  state_.Purge(user(2));
  DeltaLink link = UsersLink();
  link.initial = true;
  const std::string users =
      Round(link, UsersDeltaPage, {.removed_in_initial = true});
  EXPECT_TRUE(absl::StrContains(
      users,
      absl::StrCat(Id(user(1)), "\",\"@removed\":{\"reason\":\"changed")));
  EXPECT_TRUE(absl::StrContains(
      users,
      absl::StrCat(Id(user(2)), "\",\"@removed\":{\"reason\":\"deleted")));
  DeltaLink groups = GroupsLink();
  groups.initial = true;
  EXPECT_TRUE(absl::StrContains(
      Round(groups, GroupsDeltaPage, {.removed_in_initial = true}),
      absl::StrCat(Id(member), "\",\"@removed\"")));
}

TEST_F(DeltaPageTest, FaultSilentDeletions) {
  const ObjectRef sales = *state_.FindGroup("Sales");
  const ObjectRef member = Outsider(sales);
  state_.AddMember(sales, member);
  state_.Purge(member);
  EXPECT_TRUE(absl::StrContains(Users(), "@removed"));
  EXPECT_TRUE(absl::StrContains(Groups(), "@removed"));
  EXPECT_EQ(Users({.silent_deletions = true}), "[]");
  EXPECT_FALSE(
      absl::StrContains(Groups({.silent_deletions = true}), "@removed"));
}

TEST_F(DeltaPageTest, FaultsThatAddWhatIsNotThere) {
  EXPECT_TRUE(
      absl::StrContains(Users({.unknown_removed = true}), "\"@removed\""));
  const ObjectRef sales = *state_.FindGroup("Sales");
  state_.AddMember(sales, Outsider(sales));
  const auto members = [this](const DeltaPageOptions& options) {
    return std::vector<std::string>(
               absl::StrSplit(Groups(options), "#microsoft.graph.user"))
        .size();
  };
  EXPECT_EQ(members({.dangling_member = true}), members({}) + 1);
}

TEST_F(DeltaPageTest, FaultNullsAndUnchangedProperties) {
  SetMail(user(3), std::nullopt);
  SetMail(user(3), "a@x.example");
  EXPECT_FALSE(absl::StrContains(Users(true), "displayName"));
  EXPECT_TRUE(absl::StrContains(Users({.minimal = true, .unchanged_too = true}),
                                "displayName"));
  User nameless = state_.user(user(4));
  nameless.texts = PackedTexts();
  state_.Update(user(4), std::move(nameless), Bit(UserProperty::kMail));
  EXPECT_FALSE(absl::StrContains(Users(), "\"displayName\":null"));
  EXPECT_TRUE(
      absl::StrContains(Users({.nulls = true}), "\"displayName\":null"));
}

}  // namespace
}  // namespace rollcall::entra
