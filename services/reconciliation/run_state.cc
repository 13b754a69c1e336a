#include "services/reconciliation/run_state.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rollcall::reconciliation {

bool NeedsStream(const RunPlace& place) {
  return place.phase == RunPhase::kReading ||
         place.phase == RunPhase::kApplying;
}

RunPlace OnHeader(const RunPlace& place, absl::string_view read_id) {
  if (place.attempt > 0 && place.read_id == read_id) return place;
  RunPlace fresh;
  fresh.attempt = place.attempt + 1;
  fresh.read_id = std::string(read_id);
  return fresh;
}

RunPlace NextPhase(const RunPlace& place) {
  RunPlace next = place;
  switch (place.phase) {
    case RunPhase::kReading:
      next.phase = RunPhase::kApplying;
      break;
    case RunPhase::kApplying:
      next.phase = RunPhase::kRemoving;
      break;
    case RunPhase::kRemoving:
      next.phase = RunPhase::kReleasing;
      break;
    case RunPhase::kReleasing:
    case RunPhase::kEnded:
      next.phase = RunPhase::kEnded;
      break;
  }
  return next;
}

ReadingVerdict JudgeReading(const ReadingFacts& facts) {
  ReadingVerdict verdict;
  verdict.complete = facts.complete;
  auto distrust = [&](absl::string_view reason, std::string message) {
    verdict.complete = false;
    verdict.problems.push_back({std::string(reason), std::move(message)});
  };
  if (!facts.complete) {
    distrust("READ_INCOMPLETE",
             facts.incomplete_reasons.empty()
                 ? "The source was not read completely; nobody was removed."
                 : absl::StrJoin(facts.incomplete_reasons, " "));
  }
  if (facts.users_streamed != facts.users_announced ||
      facts.groups_streamed != facts.groups_announced) {
    distrust("READ_COUNT_MISMATCH",
             absl::StrCat("The reading announced ", facts.users_announced,
                          " users and ", facts.groups_announced,
                          " groups, but ", facts.users_streamed, " and ",
                          facts.groups_streamed, " came; nobody was removed."));
  }
  for (const std::string& group : facts.unanswered_groups) {
    distrust("GROUP_UNANSWERED",
             absl::StrCat("The selected group ", group,
                          " was not part of the reading; nobody was removed."));
  }
  for (const std::string& group : facts.missing_groups) {
    verdict.problems.push_back(
        {"GROUP_MISSING",
         absl::StrCat("The selected group ", group,
                      " no longer exists in the tenant; its members are kept "
                      "until it is removed from the configuration.")});
  }
  for (const std::string& group : facts.name_conflicts) {
    verdict.problems.push_back(
        {"GROUP_NAME_CONFLICT",
         absl::StrCat("The name of the selected group ", group,
                      " belongs to another group of the target.")});
  }
  return verdict;
}

bool IsWorthRetrying(absl::StatusCode code, absl::string_view reason) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
      return true;
    // A broken connection shows as one of these, without a reason of ours.
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return reason.empty();
    default:
      return false;
  }
}

}  // namespace rollcall::reconciliation
