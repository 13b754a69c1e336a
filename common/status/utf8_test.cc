// Proves that any bytes become well-formed text, and that text is cut cleanly.
#include "common/status/utf8.h"

#include <gtest/gtest.h>

#include <random>

namespace rollcall {
namespace {

constexpr char kBad[] = "\xEF\xBF\xBD";

struct Case {
  const char* name;
  std::string bytes;
  std::string text;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.name;
}

class ToValidUtf8Test : public testing::TestWithParam<Case> {};

TEST_P(ToValidUtf8Test, ReplacesWhatIsNotWellFormed) {
  EXPECT_EQ(ToValidUtf8(GetParam().bytes), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ToValidUtf8Test,
    testing::ValuesIn(std::vector<Case>{
        {"Empty", "", ""},
        {"Ascii", "plain\n", "plain\n"},
        {"ManyScripts", "Zoë Łukasz 山田 😀", "Zoë Łukasz 山田 😀"},
        {"LoneContinuation", "a\x80", std::string("a") + kBad},
        {"Overlong", "\xC0\xAF", std::string(kBad) + kBad},
        {"Surrogate", "\xED\xA0\x80", std::string(kBad) + kBad + kBad},
        {"PastTheLast", "\xF4\x90\x80\x80",
         std::string(kBad) + kBad + kBad + kBad},
        {"CutOff", "\xE5\xB1", std::string(kBad) + kBad},
        {"BadThenGood",
         "\xE5"
         "a",
         std::string(kBad) + "a"},
    }),
    [](const auto& tested) { return tested.param.name; });

TEST(ToValidUtf8, IsItsOwnFixedPoint) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random() % 12, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string text = ToValidUtf8(bytes);
    EXPECT_EQ(ToValidUtf8(text), text);
  }
}

TEST(CutUtf8, KeepsWhatFits) { EXPECT_EQ(CutUtf8("Zoë", 4), "Zoë"); }

TEST(CutUtf8, NeverCutsASequence) {
  const std::string text = "a山田😀z";  // 1 + 3 + 3 + 4 + 1 bytes.
  for (size_t max = 3; max < text.size(); ++max) {
    const std::string cut = CutUtf8(text, max);
    EXPECT_LE(cut.size(), max);
    EXPECT_EQ(ToValidUtf8(cut), cut) << max;
    EXPECT_EQ(cut.substr(cut.size() - 3), "…") << max;
  }
}

}  // namespace
}  // namespace rollcall
