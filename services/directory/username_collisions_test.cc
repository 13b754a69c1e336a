#include "services/directory/username_collisions.h"

#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(UsernameCollisions, A4_EverybodyWhoSharesANameCollides) {
  EXPECT_THAT(FindCollisions({{"ada", 7}, {"bob", 1}, {"ada", 3}, {"ada", 5}}),
              ElementsAre(3, 5, 7));
  EXPECT_THAT(FindCollisions({{"ada", 1}, {"bob", 2}}), IsEmpty());
  EXPECT_THAT(FindCollisions({}), IsEmpty());
}

TEST(UsernameCollisions, A4_AnEqualMarkIsASuspicionOnly) {
  EXPECT_THAT(FindSuspects({{9, 1}, {9, 2}, {8, 3}}), ElementsAre(1, 2));
  EXPECT_THAT(FindCollisions({{"ada", 1}, {"bob", 2}}), IsEmpty());
}

TEST(UsernameCollisions, A4_SuspectsHoldAllCollisions) {
  std::mt19937 random(3);
  for (int round = 0; round < 100; ++round) {
    std::vector<MarkedUser> marked;
    std::vector<NamedUser> named;
    std::map<std::string, int> count;
    for (uint32_t user = 0; user < 200; ++user) {
      const std::string name = absl::StrCat("u", random() % 500);
      marked.push_back({MarkOf(name), user});
      named.push_back({name, user});
      ++count[name];
    }
    std::vector<NamedUser> suspects;
    for (uint32_t user : FindSuspects(marked)) suspects.push_back(named[user]);
    std::vector<uint32_t> expected;
    for (const NamedUser& user : named) {
      if (count[user.username] > 1) expected.push_back(user.user);
    }
    EXPECT_EQ(FindCollisions(suspects), expected);
  }
}

}  // namespace
}  // namespace rollcall::directory
