#include "services/reconciliation/worker.h"

#include <string>
#include <vector>

#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::reconciliation {
namespace {

constexpr int kAccountsPerPage = 1000;

}  // namespace

absl::StatusOr<Pace> RunWorker::RunOnce(absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<RunName> due, ListDue(now));
  absl::Status first_error;
  for (const RunName& run : due) {
    const absl::Status executed = engine_.Execute(run);
    if (!executed.ok()) {
      first_error.Update(Annotate(executed, run.ToString()));
    }
  }
  if (!first_error.ok()) return first_error;
  return due.empty() ? Pace::kRest : Pace::kAgain;
}

absl::StatusOr<std::vector<RunName>> RunWorker::ListDue(absl::Time now) const {
  std::vector<RunName> due;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<std::string> accounts,
                     store_.ListAccounts(after, kAccountsPerPage));
    if (accounts.empty()) return due;
    for (const std::string& account : accounts) {
      ASSIGN_OR_RETURN(const std::vector<RunningRun> running,
                       store_.Runs(account).ListRunning());
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
