#include "services/enrollment/display_name.h"

#include <random>
#include <string>
#include <vector>

#include "common/identity/values.h"
#include "gtest/gtest.h"

namespace rollcall::enrollment {
namespace {

struct Case {
  std::string what;
  std::string name;
  std::string expected;
};

class DisplayNameTest : public ::testing::TestWithParam<Case> {};

TEST_P(DisplayNameTest, C3_IsFitToBeShown) {
  EXPECT_EQ(CleanDisplayName(GetParam().name), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, DisplayNameTest,
    ::testing::ValuesIn(std::vector<Case>{
        {"Plain", "Ada Lovelace", "Ada Lovelace"},
        {"OtherScripts", "Łukasz 山田 عائشة", "Łukasz 山田 عائشة"},
        {"Empty", "", ""},
        {"HeaderInjection", "Ada\r\nBcc: eve@evil.example", ""},
        {"BareLineFeed", "Ada\nBcc: x", ""},
        {"Nul", std::string("Ada\0Eve", 7), ""},
        {"NotUtf8", "Ada\xFF", ""},
        {"LoneSurrogate", "Ada\xED\xA0\x80", ""},
        {"Tab", "Ada\tLovelace", "AdaLovelace"},
        {"C1", "Ada\xC2\x85Lovelace", "AdaLovelace"},
        {"LineSeparator",
         "Ada\xE2\x80\xA8"
         "Eve",
         "AdaEve"},
        {"RightToLeftOverride",
         "Ada\xE2\x80\xAE"
         "evE",
         "AdaevE"},
        {"ZeroWidth",
         "A\xE2\x80\x8B"
         "da\xEF\xBB\xBF",
         "Ada"},
        {"TagCharacters", "Ada\xF3\xA0\x81\xA1", "Ada"},
        {"Spaces", "  Ada \xC2\xA0  Lovelace ", "Ada Lovelace"},
        {"Initials", "J. R. R. Tolkien", "J. R. R. Tolkien"},
        {"Link", "Win at https://evil.example/now",
         "Win at https: / / evil. example/ now"},
        {"BareHost", "evil.example", "evil. example"},
        {"IdeographicDot",
         "evil\xE3\x80\x82"
         "example",
         "evil\xE3\x80\x82 example"},
        {"Address", "eve@evil.example", "eve@ evil. example"},
        {"HiddenInALink",
         "evil.\xE2\x80\x8B"
         "example",
         "evil. example"},
    }),
    [](const auto& test) { return test.param.what; });

TEST(DisplayName, C3_IsCutAtSixtyFourCodePoints) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "é";
  EXPECT_EQ(CleanDisplayName(name).size(), 2u * kMaxNameLength);
  EXPECT_EQ(CleanDisplayName(std::string(1 << 20, 'x')).size(),
            size_t{kMaxNameLength});
}

TEST(DisplayName, C3_AnyBytesBecomeOneCleanLine) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::vector<std::string> pieces = {"a",
                                           "é",
                                           "山",
                                           " ",
                                           ".",
                                           "@",
                                           "://",
                                           "\r\n",
                                           "\x01",
                                           "\xFF",
                                           "\u202E",
                                           "\u200B",
                                           "\xF3\xA0\x81\xA1",
                                           "www"};
  for (int i = 0; i < 20000; ++i) {
    std::string name;
    for (unsigned n = random() % 12; n > 0; --n) {
      name += random() % 9 == 0 ? std::string(1, static_cast<char>(random()))
                                : pieces[random() % pieces.size()];
    }
    const std::string clean = CleanDisplayName(name);
    ASSERT_TRUE(IsValidUtf8(clean));
    for (const char c : clean) ASSERT_GE(static_cast<uint8_t>(c), 0x20);
    ASSERT_EQ(clean.find("\u202E"), std::string::npos);
    ASSERT_EQ(clean.find("://"), std::string::npos);
    ASSERT_EQ(clean.find(".a"), std::string::npos);
    // What is clean stays as it is.
    ASSERT_EQ(CleanDisplayName(clean), clean);
  }
}

}  // namespace
}  // namespace rollcall::enrollment
