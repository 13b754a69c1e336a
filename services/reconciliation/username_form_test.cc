#include "services/reconciliation/username_form.h"

#include <string>

#include "gtest/gtest.h"

namespace rollcall::reconciliation {
namespace {

TEST(UsernameForm, R31_R32_R37_WholeOrShortAndAlwaysLowerCase) {
  EXPECT_EQ(UsernameOf("Ada.L@Acme.Test", false), "ada.l@acme.test");
  EXPECT_EQ(UsernameOf("Ada.L@Acme.Test", true), "ada.l");
  EXPECT_EQ(UsernameOf("ann_x.test#EXT#@acme.test", true), "ann_x.test#ext#");
  EXPECT_EQ(UsernameOf("@acme.test", true), "");
}

struct SwitchCase {
  const char* name;
  const char* username;
  const char* origin;
  bool normalization;
  const char* wanted;  // Empty: it stays.
};

class UsernameSwitch : public testing::TestWithParam<SwitchCase> {};

TEST_P(UsernameSwitch, R33_OnlyTheOtherFormChanges) {
  const SwitchCase& c = GetParam();
  EXPECT_EQ(
      UsernameAfterSwitch(c.username, c.origin, c.normalization).value_or(""),
      c.wanted);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, UsernameSwitch,
    testing::Values(
        SwitchCase{"switched_on", "ada@a.test", "Ada@a.test", true, "ada"},
        SwitchCase{"switched_off", "ada", "Ada@a.test", false, "ada@a.test"},
        SwitchCase{"already_short", "ada", "Ada@a.test", true, ""},
        SwitchCase{"already_long", "ada@a.test", "Ada@a.test", false, ""},
        // R36, A3: the origin stays when the source renames the user, so a
        // name of another origin is nobody's other form.
        SwitchCase{"other_origin", "ada@a.test", "ann@a.test", true, ""},
        SwitchCase{"nothing_before_the_domain", "@a.test", "@a.test", true,
                   ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(UsernameForm, R33_SwitchingThereAndBackIsTheIdentity) {
  for (const char* origin : {"a@b.c", "A.B@C.test", "x@y@z.test"}) {
    const std::string whole = UsernameOf(origin, false);
    const std::string brief = *UsernameAfterSwitch(whole, origin, true);
    EXPECT_EQ(*UsernameAfterSwitch(brief, origin, false), whole) << origin;
    EXPECT_EQ(UsernameAfterSwitch(brief, origin, true), absl::nullopt);
  }
}

}  // namespace
}  // namespace rollcall::reconciliation
