#include "deploy/first_sync/display.h"

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall::deploy {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

const absl::Time kNoon = absl::FromUnixSeconds(1772366400);

absl::Time At(int seconds) { return kNoon + absl::Seconds(seconds); }

// The rows of a terminal after `output`: a return goes to the first column, an
// escape clears the row, a line end begins the next one.
std::vector<std::string> Screen(const std::string& output) {
  std::vector<std::string> rows = {""};
  for (size_t i = 0; i < output.size(); ++i) {
    if (output.compare(i, 4, "\r\033[K") == 0) {
      rows.back().clear();
      i += 3;
    } else if (output[i] == '\n') {
      rows.emplace_back();
    } else {
      rows.back() += output[i];
    }
  }
  return rows;
}

std::vector<std::string> Lines(const std::string& output) {
  return absl::StrSplit(output, '\n');
}

TEST(Display, OnATerminalEachPhaseKeepsItsOwnFinishedBar) {
  std::ostringstream out;
  Display display(out, /*terminal=*/true);
  display.Show({"reading", 0, 0, At(0), 1});
  display.Show({"reading", 90, 100, At(1), 1});
  display.Show({"applying", 0, 200, At(2), 2});
  display.Show({"applying", 150, 200, At(3), 2});
  display.Show({"mailing", 0, 40, At(4), 3});
  display.Show({"mailing", 40, 40, At(5), 3});
  display.End();
  EXPECT_THAT(
      Screen(out.str()),
      ElementsAre("  reading    [########################] 100 %  100 of 100"
                  "  50/s",
                  "  applying   [########################] 100 %  200 of 200"
                  "  100/s",
                  "  mailing    [########################] 100 %  40 of 40"
                  "  40/s",
                  ""));
}

TEST(Display, APhaseWithNothingToDoLeavesNoLine) {
  std::ostringstream out;
  Display display(out, /*terminal=*/true);
  display.Show({"applying", 10, 10, At(0), 2});
  display.Show({"removing", 0, 0, At(1), 3});
  display.Show({"mailing", 0, 0, At(2), 4});
  display.End();
  EXPECT_THAT(Screen(out.str()), ElementsAre(StartsWith("  applying "), ""));
}

TEST(Display, APhaseThatWasCutShortIsNotCalledFinished) {
  std::ostringstream out;
  Display display(out, /*terminal=*/true);
  display.Show({"applying", 50, 100, At(0), 2});
  display.Show({"reading", 30, 100, At(1), 1});  // The run begins anew.
  display.End();                                 // And fails.
  EXPECT_THAT(
      Screen(out.str()),
      ElementsAre("  applying   [############............]  50 %  50 of 100",
                  "  reading    [#######.................]  30 %  30 of 100",
                  ""));
}

TEST(Display, ElsewhereItWritesALineEveryFewSeconds) {
  std::ostringstream out;
  Display display(out, /*terminal=*/false);
  display.Show({"reading", 0, 100, At(0), 1});
  display.Show({"reading", 10, 100, At(1), 1});
  display.Show({"reading", 40, 100, At(2), 1});
  display.Show({"applying", 0, 200, At(3), 2});
  display.End();
  EXPECT_THAT(
      Lines(out.str()),
      ElementsAre("  reading    [........................]   0 %  0 of 100",
                  "  reading    [#########...............]  40 %  40 of 100"
                  "  20/s  3 s left",
                  "  reading    [########################] 100 %  100 of 100"
                  "  33/s",
                  "  applying   [........................]   0 %  0 of 200",
                  ""));
}

}  // namespace
}  // namespace rollcall::deploy
