#include "tests/fakes/entra/random_timeline.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "tests/fakes/entra/expected.h"

namespace rollcall::entra {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);

// What a tenant of a seed has come to after some steps.
struct Past {
  explicit Past(uint64_t seed, int steps, TimelineOptions options = {})
      : tenant({.users = 200, .groups = 20}, [] { return kNow; }) {
    RandomTimeline timeline(tenant, seed, std::move(options));
    for (int i = 0; i < steps; ++i) lines.push_back(timeline.Step());
  }
  Tenant tenant;
  std::vector<std::string> lines;
};

TEST(RandomTimeline, IsTheSameForTheSameSeed) {
  EXPECT_EQ(Past(3, 300).lines, Past(3, 300).lines);
  EXPECT_NE(Past(3, 300).lines, Past(4, 300).lines);
}

TEST(RandomTimeline, DoesEverythingInTheEnd) {
  std::set<std::string> kinds;
  for (const std::string& line : Past(5, 4000).lines) {
    // The words before the first id, which has four dashes.
    std::string kind;
    for (absl::string_view word : absl::StrSplit(line, ' ')) {
      if (word.size() == 36) break;
      kind += std::string(word) + " ";
    }
    kinds.insert(kind);
  }
  for (const char* kind : {"adds user ",
                           "adds guest ",
                           "renames user ",
                           "swaps the names of users ",
                           "calls user ",
                           "sets the mail of user ",
                           "sets the mobile phone of user ",
                           "sets the business phone of user ",
                           "clears the mail of user ",
                           "disables user ",
                           "enables user ",
                           "makes user ",
                           "deletes user ",
                           "restores user ",
                           "adds group ",
                           "calls group ",
                           "deletes group ",
                           "restores group ",
                           "hides the members of group ",
                           "shows the members of group ",
                           "removes user ",
                           "adds and removes user ",
                           "puts group ",
                           "takes group "}) {
    EXPECT_TRUE(kinds.contains(kind)) << kind;
  }
}

TEST(RandomTimeline, SparesTheGroupsThatAreKept) {
  Tenant before({.users = 200, .groups = 20}, [] { return kNow; });
  const std::string sales = before.FindGroup("Sales")->id;
  Past past(6, 4000, {.keep_groups = {sales}});
  ASSERT_TRUE(past.tenant.FindGroup("Sales").has_value());
  EXPECT_EQ(past.tenant.FindGroup("Sales")->id, sales);
  const auto flatten = [&](const ExpectedOptions& options) {
    return past.tenant.Read([&](const TenantState& state) {
      return Flatten(state, {*state.Find(*Guid::Parse(sales))}, options);
    });
  };
  const ExpectedView all = flatten({});
  EXPECT_GT(all.guests, 0);
  EXPECT_EQ(flatten({.guests = false}).users.size(),
            all.users.size() - static_cast<size_t>(all.guests));
  EXPECT_LE(flatten({.hidden_members = false}).users.size(), all.users.size());
  const std::string member = past.tenant.Read([&](const TenantState& state) {
    return state.IdOf(all.users.front().user).ToString();
  });
  ASSERT_TRUE(past.tenant.DeleteUser(member).ok());
  const ExpectedView after = flatten({});
  EXPECT_EQ(after.users.size() + 1, all.users.size());
  EXPECT_EQ(after.deleted.size(), all.deleted.size() + 1);
}

}  // namespace
}  // namespace rollcall::entra
