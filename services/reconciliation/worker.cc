#include "services/reconciliation/worker.h"

#include <string>
#include <vector>

#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/run_poll.h"

namespace rollcall::reconciliation {
namespace {

constexpr int kAccountsPerPage = 1000;

}  // namespace

absl::StatusOr<Pace> RunWorker::RunOnce(absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<RunName> due, ListDue(now));
  Pace pace = Pace::kRest;
  absl::Status first_error;
  for (const RunName& run : due) {
    const absl::optional<RunDesk::Claim> claim =
        desk_.TryClaim(run.directory());
    if (!claim.has_value()) continue;
    pace = Pace::kAgain;
    const absl::Status executed = engine_.Execute(run);
    if (!executed.ok()) {
      first_error.Update(Annotate(executed, run.ToString()));
    }
  }
  // One poll, then runs again: they are what somebody waits for.
  const absl::optional<RunDesk::Claim> poll = desk_.TakePoll();
  if (poll.has_value()) {
    pace = Pace::kAgain;
    const auto polled = PollChanges(poll->directory(), options_);
    if (!polled.ok()) {
      first_error.Update(
          Annotate(polled.status(), poll->directory().ToString()));
    }
  }
  if (!first_error.ok()) return first_error;
  return pace;
}

absl::StatusOr<std::vector<RunName>> RunWorker::ListDue(absl::Time now) const {
  std::vector<RunName> due;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<std::string> accounts,
                     options_.store.ListAccounts(after, kAccountsPerPage));
    if (accounts.empty()) return due;
    for (const std::string& account : accounts) {
      ASSIGN_OR_RETURN(const std::vector<RunningRun> running,
                       options_.store.Runs(account).ListRunning());
      for (const RunningRun& run : running) {
        if (absl::FromUnixNanos(run.row.retry_time_nanos()) > now) continue;
        due.emplace_back(DirectoryName(AccountName(account), run.directory),
                         run.row.run());
      }
    }
    after = accounts.back();
  }
}

}  // namespace rollcall::reconciliation
