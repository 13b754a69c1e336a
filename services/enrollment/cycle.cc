#include "services/enrollment/cycle.h"

namespace rollcall::enrollment {

CycleState StateAt(const Cycle& cycle, absl::Time now) {
  switch (cycle.end) {
    case Cycle::End::kRevoked:
      return CycleState::kRevoked;
    case Cycle::End::kCompleted:
      return CycleState::kCompleted;
    case Cycle::End::kNone:
      break;
  }
  return now < cycle.expire_time ? CycleState::kPending : CycleState::kExpired;
}

absl::optional<Cycle> NextCycle(const absl::optional<Cycle>& latest,
                                absl::Time now) {
  if (latest.has_value() && StateAt(*latest, now) == CycleState::kPending) {
    return absl::nullopt;
  }
  // A completed cycle does not come here while its device lasts: the user is
  // not eligible then (R88).
  return Cycle{.number = latest.has_value() ? latest->number + 1 : 1,
               .issue_time = now,
               .expire_time = now + kLinkLifetime};
}

}  // namespace rollcall::enrollment
