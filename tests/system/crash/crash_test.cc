// A directory service that is killed, as by kill -9, in the middle of reads,
// rounds and audits, 200 times in a row over the same store.
//
// ROLLCALL_CRASH_SEED and ROLLCALL_CRASH_KILLS choose others. Moments depend on
// the machine as well: the same seed need not find the same twice.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/system/crash/trial.h"

namespace rollcall::directory {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  uint64_t value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

// The end of the story, for whoever has to find out why.
std::string EndOf(const Findings& findings) {
  constexpr size_t kLines = 200;
  const std::vector<std::string>& story = findings.story;
  return absl::StrJoin(
      story.end() - static_cast<int64_t>(std::min(kLines, story.size())),
      story.end(), "\n");
}

TEST(Crash, B12_KilledTwoHundredTimesDuringReadsTheMirrorIsNeverWrong) {
  const uint64_t seed = Setting("ROLLCALL_CRASH_SEED", 12);
  const int kills = static_cast<int>(Setting("ROLLCALL_CRASH_KILLS", 200));
  const Findings findings = RunTrial(
      {.seed = seed,
       .kills = kills,
       .deaths = {Death::kLines, Death::kRequests, Death::kBeforeCommit,
                  Death::kAfterCommit, Death::kDiskWrite}});
  ASSERT_EQ(findings.defect, "") << "seed " << seed << "\n" << EndOf(findings);
  EXPECT_EQ(findings.kills, kills);
  // It was worth the effort: death came in the middle of everything.
  for (const char* operation : {"full read", "round", "audit"}) {
    const auto found = findings.interrupted.find(operation);
    const int times = found == findings.interrupted.end() ? 0 : found->second;
    RecordProperty(absl::StrCat("killed in ", operation), times);
    EXPECT_GT(times, kills / 40) << operation;
  }
  RecordProperty("killed early", findings.early_kills);
  EXPECT_GT(findings.early_kills, kills / 40);
  RecordProperty("changes of the tenant", findings.changes);
  EXPECT_GT(findings.changes, kills);
  RecordProperty("incomplete mirrors", findings.incomplete_mirrors);
  // And whoever leaves out one stream is seen not to have the truth.
  RecordProperty("careless followers", findings.careless_followers);
  RecordProperty("of them wrong", findings.careless_followers_wrong);
  EXPECT_GT(findings.careless_followers_wrong, kills / 20);
}

// The negative control: a store that keeps the latter half of a batch, which is
// where the cursors are.
TEST(Crash, B12_CursorsAheadOfTheirDataAreFoundOut) {
  const Findings findings =
      RunTrial({.seed = 13, .kills = 100, .deaths = {Death::kTornCommit}});
  EXPECT_GT(findings.kills, 0);
  EXPECT_THAT(findings.defect,
              AnyOf(HasSubstr("; truth "), HasSubstr("DATA_LOSS")));
  RecordProperty("defect", findings.defect);
}

}  // namespace
}  // namespace rollcall::directory
