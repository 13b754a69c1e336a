// Proves that a line is one JSON object, whatever is in it.
#include "common/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "common/status/errors.h"
#include "simdjson.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

// Collects the lines that are written while it lives.
class Lines {
 public:
  explicit Lines(LogOptions options = {.service = "trash"}) {
    InitializeLog(std::move(options));
    SetLogSink([this](absl::string_view line) { lines_.emplace_back(line); });
  }
  ~Lines() { SetLogSink(nullptr); }

  const std::vector<std::string>& all() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

// The text under `name` in a line.
std::string TextOf(const std::string& line, const char* name) {
  simdjson::dom::parser parser;
  simdjson::dom::element object;
  const char* text = nullptr;
  EXPECT_EQ(parser.parse(line).get(object), simdjson::SUCCESS) << line;
  EXPECT_EQ(object[name].get(text), simdjson::SUCCESS) << name << " " << line;
  return text == nullptr ? "" : text;
}

TEST(Log, WritesOneObjectPerLine) {
  Lines lines;
  LogInfo("run_finished", {{"run", "accounts/acme/runs/7"},
                           {"users_created", 12},
                           {"complete", true},
                           {"rate", 1.5},
                           {"took", absl::Milliseconds(2500)},
                           {"started", absl::FromUnixSeconds(0)}});

  ASSERT_EQ(lines.all().size(), 1u);
  const std::string& line = lines.all()[0];
  EXPECT_EQ(TextOf(line, "level"), "info");
  EXPECT_EQ(TextOf(line, "service"), "trash");
  EXPECT_EQ(TextOf(line, "event"), "run_finished");
  EXPECT_EQ(TextOf(line, "run"), "accounts/acme/runs/7");
  EXPECT_THAT(line, HasSubstr("\"users_created\":12,\"complete\":true,"
                              "\"rate\":1.5,\"took\":2.5,"));
  EXPECT_EQ(TextOf(line, "started"), "1970-01-01T00:00:00.000000Z");
  EXPECT_THAT(line, EndsWith("}\n"));
}

TEST(Log, TellsAStatusInThreeFields) {
  Lines lines;
  LogError("purge_failed", {{"error", NotFound("USER_NOT_FOUND", "No user.")}});
  const std::string& line = lines.all().at(0);
  EXPECT_EQ(TextOf(line, "error"), "NOT_FOUND");
  EXPECT_EQ(TextOf(line, "error_reason"), "USER_NOT_FOUND");
  EXPECT_EQ(TextOf(line, "error_message"), "No user.");
}

TEST(Log, StaysOneLineWhateverTheText) {
  const std::string texts[] = {"line\nbreak\r\n", "quote\" and \\",
                               std::string("\x01\x1f\x7f", 3), "Zoë 山田 😀",
                               "\t"};
  for (const std::string& text : texts) {
    Lines lines;
    LogInfo("text", {{"text", text}});
    EXPECT_EQ(TextOf(lines.all().at(0), "text"), text);
    EXPECT_EQ(lines.all()[0].find('\n'), lines.all()[0].size() - 1);
  }
}

TEST(Log, ReplacesInvalidUtf8) {
  Lines lines;
  LogInfo("text", {{"text", "a\xFF"}});
  EXPECT_EQ(TextOf(lines.all().at(0), "text"), "a\xEF\xBF\xBD");
}

TEST(Log, WritesNumbersThatJsonDoesNotHaveAsText) {
  Lines lines;
  LogInfo("number", {{"rate", std::numeric_limits<double>::infinity()}});
  EXPECT_EQ(TextOf(lines.all().at(0), "rate"), "inf");
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  Lines lines({.service = "trash", .min_level = LogLevel::kWarning});
  LogDebug("a");
  LogInfo("b");
  LogWarning("c");
  LogError("d");
  std::vector<std::string> events;
  for (const std::string& line : lines.all()) {
    events.push_back(TextOf(line, "event"));
  }
  EXPECT_THAT(events, ElementsAre("c", "d"));
}

}  // namespace
}  // namespace rollcall
