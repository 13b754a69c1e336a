#include "services/enrollment/link.h"

#include <set>
#include <string>

#include "absl/strings/match.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::enrollment {
namespace {

const UserName kAda(AccountName("acme"), "ada");

LinkMaker Maker(const std::string& key_file) {
  return LinkMaker(*Sealer::FromText(key_file), "https://e.example/enroll",
                   "rollcall.example");
}

TEST(Link, R93_IsBoundToTheUserTheAccountAndTheCycle) {
  const LinkMaker maker = Maker(Sealer::GenerateKeyFile());
  std::set<std::string> hashes;
  for (const char* account : {"acme", "zeta"}) {
    for (const char* user : {"ada", "ada1", "bob"}) {
      for (const int cycle : {1, 2, 12}) {
        hashes.insert(
            HashOf(maker.Token(UserName(AccountName(account), user), cycle)));
      }
    }
  }
  EXPECT_EQ(hashes.size(), 18u);
}

TEST(Link, R85_TheSameCycleHasTheSameLinkAlsoAfterARestart) {
  const std::string key_file = Sealer::GenerateKeyFile();
  EXPECT_EQ(Maker(key_file).Token(kAda, 1), Maker(key_file).Token(kAda, 1));
  EXPECT_NE(Maker(key_file).Token(kAda, 1),
            Maker(Sealer::GenerateKeyFile()).Token(kAda, 1));
}

TEST(Link, C3_TheTokenIsInTheFragment) {
  const LinkMaker maker = Maker(Sealer::GenerateKeyFile());
  const std::string link = maker.Link(maker.Token(kAda, 1));
  EXPECT_TRUE(absl::StartsWith(link, "https://e.example/enroll#acme."));
  EXPECT_EQ(link.size(),
            std::string("https://e.example/enroll#acme.").size() + 43);
}

TEST(Link, R94_AMessageIdIsStableAndNamesNobody) {
  const LinkMaker maker = Maker(Sealer::GenerateKeyFile());
  const AccountName acme("acme");
  const std::string id = maker.MessageId(acme, "ada.1.initial");
  EXPECT_EQ(id, maker.MessageId(acme, "ada.1.initial"));
  EXPECT_NE(id, maker.MessageId(acme, "ada.2.initial"));
  EXPECT_NE(id, maker.MessageId(AccountName("zeta"), "ada.1.initial"));
  EXPECT_TRUE(absl::EndsWith(id, "@rollcall.example"));
  EXPECT_FALSE(absl::StrContains(id, "ada"));
}

}  // namespace
}  // namespace rollcall::enrollment
