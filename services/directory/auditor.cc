#include "services/directory/auditor.h"

#include <string>
#include <utility>
#include <vector>

#include "common/status/status_macros.h"
#include "services/directory/audit_plan.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {
namespace {

constexpr int kPage = 100;
// Nobody waits for the audit: Graph is not pressed.
constexpr absl::Duration kRestAfterFailure = absl::Minutes(5);

}  // namespace

absl::StatusOr<Pace> MirrorAuditor::RunOnce(absl::Time now) {
  if (waiting_.empty()) RETURN_IF_ERROR(ListDirectories());
  if (waiting_.empty()) return Pace::kRest;
  Turn turn = std::move(waiting_.front());
  waiting_.pop_front();
  ASSIGN_OR_RETURN(const bool audited, Audit(turn, now));
  if (audited && ++turn.slices < kMaxSlicesPerTurn) {
    waiting_.push_back(std::move(turn));
  }
  return waiting_.empty() || stopping_ ? Pace::kRest : Pace::kAgain;
}

absl::StatusOr<bool> MirrorAuditor::Audit(const Turn& turn, absl::Time now) {
  while (turn.slices == 0 && !stopping_) {
    ASSIGN_OR_RETURN(const bool more, keeper_.Trim(turn.name, now));
    if (!more) break;
  }
  const std::string key = turn.name.ToString();
  const auto failed = failed_.find(key);
  if (failed != failed_.end()) {
    if (now >= failed->second && now < failed->second + kRestAfterFailure) {
      return false;
    }
    failed_.erase(failed);
  }
  absl::StatusOr<bool> audited =
      keeper_.Audit(turn.name, now, [this] { return stopping_.load(); });
  if (!audited.ok()) failed_[key] = now;
  return audited;
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
          waiting_.push_back(
              {DirectoryName(AccountName(id), directory.directory_id())});
        }
      }
    }
  }
}

}  // namespace rollcall::directory
