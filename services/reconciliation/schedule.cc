#include "services/reconciliation/schedule.h"

#include <algorithm>

namespace rollcall::reconciliation {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);

}  // namespace

absl::Time LatestSlot(int slot_second, absl::Time now) {
  const absl::Time first = absl::UnixEpoch() + absl::Seconds(slot_second);
  return first + absl::Floor(now - first, kDay);
}

ScheduleVerdict JudgeSchedule(const ScheduleFacts& facts, absl::Time now) {
  ScheduleVerdict verdict;
  verdict.slot = LatestSlot(facts.slot_second, now);
  const bool is_missed = facts.last_slot < verdict.slot;
  // A clock that was set back over the slot it has just served is a day behind;
  // one that is further behind has lost its way.
  const bool is_from_a_lost_future = facts.last_slot > verdict.slot + kDay;
  const bool must_read_anew =
      facts.full_retry.has_value() && *facts.full_retry <= now;
  if (is_missed || is_from_a_lost_future || must_read_anew) {
    verdict.due = Due::kFull;
    return verdict;
  }
  const bool is_time =
      now - facts.last_poll >= facts.polling_interval || facts.last_poll > now;
  if (facts.has_cursor && is_time) verdict.due = Due::kChanges;
  return verdict;
}

absl::Time NextFull(const ScheduleFacts& facts, absl::Time now) {
  if (JudgeSchedule(facts, now).due == Due::kFull) return now;
  absl::Time next = LatestSlot(facts.slot_second, now) + kDay;
  // The slot was served before the clock was set back over it.
  if (facts.last_slot >= next) next += kDay;
  if (facts.full_retry.has_value()) next = std::min(next, *facts.full_retry);
  return next;
}

absl::optional<absl::Time> NextPoll(const ScheduleFacts& facts,
                                    absl::Time now) {
  if (!facts.has_cursor) return absl::nullopt;
  if (facts.last_poll > now) return now;
  return std::max(now, facts.last_poll + facts.polling_interval);
}

}  // namespace rollcall::reconciliation
