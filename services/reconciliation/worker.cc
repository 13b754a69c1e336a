#include "services/reconciliation/worker.h"

#include <string>
#include <vector>

#include "common/status/status_macros.h"

namespace rollcall::reconciliation {
namespace {

constexpr int kAccountsPerPage = 1000;

}  // namespace

absl::StatusOr<Pace> RunWorker::RunOnce(absl::Time now) {
  ASSIGN_OR_RETURN(const absl::optional<RunName> due, FindDue(now));
  if (!due.has_value()) return Pace::kRest;
  RETURN_IF_ERROR(engine_.Execute(*due));
  return Pace::kAgain;
}

absl::StatusOr<absl::optional<RunName>> RunWorker::FindDue(
    absl::Time now) const {
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<std::string> accounts,
                     store_.ListAccounts(after, kAccountsPerPage));
    if (accounts.empty()) return absl::optional<RunName>();
    for (const std::string& account : accounts) {
      ASSIGN_OR_RETURN(const std::vector<RunningRun> running,
                       store_.Runs(account).ListRunning());
      for (const RunningRun& run : running) {
        if (absl::FromUnixNanos(run.row.retry_time_nanos()) > now) continue;
        return absl::make_optional(RunName(
            DirectoryName(AccountName(account), run.directory), run.row.run()));
      }
    }
    after = accounts.back();
  }
}

}  // namespace rollcall::reconciliation
