#include "services/enrollment/settings.h"

#include <string>
#include <vector>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::enrollment {
namespace {

using ::rollcall::testing::StatusIs;

const MailTexts kCurrent = {.subject = "Old", .body = "old {link}"};

MailTexts Updated(const MailTexts& update,
                  const std::vector<std::string>& paths) {
  auto texts = UpdateTexts(kCurrent, update, paths);
  EXPECT_OK(texts);
  return texts.value_or(MailTexts{.subject = "failed"});
}

TEST(Settings, R91_WithoutAMaskWhatIsSetChanges) {
  EXPECT_EQ(Updated({.subject = "New"}, {}),
            (MailTexts{.subject = "New", .body = "old {link}"}));
  EXPECT_EQ(Updated({}, {}), kCurrent);
}

TEST(Settings, R91_AMaskNamesWhatChanges) {
  const MailTexts update = {.subject = "New", .body = "new {link}"};
  EXPECT_EQ(Updated(update, {"body"}),
            (MailTexts{.subject = "Old", .body = "new {link}"}));
  EXPECT_EQ(Updated(update, {"*"}), update);
  EXPECT_EQ(Updated(update, {"name", "sender", "message_id_domain", "etag"}),
            kCurrent);
}

TEST(Settings, R91_AnEmptyFieldInTheMaskGoesBackToTheDefault) {
  EXPECT_EQ(Updated({}, {"subject", "body"}), MailTexts());
}

TEST(Settings, R91_UnknownPathsAndBadTextsAreRefused) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(UpdateTexts(kCurrent, {}, {"colour"}),
              StatusIs(kInvalid, "UPDATE_MASK_INVALID"));
  EXPECT_THAT(UpdateTexts(kCurrent, {.body = "no placeholder"}, {}),
              StatusIs(kInvalid, "BODY_WITHOUT_LINK"));
  EXPECT_THAT(UpdateTexts(kCurrent, {.subject = "two\nlines"}, {"subject"}),
              StatusIs(kInvalid, "SUBJECT_INVALID"));
}

}  // namespace
}  // namespace rollcall::enrollment
