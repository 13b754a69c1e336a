#include "services/directory/text_repair.h"

#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

struct Case {
  const char* name;
  std::string json;
  std::string expected;
};

class MarkBrokenTextTest : public ::testing::TestWithParam<Case> {};

TEST_P(MarkBrokenTextTest, Repairs) {
  EXPECT_EQ(MarkBrokenText(GetParam().json), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, MarkBrokenTextTest,
    ::testing::Values(
        Case{"GoodTextStays", R"({"a":"Zoë \"x\" \\","b":"𝄞"})",
             R"({"a":"Zoë \"x\" \\","b":"𝄞"})"},
        Case{"InvalidByte", "{\"a\":\"x\xffy\"}", R"({"a":"x\u0000y"})"},
        Case{"OverlongForm", "{\"a\":\"\xc0\xaf\"}", R"({"a":"\u0000\u0000"})"},
        Case{"EncodedSurrogate", "{\"a\":\"\xed\xa0\x80\"}",
             R"({"a":"\u0000\u0000\u0000"})"},
        Case{"CutSequenceBeforeTheQuote", "{\"a\":\"\xe2\x82\"}",
             R"({"a":"\u0000\u0000"})"},
        Case{"RawNul", std::string("{\"a\":\"x\0y\"}", 11),
             R"({"a":"x\u0000y"})"},
        Case{"RawLineFeed", "{\"a\":\"x\ny\"}", R"({"a":"x\u0000y"})"},
        Case{"PairOfSurrogatesStays", R"({"a":"\ud834\udd1e"})",
             R"({"a":"\ud834\udd1e"})"},
        Case{"LoneHighSurrogate", R"({"a":"\ud834x"})", R"({"a":"\u0000x"})"},
        Case{"LoneLowSurrogate", R"({"a":"\udd1e"})", R"({"a":"\u0000"})"},
        Case{"TwoHighSurrogates", R"({"a":"\ud834\ud834\udd1e"})",
             R"({"a":"\u0000\ud834\udd1e"})"},
        Case{"EscapedBackslashBeforeU", R"({"a":"\\ud834"})",
             R"({"a":"\\ud834"})"},
        Case{"OutsideOfStringsNothingChanges", "{\xff \n\"a\": 1}",
             "{\xff \n\"a\": 1}"},
        Case{"EndsInsideAnEscape", "{\"a\":\"\\", "{\"a\":\"\\"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace rollcall::directory
