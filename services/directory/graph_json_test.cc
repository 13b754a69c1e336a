#include "services/directory/graph_json.h"

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

using ::rollcall::testing::StatusIs;

constexpr PageLimits kSmall = {
    .max_bytes = 100, .max_depth = 4, .max_link_bytes = 20};

struct Row {
  const char* name;
  std::string body;
  std::string reason;  // Empty: it is a document.
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class JsonOf : public ::testing::TestWithParam<Row> {};

TEST_P(JsonOf, AnyBytesGiveADocumentOrAnError) {
  const auto document = ParseJson(GetParam().body, kSmall);
  if (GetParam().reason.empty()) {
    EXPECT_OK(document);
  } else {
    EXPECT_THAT(document,
                StatusIs(absl::StatusCode::kDataLoss, GetParam().reason));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, JsonOf,
    ::testing::ValuesIn(std::vector<Row>{
        {"Object", R"({"a":["b",null,true]})", ""},
        {"NoObject", R"("a")", ""},
        {"AByteOrderMark", "\xef\xbb\xbf{}", ""},
        {"AForbiddenByteInAText", "{\"a\":\"\xff\"}", ""},
        {"HalfASurrogate", R"({"a":"\ud800"})", ""},
        {"ANumberThatFitsNowhere", R"({"a":1e999,"b":-12.5e-3})", ""},
        {"BothOfThem", "{\"a\":1e999,\"b\":\"\xff\"}", ""},
        {"Nothing", "", "GRAPH_PAGE_MALFORMED"},
        {"HalfOfIt", R"({"a":)", "GRAPH_PAGE_MALFORMED"},
        {"TwoOfThem", "{}{}", "GRAPH_PAGE_MALFORMED"},
        {"AForbiddenByteOutside", "\xff{}", "GRAPH_PAGE_MALFORMED"},
        {"TooDeep", "[[[[[[1]]]]]]", "GRAPH_PAGE_TOO_LARGE"},
        {"TooLong", absl::StrCat("\"", std::string(100, 'a'), "\""),
         "GRAPH_PAGE_TOO_LARGE"},
    }),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ParseJson, ABrokenTextHoldsANulAndItsNeighboursAreWhole) {
  const auto document =
      ParseJsonObject("{\"bad\":\"a\xff\",\"good\":\"1e999\"}", kSmall);
  ASSERT_OK(document);
  EXPECT_EQ(std::string_view((*document)["bad"]),
            std::string_view("a\0", size_t{2}));
  EXPECT_EQ(std::string_view((*document)["good"]), "1e999");
}

TEST(ParseJson, ANumberThatFitsNowhereIsAList) {
  const auto document = ParseJsonObject(R"({"n":1e999,"t":"x"})", kSmall);
  ASSERT_OK(document);
  EXPECT_TRUE((*document)["n"].is_array());
  EXPECT_EQ(std::string_view((*document)["t"]), "x");
}

TEST(ParseJsonObject, TakesObjectsOnly) {
  EXPECT_THAT(ParseJsonObject("[]", kSmall),
              StatusIs(absl::StatusCode::kDataLoss, "GRAPH_PAGE_MALFORMED"));
}

TEST(ReadLink, IsATextThatIsNotTooLong) {
  const auto reason = [](const std::string& json) {
    const auto document = ParseJson(json, kSmall);
    EXPECT_OK(document);
    return ReasonOf(ReadLink(*document, kSmall).status());
  };
  EXPECT_EQ(reason(R"("https://graph/x")"), "");
  EXPECT_EQ(reason(R"("")"), "GRAPH_PAGE_MALFORMED");
  EXPECT_EQ(reason("7"), "GRAPH_PAGE_MALFORMED");
  EXPECT_EQ(reason("null"), "GRAPH_PAGE_MALFORMED");
  EXPECT_EQ(reason(R"("https://graph.example/x")"), "GRAPH_PAGE_TOO_LARGE");
}

}  // namespace
}  // namespace rollcall::directory
