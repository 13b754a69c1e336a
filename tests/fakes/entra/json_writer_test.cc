#include "tests/fakes/entra/json_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/string_view.h"

namespace rollcall::entra {
namespace {

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  std::string out;
  JsonWriter(out)
      .BeginObject()
      .Member("a", "x")
      .Key("b")
      .BeginArray()
      .Int(-1)
      .Bool(true)
      .Null()
      .BeginObject()
      .EndObject()
      .EndArray()
      .Key("c")
      .BeginObject()
      .Key("d")
      .Raw("[1]")
      .EndObject()
      .EndObject();
  EXPECT_EQ(out, R"({"a":"x","b":[-1,true,null,{}],"c":{"d":[1]}})");
}

TEST(JsonWriter, EscapesWhatMustBeEscaped) {
  struct Case {
    const char* name;
    absl::string_view text;
    absl::string_view json;
  };
  const Case kCases[] = {
      {"quotes", "\"Ace\" \\ West", R"("\"Ace\" \\ West")"},
      {"line ends", "a\r\n\tb", R"("a\r\n\tb")"},
      {"NUL", absl::string_view("a\0b", 3), R"("a\u0000b")"},
      {"control character", "\x1f", R"("\u001f")"},
      {"UTF-8 stays", "Þóra 👩‍🚀", "\"Þóra 👩‍🚀\""},
      {"nothing", "", "\"\""},
  };
  for (const Case& c : kCases) {
    std::string out;
    AppendJsonString(c.text, out);
    EXPECT_EQ(out, c.json) << c.name;
  }
}

}  // namespace
}  // namespace rollcall::entra
