#include "services/directory/auditor.h"

#include <string>
#include <utility>
#include <vector>

#include "common/status/status_macros.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {
namespace {

constexpr int kPage = 100;

}  // namespace

absl::StatusOr<Pace> MirrorAuditor::RunOnce(absl::Time now) {
  if (waiting_.empty()) RETURN_IF_ERROR(ListDirectories());
  if (waiting_.empty()) return Pace::kRest;
  const DirectoryName name = std::move(waiting_.front());
  waiting_.pop_front();
  while (!stopping_) {
    ASSIGN_OR_RETURN(const bool more, keeper_.Trim(name, now));
    if (!more) break;
  }
  RETURN_IF_ERROR(
      keeper_.Audit(name, now, [this] { return stopping_.load(); }).status());
  return waiting_.empty() || stopping_ ? Pace::kRest : Pace::kAgain;
}

absl::Status MirrorAuditor::ListDirectories() {
  std::string account;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<std::string> accounts,
                     directories_.ListAccounts(account, kPage));
    if (accounts.empty()) return absl::OkStatus();
    account = accounts.back();
    for (const std::string& id : accounts) {
      std::string after;
      while (true) {
        ASSIGN_OR_RETURN(const std::vector<store::StoredDirectory> directories,
                         directories_.List(AccountName(id), after,
                                           /*show_deleted=*/false, kPage));
        if (directories.empty()) break;
        after = directories.back().directory_id();
        for (const store::StoredDirectory& directory : directories) {
          waiting_.emplace_back(AccountName(id), directory.directory_id());
        }
      }
    }
  }
}

}  // namespace rollcall::directory
