#include "common/identity/values.h"

#include <random>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/status/errors.h"
#include "gtest/gtest.h"

namespace rollcall {
namespace {

TEST(ObjectId, KeepsGuidsInLowerCase) {
  const auto id = ObjectId::Parse("AF5E41DF-9E2B-4F0a-8b1c-0123456789ab");
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(id->value(), "af5e41df-9e2b-4f0a-8b1c-0123456789ab");
  EXPECT_EQ(*id, *ObjectId::Parse("af5e41df-9e2b-4f0a-8b1c-0123456789AB"));
}

TEST(ObjectId, RefusesAnythingElse) {
  for (const char* wrong : {"", "af5e41df", "af5e41df9e2b4f0a8b1c0123456789ab",
                            "{af5e41df-9e2b-4f0a-8b1c-0123456789ab}",
                            "af5e41df-9e2b-4f0a-8b1c-0123456789ag",
                            "af5e41df-9e2b-4f0a-8b1c-0123456789ab ",
                            "af5e41d-f9e2b-4f0a-8b1c-0123456789ab"}) {
    EXPECT_EQ(ReasonOf(ObjectId::Parse(wrong).status()), "OBJECT_ID_INVALID")
        << wrong;
  }
}

TEST(Username, R37_IsKeptInLowerCase) {
  const auto name = Username::Parse("Ada.Lovelace@Contoso.COM");
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(name->value(), "ada.lovelace@contoso.com");
  EXPECT_EQ(*name, *Username::Parse("ADA.LOVELACE@CONTOSO.COM"));
}

TEST(Username, LeavesLettersBeyondAsciiAlone) {
  EXPECT_EQ(Username::Parse("\xC3\x84rger")->value(), "\xC3\x84rger");
}

TEST(Username, R37_AnEmptyOneIsNamedAsSuch) {
  EXPECT_EQ(ReasonOf(Username::Parse("").status()), "USERNAME_EMPTY");
  EXPECT_EQ(ReasonOf(Username::Parse(" \t").status()), "USERNAME_EMPTY");
}

TEST(Username, RefusesWhatCouldPassForAnother) {
  const std::string wrong[] = {
      " ada",
      "ada ",
      "ada\n",
      "a\rb",
      std::string("a\0b", 3),
      "a\x7F",
      "a\xC2\x85z",    // NEL, a C1 control.
      "a\xFF",         // Not UTF-8.
      "\xED\xA0\x80",  // A lone surrogate.
      "\xC0\xAF",      // An overlong slash.
      std::string(1025, 'a'),
  };
  for (const std::string& text : wrong) {
    EXPECT_EQ(ReasonOf(Username::Parse(text).status()), "USERNAME_INVALID")
        << text;
  }
  EXPECT_TRUE(Username::Parse(std::string(1024, 'a')).ok());
}

TEST(UserPrincipalName, R79_NeedsADomain) {
  for (const char* wrong : {"", "ada", "ada@", "@contoso.com", "@", "a\n@b",
                            " ada@contoso.com", "a\xFF@b"}) {
    EXPECT_EQ(ReasonOf(UserPrincipalName::Parse(wrong).status()), "UPN_INVALID")
        << wrong;
  }
}

TEST(UserPrincipalName, R32_LocalPartEndsAtTheLastAt) {
  EXPECT_EQ(UserPrincipalName::Parse("ada@contoso.com")->local_part(), "ada");
  EXPECT_EQ(UserPrincipalName::Parse("a@b@c")->local_part(), "a@b");
}

TEST(UserPrincipalName, IsKeptAsGiven) {
  EXPECT_EQ(UserPrincipalName::Parse("Ada@Contoso.com")->value(),
            "Ada@Contoso.com");
}

TEST(UserPrincipalName, A23_TellsGuests) {
  EXPECT_TRUE(
      UserPrincipalName::Parse("ada_fabrikam.com#EXT#@contoso.onmicrosoft.com")
          ->is_guest());
  EXPECT_TRUE(UserPrincipalName::Parse("ada#ext#@c.com")->is_guest());
  EXPECT_FALSE(UserPrincipalName::Parse("ada.EXT@c.com")->is_guest());
}

struct EmailRow {
  const char* what;
  std::string text;
  bool valid;
};

TEST(EmailAddress, AcceptsOnlyWhatMayBeMailedTo) {
  const std::string label(63, 'd');
  const EmailRow rows[] = {
      {"an ordinary one", "ada.lovelace@contoso.com", true},
      {"a tag", "ada+test@contoso.com", true},
      {"odd but legal", "!#$%&'*+-/=?^_`{|}~@contoso.com", true},
      {"a host without a dot", "root@localhost", true},
      {"64 before the @", std::string(64, 'a') + "@b.com", true},
      {"65 before the @", std::string(65, 'a') + "@b.com", false},
      {"254 bytes",
       std::string(62, 'a') + "@" + label + "." + label + "." + label, true},
      {"255 bytes",
       std::string(63, 'a') + "@" + label + "." + label + "." + label, false},
      {"nothing", "", false},
      {"no @", "ada", false},
      {"nothing before the @", "@contoso.com", false},
      {"nothing behind the @", "ada@", false},
      {"two @", "a@b@c.com", false},
      {"a dot first", ".ada@c.com", false},
      {"two dots", "a..b@c.com", false},
      {"an empty label", "ada@c..com", false},
      {"a dot last", "ada@c.com.", false},
      {"a label that begins with a hyphen", "ada@-c.com", false},
      {"a label of 64", "ada@" + std::string(64, 'c'), false},
      {"an address literal", "ada@[127.0.0.1]", false},
      {"quotes", "\"a b\"@c.com", false},
      {"a comment", "ada(x)@c.com", false},
      {"angle brackets", "<ada@c.com>", false},
      {"a space", "ada @c.com", false},
      {"a header", "ada@c.com\r\nBcc: eve@evil.test", false},
      {"a zero byte", std::string("ada\0@c.com", 10), false},
      {"a letter beyond ASCII", "\xC3\xA4@c.com", false},
      {"a domain beyond ASCII", "ada@\xC3\xA4.com", false},
      {"a list", "a@c.com,b@c.com", false},
  };
  for (const EmailRow& row : rows) {
    const auto parsed = EmailAddress::Parse(row.text);
    EXPECT_EQ(parsed.ok(), row.valid) << row.what;
    EXPECT_EQ(ReasonOf(parsed.status()), row.valid ? "" : "EMAIL_INVALID");
  }
}

// Property: whatever bytes come, an accepted address has one line of printable
// ASCII without anything that a mail server would read as syntax.
TEST(EmailAddress, AcceptedOnesCarryNoSyntax) {
  constexpr unsigned kSeed = 82;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const std::string alphabet("ab@.-<>\"\r\n \\,;:()[]\x00\xC3\xA4", 23);
  int accepted = 0;
  for (int i = 0; i < 300000; ++i) {
    std::string text;
    for (int n = random() % 8; n >= 0; --n) {
      text += alphabet[random() % (i % 2 ? 5 : alphabet.size())];
    }
    const auto parsed = EmailAddress::Parse(text);
    if (!parsed.ok()) continue;
    ++accepted;
    for (const char c : parsed->value()) {
      ASSERT_TRUE(absl::ascii_isalnum(c) || c == '@' || c == '.' || c == '-')
          << text;
    }
  }
  EXPECT_GT(accepted, 100);
}

TEST(Utf8, TellsWellFormedText) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("\xF0\x9F\x98\x80"));
  EXPECT_TRUE(IsValidUtf8("\xEF\xBF\xBD"));  // U+FFFD itself.
  EXPECT_FALSE(IsValidUtf8("\xED\xB0\x80"));
  EXPECT_FALSE(IsValidUtf8("\xF4\x90\x80\x80"));
  EXPECT_FALSE(IsValidUtf8("\xE2\x82"));
}

}  // namespace
}  // namespace rollcall
