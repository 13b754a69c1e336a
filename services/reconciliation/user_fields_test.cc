#include "services/reconciliation/user_fields.h"

#include <string>

#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::reconciliation {
namespace {

using ::rollcall::testing::StatusIs;

TEST(UserFields, R40_PhoneNumbersBeginWithPlusAndCountryCode) {
  EXPECT_EQ(*ParsePhoneNumber("+4401617150105"), "+4401617150105");
  EXPECT_EQ(*ParsePhoneNumber("+1 (425) 555-0100"), "+14255550100");
  for (const char* wrong :
       {"", "+", "01617150105", "+0161715010", "+44161x150105", "+441617",
        "+123456789012345678", "44+1617150105"}) {
    EXPECT_THAT(ParsePhoneNumber(wrong),
                StatusIs(absl::StatusCode::kInvalidArgument, "PHONE_INVALID"))
        << wrong;
  }
}

TEST(UserFields, NamesAreShortAndOnOneLine) {
  EXPECT_EQ(*ParseDisplayName("", "user.display_name"), "");
  EXPECT_EQ(ParseDisplayName(std::string(1024, 'a'), "f")->size(), 1024u);
  for (const std::string& wrong :
       {std::string(1025, 'a'), std::string("a\r\nb"), std::string("\xff")}) {
    EXPECT_THAT(
        ParseDisplayName(wrong, "f"),
        StatusIs(absl::StatusCode::kInvalidArgument, "DISPLAY_NAME_INVALID"));
  }
  EXPECT_THAT(ParseGroupName(" "), StatusIs(absl::StatusCode::kInvalidArgument,
                                            "DISPLAY_NAME_INVALID"));
}

TEST(UserFields, EmailsCanBeMailedToOrAreEmpty) {
  EXPECT_EQ(*ParseEmail(""), "");
  EXPECT_EQ(*ParseEmail("ada@a.test"), "ada@a.test");
  EXPECT_THAT(ParseEmail("ada\r\n@a.test"),
              StatusIs(absl::StatusCode::kInvalidArgument, "EMAIL_INVALID"));
}

TEST(UserFields, NotesAreLimited) {
  EXPECT_EQ(*ParseNote("two\nlines"), "two\nlines");
  EXPECT_THAT(ParseNote(std::string(4097, 'a')),
              StatusIs(absl::StatusCode::kInvalidArgument, "NOTE_INVALID"));
}

}  // namespace
}  // namespace rollcall::reconciliation
