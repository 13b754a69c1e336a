#include "common/rpc/caller.h"

#include <string>

#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::rpc {
namespace {

using ::rollcall::testing::StatusIs;

TEST(Caller, IsAService) {
  ASSERT_OK_AND_ASSIGN(
      Caller caller,
      Caller::Parse("spiffe://test.rollcall/service/trash", "test.rollcall"));
  EXPECT_EQ(caller.service, "trash");
  EXPECT_EQ(caller.account, "");
  EXPECT_EQ(caller.role, "");
}

TEST(Caller, IsAPersonWithARoleInAnAccount) {
  ASSERT_OK_AND_ASSIGN(
      Caller caller,
      Caller::Parse("spiffe://test.rollcall/account/acme/role/user-manager/ada",
                    "test.rollcall"));
  EXPECT_EQ(caller.service, "");
  EXPECT_EQ(caller.account, "acme");
  EXPECT_EQ(caller.role, "USER_MANAGER");
  EXPECT_EQ(caller.who, "ada");
}

TEST(Caller, IsAnOperatorOfTheWholeInstallation) {
  ASSERT_OK_AND_ASSIGN(
      Caller caller,
      Caller::Parse("spiffe://test.rollcall/account/*/role/owner/ops",
                    "test.rollcall"));
  EXPECT_EQ(caller.account, "*");
  EXPECT_EQ(caller.role, "OWNER");
}

struct Refused {
  const char* name;
  const char* spiffe_id;
};

class CallerRefuses : public ::testing::TestWithParam<Refused> {};

TEST_P(CallerRefuses, WhatIsNoIdentityOfOurs) {
  EXPECT_THAT(Caller::Parse(GetParam().spiffe_id, "test.rollcall"),
              StatusIs(absl::StatusCode::kUnauthenticated, "IDENTITY_INVALID"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, CallerRefuses,
    ::testing::Values(
        Refused{"nothing", ""}, Refused{"no_path", "spiffe://test.rollcall/"},
        Refused{"another_trust_domain", "spiffe://other.test/service/trash"},
        Refused{"a_longer_trust_domain",
                "spiffe://test.rollcall.evil/service/trash"},
        Refused{"another_scheme", "https://test.rollcall/service/trash"},
        Refused{"an_unnamed_service", "spiffe://test.rollcall/service/"},
        Refused{"more_than_a_service",
                "spiffe://test.rollcall/service/trash/x"},
        Refused{"every_service", "spiffe://test.rollcall/service/*"},
        Refused{"an_unknown_role",
                "spiffe://test.rollcall/account/acme/role/root/ada"},
        Refused{"a_role_in_capitals",
                "spiffe://test.rollcall/account/acme/role/OWNER/ada"},
        Refused{"nobody", "spiffe://test.rollcall/account/acme/role/owner/"},
        Refused{"no_account", "spiffe://test.rollcall/account//role/owner/ada"},
        Refused{"an_account_that_climbs",
                "spiffe://test.rollcall/account/../role/owner/ada"},
        Refused{"a_name_with_a_slash",
                "spiffe://test.rollcall/account/acme/role/owner/ada/b"},
        Refused{"a_name_with_a_line_end",
                "spiffe://test.rollcall/account/acme/role/owner/a\nb"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(Caller, NeedsATrustDomainToCompareWith) {
  EXPECT_THAT(Caller::Parse("spiffe:///service/trash", ""),
              StatusIs(absl::StatusCode::kUnauthenticated, "IDENTITY_INVALID"));
}

}  // namespace
}  // namespace rollcall::rpc
