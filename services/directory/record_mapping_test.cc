#include "services/directory/record_mapping.h"

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SourceUser WithUpn(absl::string_view upn) {
  SourceUser user;
  user.id = SourceId(1, 2);
  user.user_principal_name = Field<std::string>(std::string(upn));
  user.display_name = Field<std::string>("Ada");
  user.account_enabled = Field<bool>(true);
  return user;
}

struct Row {
  const char* name;
  const char* upn;
  bool normalize;
  const char* username;
  const char* skip_reason;
};

class UsernameTest : public ::testing::TestWithParam<Row> {};

TEST_P(UsernameTest, R31_R32_R37_Maps) {
  const Row& row = GetParam();
  const MappedUser mapped =
      MapUser(WithUpn(row.upn), {.normalize_usernames = row.normalize});
  EXPECT_EQ(mapped.username, row.username);
  EXPECT_EQ(mapped.skip_reason, row.skip_reason);
}

INSTANTIATE_TEST_SUITE_P(
    Table, UsernameTest,
    ::testing::Values(Row{"WholeUpn", "Ada@Contoso.example", false,
                          "ada@contoso.example", ""},
                      Row{"Normalized", "Ada@Contoso.example", true, "ada", ""},
                      Row{"NormalizedAtTheLastAt", "a@b@c.example", true, "a@b",
                          ""},
                      Row{"NormalizedWithoutADomain", "Ada", true, "ada", ""},
                      Row{"NormalizedGuest", "ada_x.com#EXT#@contoso.example",
                          true, "ada_x.com#ext#", ""},
                      Row{"Empty", "", false, "", "USERNAME_EMPTY"},
                      Row{"NothingBeforeTheDomain", "@contoso.example", true,
                          "", "USERNAME_EMPTY"},
                      Row{"ControlCharacter", "a\nb@contoso.example", false, "",
                          "USERNAME_INVALID"}),
    [](const auto& row) { return row.param.name; });

TEST(MapUser, R29_TheEmailIsTheMailAttribute) {
  SourceUser user = WithUpn("ada@contoso.example");
  user.mail = Field<std::string>("Ada.Lovelace@contoso.example");
  EXPECT_EQ(MapUser(user, {}).email, "Ada.Lovelace@contoso.example");
}

TEST(MapUser, R29_AUserWithoutEmailIsStillImported) {
  for (const Field<std::string>& mail :
       {Field<std::string>(), Field<std::string>::Null(),
        Field<std::string>(" ")}) {
    SourceUser user = WithUpn("ada@contoso.example");
    user.mail = mail;
    const MappedUser mapped = MapUser(user, {});
    EXPECT_EQ(mapped.email, "");
    EXPECT_THAT(mapped.skip_reason, IsEmpty());
    EXPECT_THAT(mapped.warnings, IsEmpty());
  }
}

TEST(MapUser, R29_AMalformedEmailIsLeftOutWithAWarning) {
  SourceUser user = WithUpn("ada@contoso.example");
  user.mail = Field<std::string>("ada@x\r\nBcc: eve@evil.test");
  const MappedUser mapped = MapUser(user, {});
  EXPECT_EQ(mapped.email, "");
  EXPECT_THAT(mapped.warnings, ElementsAre("EMAIL_MALFORMED"));
}

TEST(MapUser, R28_OnlyFalseDisables) {
  SourceUser user = WithUpn("ada@contoso.example");
  EXPECT_TRUE(MapUser(user, {}).enabled);
  user.account_enabled = Field<bool>(false);
  EXPECT_FALSE(MapUser(user, {}).enabled);
  user.account_enabled = Field<bool>::Null();
  EXPECT_TRUE(MapUser(user, {}).enabled);
}

TEST(MapUser, A23_GuestsAreRecognisedByUpnOrType) {
  EXPECT_FALSE(MapUser(WithUpn("ada@contoso.example"), {}).guest);
  EXPECT_TRUE(MapUser(WithUpn("ada_x.com#EXT#@contoso.example"), {}).guest);
  SourceUser user = WithUpn("ada@contoso.example");
  user.user_type = Field<std::string>("guest");
  EXPECT_TRUE(MapUser(user, {}).guest);
  user.user_type = Field<std::string>("unknownFutureValue");
  EXPECT_FALSE(MapUser(user, {}).guest);
}

TEST(MapUser, B3_AHiddenUserIsNotACleanedOne) {
  SourceUser user;
  user.display_name = Field<std::string>::Null();
  EXPECT_EQ(MapUser(user, {}).skip_reason, "SOURCE_HIDDEN");
}

}  // namespace
}  // namespace rollcall::directory
