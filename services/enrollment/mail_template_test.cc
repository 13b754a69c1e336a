#include "services/enrollment/mail_template.h"

#include <string>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::enrollment {
namespace {

using ::rollcall::testing::StatusIs;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(MailTemplate, R91_ThePlaceholderIsReplacedByTheLink) {
  EXPECT_EQ(Fill("Hi {name}: {link} {link}",
                 {.link = "https://e.example/#t", .name = "Ada"}),
            "Hi Ada: https://e.example/#t https://e.example/#t");
}

TEST(MailTemplate, R91_ANameThatLooksLikeAPlaceholderIsJustAName) {
  EXPECT_EQ(Fill("{name}", {.link = "L", .name = "{link}"}), "{link}");
}

TEST(MailTemplate, R91_OtherBracesStay) {
  EXPECT_EQ(Fill("{{name}} {x} {", {.link = "L", .name = "N"}), "{N} {x} {");
}

TEST(MailTemplate, R91_ABodyWithoutThePlaceholderIsRefused) {
  EXPECT_OK(ValidateBody("Click {link}"));
  EXPECT_THAT(ValidateBody("Click here"),
              StatusIs(kInvalid, "BODY_WITHOUT_LINK"));
  EXPECT_THAT(ValidateBody("{ link }"),
              StatusIs(kInvalid, "BODY_WITHOUT_LINK"));
}

TEST(MailTemplate, R91_ABodyIsPlainText) {
  EXPECT_OK(ValidateBody("a\r\n\tb {link}"));
  EXPECT_THAT(ValidateBody("{link}\xFF"), StatusIs(kInvalid, "BODY_INVALID"));
  EXPECT_THAT(ValidateBody("{link}\x1B[2J"),
              StatusIs(kInvalid, "BODY_INVALID"));
  EXPECT_THAT(ValidateBody(std::string(17 << 10, 'x') + "{link}"),
              StatusIs(kInvalid, "BODY_INVALID"));
}

TEST(MailTemplate, R91_ASubjectIsOneLineWithoutTheLink) {
  EXPECT_OK(ValidateSubject("Für {name}"));
  for (const char* subject :
       {"a\r\nBcc: eve@evil.example", "a\nb", "a\xFF", "go to {link}"}) {
    EXPECT_THAT(ValidateSubject(subject),
                StatusIs(kInvalid, "SUBJECT_INVALID"));
  }
}

TEST(MailTemplate, R91_TheDefaultsAreValid) {
  EXPECT_OK(ValidateSubject(kDefaultSubject));
  EXPECT_OK(ValidateBody(kDefaultBody));
}

}  // namespace
}  // namespace rollcall::enrollment
