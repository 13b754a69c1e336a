#include "services/enrollment/mail_key.h"

#include <set>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace rollcall::enrollment {
namespace {

TEST(MailKey, R94_NamesUserCycleAndKind) {
  EXPECT_EQ(MailKey("u1", 1, kInitialMail), "u1.1.initial");
  EXPECT_EQ(MailKey("u1", 12, "resend-3"), "u1.12.resend-3");
}

TEST(MailKey, R94_DifferentMailsHaveDifferentKeys) {
  std::set<std::string> keys;
  int mails = 0;
  for (const char* user : {"u", "u1", "u11", "u-1", "1"}) {
    for (const int cycle : {1, 2, 11, 12, 111}) {
      for (const char* kind : {"initial", "rem1", "rem2", "resend-1"}) {
        keys.insert(MailKey(user, cycle, kind));
        ++mails;
      }
    }
  }
  EXPECT_EQ(keys.size(), static_cast<size_t>(mails));
}

TEST(MailKey, ThePrefixIsOfOneUserOnly) {
  EXPECT_TRUE(
      absl::StartsWith(MailKey("u1", 3, kInitialMail), MailKeyPrefix("u1")));
  for (const char* other : {"u11", "u", "xu1", "u1-a"}) {
    EXPECT_FALSE(
        absl::StartsWith(MailKey(other, 3, kInitialMail), MailKeyPrefix("u1")))
        << other;
  }
}

}  // namespace
}  // namespace rollcall::enrollment
