// The real service and the reference model live the same random lives: after
// every step users, groups, access and usage are the same, and so are the
// events and counters that tell of the step.
//
// MODEL_SEEDS (2,000) and MODEL_FIRST_SEED (1) say which.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/system/differential/shorten.h"
#include "tests/system/model/trial.h"

namespace rollcall::model {
namespace {

constexpr int kBlocks = 20;

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  uint64_t value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

bool Fails(const TrialOptions& options) {
  return !RunTrial(options).defect.empty();
}

void ExpectAgreement(uint64_t seed) {
  const TrialOptions options = {.seed = seed, .steps = StepsOf(seed)};
  if (!Fails(options)) return;
  const TrialOptions shorter = Shorten(options, Fails);
  const Verdict verdict = RunTrial(shorter);
  ADD_FAILURE() << "Seed " << seed << ", shortened to " << shorter.steps.size()
                << " of " << options.steps.size() << " steps:\n"
                << absl::StrJoin(verdict.story, "\n") << "\n"
                << verdict.defect;
}

class ModelTest : public ::testing::TestWithParam<int> {};

TEST_P(ModelTest, B12_TheServiceDoesWhatTheRulesSayWhateverHappens) {
  const uint64_t seeds = Setting("MODEL_SEEDS", 2000);
  const uint64_t first = Setting("MODEL_FIRST_SEED", 1);
  for (uint64_t i = GetParam(); i < seeds; i += kBlocks) {
    ExpectAgreement(first + i);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Blocks, ModelTest, ::testing::Range(0, kBlocks));

// The comparison sees every wrong rule that is planted in the model.
struct Control {
  const char* name;
  Planted planted;
};

class ModelControl : public ::testing::TestWithParam<Control> {};

TEST_P(ModelControl, AWrongRuleIsFoundAndItsLifeShortened) {
  for (uint64_t seed = 1; seed < 500; ++seed) {
    const TrialOptions options = {
        .seed = seed, .steps = StepsOf(seed), .planted = GetParam().planted};
    if (!Fails(options)) continue;
    const TrialOptions shorter = Shorten(options, Fails);
    EXPECT_LE(shorter.steps.size(), 8u);
    EXPECT_TRUE(Fails(shorter));
    return;
  }
  FAIL() << "Nobody has noticed.";
}

INSTANTIATE_TEST_SUITE_P(
    Each, ModelControl,
    ::testing::Values(
        Control{"R48_SyncClearsBypass", Planted::kSyncClearsBypass},
        Control{"R36_RenameFollows", Planted::kRenameFollows},
        Control{"R30_IncompleteRemoves", Planted::kIncompleteRemoves},
        Control{"R55_ManagedIsDeletable", Planted::kManagedIsDeletable},
        Control{"A6_DirectoriesForget", Planted::kDirectoriesForget},
        Control{"R47_PhonesAreReplaced", Planted::kPhonesAreReplaced},
        Control{"B6_ChangesForgetTheGone", Planted::kChangesForgetTheGone},
        Control{"B2_GuardSleeps", Planted::kGuardSleeps},
        Control{"B10_DeskIsDeaf", Planted::kDeskIsDeaf},
        Control{"A3_SwapsWait", Planted::kSwapsWait},
        Control{"B5_PinsDoNotHold", Planted::kPinsDoNotHold}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace rollcall::model
