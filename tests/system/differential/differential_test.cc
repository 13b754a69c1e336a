// Random tenants, random timelines, random faults (section 6.4 F): whoever
// follows a directory has the truth in the end, and took nobody away without
// proof on the way.
//
// DIFFERENTIAL_SEEDS (1,000) and DIFFERENTIAL_FIRST_SEED (1) say which.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/system/differential/shorten.h"
#include "tests/system/differential/trial.h"

namespace rollcall::directory {
namespace {

using ::testing::HasSubstr;

constexpr int kBlocks = 20;

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  uint64_t value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

void ExpectTruth(uint64_t seed) {
  const TrialOptions options = {.seed = seed, .steps = StepsOf(seed)};
  const Verdict verdict = RunTrial(options);
  if (verdict.defect.empty()) return;
  const TrialOptions shorter = Shorten(options, [](const TrialOptions& each) {
    return !RunTrial(each).defect.empty();
  });
  ADD_FAILURE() << "Seed " << seed << ": " << verdict.defect
                << "\nShortened to " << shorter.steps.size() << " of "
                << options.steps.size() << " steps:\n"
                << absl::StrJoin(RunTrial(shorter).story, "\n") << "\nWhole:\n"
                << absl::StrJoin(verdict.story, "\n");
}

class DifferentialTest : public ::testing::TestWithParam<int> {};

TEST_P(DifferentialTest, R30_B3_B6_TheMirrorBecomesTheTruthWhateverHappens) {
  const uint64_t seeds = Setting("DIFFERENTIAL_SEEDS", 1000);
  const uint64_t first = Setting("DIFFERENTIAL_FIRST_SEED", 1);
  for (uint64_t i = GetParam(); i < seeds; i += kBlocks) {
    ExpectTruth(first + i);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Blocks, DifferentialTest,
                         ::testing::Range(0, kBlocks));

// The judge can find fault.
TEST(DifferentialControl, AMissedRoundIsNoticed) {
  EXPECT_THAT(
      RunTrial({.seed = 1, .steps = StepsOf(1), .misses_last_round = true})
          .defect,
      HasSubstr("truth"));
}

TEST(DifferentialControl, B3_WhoTakesAwayWithoutASecondLookIsNoticed) {
  // The first that shows it; others do too.
  for (uint64_t seed = 64; seed < 364; ++seed) {
    const Verdict verdict = RunTrial(
        {.seed = seed, .steps = StepsOf(seed), .trusts_gone_users = true});
    if (verdict.defect.empty()) continue;
    EXPECT_THAT(verdict.defect, HasSubstr("taken away"));
    return;
  }
  FAIL() << "Nobody was taken away wrongly.";
}

}  // namespace
}  // namespace rollcall::directory
