#include "common/identity/resource_name.h"

#include <random>
#include <string>

#include "common/status/errors.h"
#include "gtest/gtest.h"

namespace rollcall {
namespace {

struct IdRow {
  const char* what;
  std::string id;
  bool valid;
};

TEST(ResourceId, AcceptsWhatAClientMayChoose) {
  const IdRow rows[] = {
      {"one letter", "a", true},
      {"letters, digits, hyphens", "acme-2-eu", true},
      {"two hyphens", "a--b", true},
      {"63 characters", std::string(63, 'a'), true},
      {"64 characters", std::string(64, 'a'), false},
      {"nothing", "", false},
      {"a digit first", "1a", false},
      {"a hyphen first", "-a", false},
      {"a hyphen last", "a-", false},
      {"upper case", "Acme", false},
      {"an underscore", "a_b", false},
      {"a dot", "a.b", false},
      {"a slash", "a/b", false},
      {"a wildcard", "*", false},
      {"the installation's partition", "_", false},
      {"a letter beyond ASCII", "\xC3\xA4", false},
      {"a zero byte", std::string("a\0b", 3), false},
  };
  for (const IdRow& row : rows) {
    EXPECT_EQ(IsValidId(row.id), row.valid) << row.what;
    EXPECT_EQ(ValidateId(row.id, "account_id").ok(), row.valid) << row.what;
  }
}

TEST(ResourceId, RefusalNamesTheField) {
  const absl::Status refused = ValidateId("A", "connection_id");
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(refused), "ID_INVALID");
  const Facts facts = FactsOf(refused);
  ASSERT_FALSE(facts.empty());
  EXPECT_EQ(facts[0],
            std::make_pair(std::string("field"), std::string("connection_id")));
}

TEST(ResourceName, RefusesEverythingButTheExactForm) {
  const char* const wrong[] = {
      "",
      "accounts",
      "accounts/",
      "accounts/acme",
      "accounts/acme/",
      "accounts/acme/connections",
      "accounts/acme/connections/",
      "accounts/acme/connections/c1/",
      "accounts/acme/connections/c1/x",
      "/accounts/acme/connections/c1",
      "accounts//connections/c1",
      "accounts/*/connections/c1",
      "accounts/Acme/connections/c1",
      "accounts/acme/Connections/c1",
      "accounts/acme/directories/c1",
      "accounts/acme/connections/C1",
      "accounts/acme/connections/c 1",
      "account/acme/connections/c1",
      " accounts/acme/connections/c1",
  };
  for (const char* name : wrong) {
    const auto parsed = ConnectionName::Parse(name);
    EXPECT_EQ(ReasonOf(parsed.status()), "NAME_INVALID") << name;
  }
}

TEST(ResourceName, TakesTheIdsThatWeMake) {
  const auto user = UserName::Parse("accounts/acme/users/0a.b_c-9");
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_EQ(user->account(), AccountName("acme"));
  EXPECT_EQ(user->id(), "0a.b_c-9");

  const std::string longest(128, 'x');
  EXPECT_TRUE(UserName::Parse("accounts/acme/users/" + longest).ok());
  EXPECT_FALSE(UserName::Parse("accounts/acme/users/" + longest + "x").ok());
}

TEST(ResourceName, ParsesRunsOfADirectory) {
  const auto run = RunName::Parse("accounts/acme/directories/d1/runs/r1");
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->account().id(), "acme");
  EXPECT_EQ(run->directory(), DirectoryName(AccountName("acme"), "d1"));
  EXPECT_EQ(run->id(), "r1");
  EXPECT_EQ(run->ToString(), "accounts/acme/directories/d1/runs/r1");

  for (const char* wrong :
       {"accounts/acme/directories/d1", "accounts/acme/directories/d1/runs/",
        "accounts/acme/users/d1/runs/r1", "/runs/",
        "accounts/acme/directories/d1/runs/r1/runs/r2"}) {
    EXPECT_EQ(ReasonOf(RunName::Parse(wrong).status()), "NAME_INVALID")
        << wrong;
  }
}

TEST(ResourceName, OrderIsByAccountThenId) {
  const UserName a(AccountName("a"), "z"), b(AccountName("b"), "a");
  EXPECT_LT(a, b);
  EXPECT_LT(UserName(AccountName("a"), "y"), a);
  EXPECT_FALSE(a < a);
  EXPECT_NE(a, b);
}

TEST(ResourceName, ErrorsStayShortAndReadable) {
  const std::string hostile = std::string(1 << 20, '\xFF') + "\r\n";
  const absl::Status refused = AccountName::Parse(hostile).status();
  EXPECT_LT(refused.message().size(), 400u);
  EXPECT_EQ(refused.message().find('\xFF'), absl::string_view::npos);
}

// Property: every name that is accepted is written back as it was read, and
// whatever a generator of near misses makes, nothing else is accepted.
TEST(ResourceName, AcceptedNamesRoundTrip) {
  constexpr unsigned kSeed = 20260301;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const std::string alphabet = "a0-/._A";
  int accepted = 0;
  for (int i = 0; i < 200000; ++i) {
    std::string account, id;
    for (int n = random() % 4; n >= 0; --n) account += alphabet[random() % 7];
    for (int n = random() % 4; n >= 0; --n) id += alphabet[random() % 7];
    const std::string name = "accounts/" + account + "/groups/" + id;
    const auto parsed = GroupName::Parse(name);
    if (!parsed.ok()) continue;
    ++accepted;
    ASSERT_EQ(parsed->ToString(), name);
    ASSERT_TRUE(IsValidId(parsed->account().id())) << name;
    ASSERT_EQ(parsed->id().find('/'), std::string::npos) << name;
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace rollcall
