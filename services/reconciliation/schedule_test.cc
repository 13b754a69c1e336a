#include "services/reconciliation/schedule.h"

#include "gtest/gtest.h"

namespace rollcall::reconciliation {
namespace {

// 2023-11-14 22:13:20 UTC.
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
constexpr absl::Duration kDay = absl::Hours(24);

// A directory whose slot was served an hour ago, and which was asked for
// changes a minute ago.
ScheduleFacts AtRest() {
  ScheduleFacts facts;
  facts.slot_second = 21 * 3600 + 13 * 60 + 20;
  facts.last_slot = kNow - absl::Hours(1);
  facts.last_poll = kNow - absl::Minutes(1);
  facts.has_cursor = true;
  return facts;
}

TEST(Schedule, R68_A25_TheSlotIsTheSameSecondOfEveryDay) {
  const int second = 21 * 3600 + 13 * 60 + 20;
  const absl::Time slot = kNow - absl::Hours(1);
  EXPECT_EQ(LatestSlot(second, kNow), slot);
  EXPECT_EQ(LatestSlot(second, slot), slot);
  EXPECT_EQ(LatestSlot(second, slot - absl::Nanoseconds(1)), slot - kDay);
  EXPECT_EQ(LatestSlot(second, slot + kDay), slot + kDay);
}

TEST(Schedule, R68_R69_OneFullRunADayAtTheSlot) {
  ScheduleFacts facts = AtRest();
  const absl::Time next = facts.last_slot + kDay;
  facts.last_poll = next - absl::Minutes(1);
  EXPECT_EQ(JudgeSchedule(facts, next - absl::Seconds(1)).due, Due::kNothing);
  const ScheduleVerdict verdict = JudgeSchedule(facts, next);
  EXPECT_EQ(verdict.due, Due::kFull);
  EXPECT_EQ(verdict.slot, next);
  facts.last_slot = verdict.slot;
  EXPECT_EQ(JudgeSchedule(facts, next + absl::Minutes(1)).due, Due::kNothing);
}

TEST(Schedule, R69_ManyMissedSlotsAreOneRun) {
  ScheduleFacts facts = AtRest();
  const absl::Time later = kNow + 9 * kDay;
  facts.last_poll = later;
  const ScheduleVerdict verdict = JudgeSchedule(facts, later);
  EXPECT_EQ(verdict.due, Due::kFull);
  facts.last_slot = verdict.slot;
  EXPECT_EQ(JudgeSchedule(facts, later).due, Due::kNothing);
}

TEST(Schedule, R68_ItRunsWithoutAFirstManualSync) {
  ScheduleFacts facts = AtRest();
  facts.has_cursor = false;
  facts.last_poll = absl::UnixEpoch();
  EXPECT_EQ(JudgeSchedule(facts, kNow).due, Due::kNothing);
  EXPECT_EQ(JudgeSchedule(facts, kNow + kDay).due, Due::kFull);
}

TEST(Schedule, B6_ChangesAreAskedForAfterEachInterval) {
  ScheduleFacts facts = AtRest();
  facts.polling_interval = absl::Minutes(2);
  EXPECT_EQ(JudgeSchedule(facts, kNow).due, Due::kNothing);
  EXPECT_EQ(JudgeSchedule(facts, kNow + absl::Minutes(1)).due, Due::kChanges);
}

TEST(Schedule, B6_WhatWasLeftUndoneIsReadAnewAfterAWhile) {
  ScheduleFacts facts = AtRest();
  facts.full_retry = kNow + absl::Minutes(1);
  EXPECT_EQ(JudgeSchedule(facts, kNow).due, Due::kNothing);
  EXPECT_EQ(JudgeSchedule(facts, kNow + absl::Minutes(1)).due, Due::kFull);
}

TEST(Schedule, R69_AClockThatJumpsMakesNeitherAStormNorAStandstill) {
  // Ahead by a year, and back again.
  ScheduleFacts facts = AtRest();
  const absl::Time ahead = kNow + 365 * kDay;
  facts.last_slot = JudgeSchedule(facts, ahead).slot;
  facts.last_poll = ahead;
  const ScheduleVerdict back = JudgeSchedule(facts, kNow);
  EXPECT_EQ(back.due, Due::kFull);
  facts.last_slot = back.slot;
  EXPECT_EQ(JudgeSchedule(facts, kNow).due, Due::kChanges);
  facts.last_poll = kNow;
  EXPECT_EQ(JudgeSchedule(facts, kNow).due, Due::kNothing);
  // Back over the slot by an hour: it is not served twice.
  facts = AtRest();
  facts.last_poll = kNow - absl::Hours(2);
  EXPECT_EQ(JudgeSchedule(facts, kNow - absl::Hours(2)).due, Due::kNothing);
}

}  // namespace
}  // namespace rollcall::reconciliation
