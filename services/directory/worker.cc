#include "services/directory/worker.h"

#include <vector>

#include "common/identity/resource_name.h"
#include "common/status/status_macros.h"

namespace rollcall::directory {

absl::StatusOr<Pace> ReadSweeper::RunOnce(absl::Time /*now*/) {
  if (!account_.empty()) {
    ASSIGN_OR_RETURN(const bool more, reads_.Sweep(AccountName(account_)));
    if (more) return Pace::kAgain;
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> next,
                   store_.ListPartitions(account_, 1));
  account_ = next.empty() ? "" : next.front();
  return next.empty() ? Pace::kRest : Pace::kAgain;
}

}  // namespace rollcall::directory
