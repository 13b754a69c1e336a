#include "services/reconciliation/run_state.h"

#include <string>

#include "gtest/gtest.h"

namespace rollcall::reconciliation {
namespace {

RunPlace At(RunPhase phase) {
  RunPlace place;
  place.phase = phase;
  place.attempt = 1;
  place.read_id = "r1";
  place.through = "s7";
  return place;
}

TEST(RunState, B12_OnlyTheFirstTwoPhasesNeedTheSource) {
  EXPECT_TRUE(NeedsStream(RunPlace()));
  EXPECT_TRUE(NeedsStream(At(RunPhase::kReading)));
  EXPECT_TRUE(NeedsStream(At(RunPhase::kApplying)));
  EXPECT_FALSE(NeedsStream(At(RunPhase::kRemoving)));
  EXPECT_FALSE(NeedsStream(At(RunPhase::kReleasing)));
  EXPECT_FALSE(NeedsStream(At(RunPhase::kEnded)));
}

TEST(RunState, B12_TheSameReadingGoesOnWhereItWas) {
  EXPECT_EQ(OnHeader(At(RunPhase::kApplying), "r1"), At(RunPhase::kApplying));
}

TEST(RunState, B12_AnotherReadingBeginsAnew) {
  RunPlace expected;
  expected.attempt = 2;
  expected.read_id = "r2";
  EXPECT_EQ(OnHeader(At(RunPhase::kApplying), "r2"), expected);
}

TEST(RunState, B12_TheFirstReadingIsAnAttemptEvenWithoutAName) {
  EXPECT_EQ(OnHeader(RunPlace(), "").attempt, 1);
}

TEST(RunState, PhasesFollowEachOtherToTheEnd) {
  RunPlace place = At(RunPhase::kReading);
  for (RunPhase next :
       {RunPhase::kApplying, RunPhase::kRemoving, RunPhase::kReleasing,
        RunPhase::kEnded, RunPhase::kEnded}) {
    place = NextPhase(place);
    EXPECT_EQ(place.phase, next);
  }
}

ReadingFacts Good() {
  ReadingFacts facts;
  facts.complete = true;
  facts.users_streamed = facts.users_announced = 7;
  facts.groups_streamed = facts.groups_announced = 2;
  return facts;
}

TEST(RunState, R30_CompleteWhenTheTrailerSaysSoAndTheCountsTieOut) {
  const ReadingVerdict verdict = JudgeReading(Good());
  EXPECT_TRUE(verdict.complete);
  EXPECT_TRUE(verdict.problems.empty());
}

struct Doubt {
  const char* reason;
  void (*make)(ReadingFacts&);
  bool complete;
};

class Doubts : public testing::TestWithParam<Doubt> {};

TEST_P(Doubts, R30_B3_A7_A24_EachIsReported) {
  ReadingFacts facts = Good();
  GetParam().make(facts);
  const ReadingVerdict verdict = JudgeReading(facts);
  EXPECT_EQ(verdict.complete, GetParam().complete);
  ASSERT_EQ(verdict.problems.size(), 1u);
  EXPECT_EQ(verdict.problems[0].reason, GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Each, Doubts,
    testing::Values(
        Doubt{"READ_INCOMPLETE",
              [](ReadingFacts& facts) { facts.complete = false; }, false},
        Doubt{"READ_COUNT_MISMATCH",
              [](ReadingFacts& facts) { facts.users_streamed = 6; }, false},
        Doubt{"READ_COUNT_MISMATCH",
              [](ReadingFacts& facts) { facts.groups_announced = 3; }, false},
        Doubt{"GROUP_UNANSWERED",
              [](ReadingFacts& facts) { facts.unanswered_groups = {"s"}; },
              false},
        Doubt{"GROUP_MISSING",
              [](ReadingFacts& facts) { facts.missing_groups = {"s"}; }, true},
        Doubt{"GROUP_NAME_CONFLICT",
              [](ReadingFacts& facts) { facts.name_conflicts = {"s"}; },
              true}));

TEST(RunState, R12_OnlyWhatMayPassIsTriedAgain) {
  EXPECT_TRUE(IsWorthRetrying(absl::StatusCode::kUnavailable, "ANY"));
  EXPECT_TRUE(IsWorthRetrying(absl::StatusCode::kDeadlineExceeded, ""));
  EXPECT_TRUE(IsWorthRetrying(absl::StatusCode::kInternal, ""));
  EXPECT_FALSE(IsWorthRetrying(absl::StatusCode::kInternal, "INTERNAL"));
  EXPECT_FALSE(IsWorthRetrying(absl::StatusCode::kFailedPrecondition, ""));
  EXPECT_FALSE(IsWorthRetrying(absl::StatusCode::kPermissionDenied, ""));
  EXPECT_FALSE(IsWorthRetrying(absl::StatusCode::kDataLoss, ""));
}

}  // namespace
}  // namespace rollcall::reconciliation
