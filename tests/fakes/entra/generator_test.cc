#include "tests/fakes/entra/generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/closure.h"
#include "tests/fakes/entra/expected.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/prng.h"
#include "tests/fakes/entra/render.h"

namespace rollcall::entra {
namespace {

// Everything about a tenant in one number.
uint64_t Digest(const TenantState& state) {
  std::string all;
  JsonWriter json(all);
  json.BeginArray();
  for (const User& user : state.users()) {
    json.BeginObject();
    WriteUser(user, kAllUserProperties, Nulls::kWrite, json);
    json.EndObject();
  }
  for (const Group& group : state.groups()) {
    json.BeginObject();
    WriteGroup(state, group, kAllGroupProperties, Nulls::kWrite, json);
    json.EndObject();
    for (ObjectRef member : group.members) {
      json.String(state.IdOf(member).ToString());
    }
  }
  uint64_t digest = 0;
  for (char c : all) digest = Mix(digest ^ static_cast<unsigned char>(c));
  return digest;
}

std::vector<ObjectRef> Departments(const TenantState& state) {
  std::vector<ObjectRef> departments;
  for (absl::string_view name : kDepartments) {
    departments.push_back(*state.FindGroup(name));
  }
  return departments;
}

bool Contains(const TenantState& state, absl::string_view parent,
              absl::string_view child) {
  const auto& members = state.group(*state.FindGroup(parent)).members;
  return std::find(members.begin(), members.end(), *state.FindGroup(child)) !=
         members.end();
}

std::vector<std::string> Texts(const TenantState& state, UserText which) {
  std::vector<std::string> texts;
  for (const User& user : state.users()) {
    if (const auto text = user.Text(which)) texts.emplace_back(*text);
  }
  return texts;
}

bool Has(const std::vector<std::string>& texts, absl::string_view part) {
  return std::any_of(texts.begin(), texts.end(), [part](const auto& text) {
    return absl::StrContains(text, part);
  });
}

TEST(Generator, IsTheSameEverywhere) {
  const TenantOptions options{.users = 500, .groups = 30, .seed = 42};
  EXPECT_EQ(Digest(Generate(options)), Digest(Generate(options)));
  // Differs only if the generator does: then the new number goes in here.
  EXPECT_EQ(Digest(Generate(options)), uint64_t{12571278506852198853u});
}

TEST(Generator, DependsOnTheSeed) {
  EXPECT_NE(Digest(Generate({.users = 50, .seed = 1})),
            Digest(Generate({.users = 50, .seed = 2})));
}

TEST(Generator, MakesAsMuchAsAskedFor) {
  for (const int64_t groups : {0, 1, 4, 5, 11, 12, 13, 100}) {
    for (const int64_t users : {0, 1, 200}) {
      const TenantState state = Generate({.users = users, .groups = groups});
      EXPECT_EQ(state.users().size(), users);
      EXPECT_EQ(state.groups().size(), groups);
    }
  }
}

TEST(Generator, PutsEveryUserIntoADepartment) {
  for (const int depth : {0, 1, 3, 6}) {
    for (const bool cycles : {false, true}) {
      const TenantState state = Generate(
          {.users = 400, .groups = 12, .depth = depth, .cycles = cycles});
      const ExpectedView view = Flatten(state, Departments(state));
      EXPECT_EQ(view.users.size(), 400) << "depth " << depth;
      EXPECT_GT(view.memberships, 400) << "some are in several";
    }
  }
}

TEST(Generator, NestsEngineeringAndClosesACycle) {
  const TenantState state = Generate({.users = 100, .groups = 30});
  EXPECT_TRUE(Contains(state, "Engineering", "Engineering Platform"));
  EXPECT_TRUE(Contains(state, "Engineering Platform", "Engineering Storage"));
  EXPECT_TRUE(
      Contains(state, "Engineering Storage", "Engineering Storage Tiering"));
  EXPECT_TRUE(
      Contains(state, "Engineering Storage Tiering", "Engineering Platform"));

  const TenantState tree =
      Generate({.users = 100, .groups = 30, .cycles = false});
  for (uint32_t i = 0; i < tree.groups().size(); ++i) {
    const ObjectRef group(ObjectKind::kGroup, i);
    const auto members = ClosureCache().TransitiveMembers(tree, group);
    EXPECT_FALSE(std::binary_search(members->begin(), members->end(), group))
        << tree.group(group).display_name << " contains itself";
  }
}

TEST(Generator, HoldsNoMemberTwice) {
  const TenantState state = Generate({.users = 2000, .groups = 60});
  for (const Group& group : state.groups()) {
    const std::set<ObjectRef> distinct(group.members.begin(),
                                       group.members.end());
    EXPECT_EQ(distinct.size(), group.members.size()) << group.display_name;
  }
}

TEST(Generator, MakesUpnsUniqueAndShortNamesNot) {
  const TenantState state = Generate({.users = 3000});
  const auto upns = Texts(state, UserText::kUserPrincipalName);
  std::map<std::string, int> short_names;
  for (const std::string& upn : upns) {
    ++short_names[upn.substr(0, upn.find('@'))];
  }
  EXPECT_EQ(std::set<std::string>(upns.begin(), upns.end()).size(), 3000);
  EXPECT_EQ(std::count_if(short_names.begin(), short_names.end(),
                          [](const auto& entry) { return entry.second == 2; }),
            5);
}

TEST(Generator, ShowsEveryScriptAndPhoneShape) {
  const TenantState state = Generate({.users = 5000});
  const auto names = Texts(state, UserText::kDisplayName);
  for (const char* part : {"Ö", "Ольга", "Ελένη", "ليلى", "שרה", "伟", "さくら",
                           "𠮷", "김", "लक्ष्मी", "🦊", "O'Brien", "\\"}) {
    EXPECT_TRUE(Has(names, part)) << part;
  }
  auto phones = Texts(state, UserText::kMobilePhone);
  const auto office = Texts(state, UserText::kBusinessPhone);
  phones.insert(phones.end(), office.begin(), office.end());
  for (const char* part : {"+4401617150105", "0161 715", "07700", "+1 (425)",
                           "ask reception", "n/a", "+81-90", " x"}) {
    EXPECT_TRUE(Has(phones, part)) << part;
  }
  EXPECT_TRUE(Has(Texts(state, UserText::kUserPrincipalName), "#EXT#@"));
}

TEST(Expected, CountsFollowTheFractions) {
  const TenantState state = Generate({.users = 10'000, .groups = 50});
  const ExpectedView view = Flatten(state, Departments(state));
  EXPECT_EQ(view.enabled + view.disabled, 10'000);
  EXPECT_NEAR(view.disabled, 500, 100);
  EXPECT_NEAR(view.guests, 300, 100);
  EXPECT_NEAR(view.without_mail, 800, 150);
  EXPECT_NEAR(view.with_phone_data, 5000, 300);
  EXPECT_GT(view.devices, 0);
}

TEST(Expected, AgreesWithGraphsClosure) {
  const TenantState state = Generate({.users = 500, .groups = 40, .seed = 7});
  for (uint32_t i = 0; i < state.groups().size(); ++i) {
    const ObjectRef group(ObjectKind::kGroup, i);
    const auto closure = ClosureCache().TransitiveMembers(state, group);
    const auto users = std::count_if(
        closure->begin(), closure->end(),
        [](ObjectRef member) { return member.kind() == ObjectKind::kUser; });
    EXPECT_EQ(Flatten(state, {group}).users.size(), users);
  }
}

}  // namespace
}  // namespace rollcall::entra
