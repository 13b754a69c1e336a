#include "services/trash/worker.h"

#include <string>
#include <vector>

#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/trash/purge.h"
#include "services/trash/trash_clock.h"

namespace rollcall::trash {
namespace {

constexpr int kAccountsPerPage = 1000;

// Until then a sync has brought back whoever is there again, most likely.
constexpr absl::Duration kUnprovenDelay = absl::Hours(1);

// Whom an undone run has put here waits for a person, who applies a plan (B5):
// the source need not be asked so often.
constexpr absl::Duration kPinnedDelay = absl::Hours(24);

// The other side is down: every further call would fail too.
bool IsDown(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace

TrashWorker::TrashWorker(TrashStore& store, feed::FeedSource& feed,
                         ReconciliationClient& reconciliation,
                         TrashWorkerOptions options)
    : store_(store),
      reconciliation_(reconciliation),
      options_(options),
      handler_(store.base(), options.retention),
      follower_(feed, store.base(), handler_) {}

absl::StatusOr<Pace> TrashWorker::FollowFeedsOnce(absl::Time) {
  return follower_.FollowOnce();
}

absl::StatusOr<Pace> TrashWorker::PurgeDueOnce(absl::Time now) {
  absl::Status first_error;
  Pace pace = Pace::kRest;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<AccountName> accounts,
                     store_.ListAccounts(after, kAccountsPerPage));
    for (const AccountName& account : accounts) {
      const absl::StatusOr<Pace> purged = PurgeDueOf(account, now);
      if (IsDown(purged.status())) return purged;
      first_error.Update(purged.status());
      if (purged.ok() && *purged == Pace::kAgain) pace = Pace::kAgain;
    }
    if (accounts.size() < kAccountsPerPage) break;
    after = accounts.back().id();
  }
  if (!first_error.ok()) return first_error;
  return pace;
}

absl::StatusOr<Pace> TrashWorker::PurgeDueOf(const AccountName& account,
                                             absl::Time now) {
  // A lost feed has been announced; its users wait for an operator.
  const absl::Status followed = store_.CheckFeedIsFollowed(account);
  if (ReasonOf(followed) == "FEED_HISTORY_LOST") return Pace::kRest;
  RETURN_IF_ERROR(followed);

  ASSIGN_OR_RETURN(const std::vector<TrashedEntry> due,
                   store_.ListDue(account, now, options_.purges_per_account));
  absl::Status first_error;
  for (const auto& [user, entry] : due) {
    const absl::Status settled = Settle(UserName(account, user), entry, now);
    if (IsDown(settled)) return settled;
    first_error.Update(settled);
  }
  if (!first_error.ok()) return first_error;
  const bool may_be_more =
      due.size() == static_cast<size_t>(options_.purges_per_account);
  return may_be_more ? Pace::kAgain : Pace::kRest;
}

absl::Status TrashWorker::Settle(const UserName& user, const TrashEntry& entry,
                                 absl::Time now) {
  const Verdict verdict = Judge(entry, now, options_.retention);
  if (!verdict.is_purge()) {
    // The retention has grown since this user was promised a time (A21).
    return store_.Postpone(user.account(), user.id(), entry.deletion_epoch,
                           verdict.keep_until());
  }
  const absl::Status purged =
      Purge(store_, reconciliation_, user, entry, /*actor=*/"");
  const bool is_pinned = ReasonOf(purged) == "PURGE_PINNED";
  if (is_pinned || ReasonOf(purged) == "PURGE_UNPROVEN") {
    static auto& unproven_total =
        Counter("rollcall_trash_unproven_total",
                "Purges put off because the source did not prove that the user "
                "is gone.");
    unproven_total.Increment();
    LogWarning("purge_put_off", {{"user", user.ToString()}, {"error", purged}});
    return store_.Postpone(user.account(), user.id(), entry.deletion_epoch,
                           now + (is_pinned ? kPinnedDelay : kUnprovenDelay));
  }
  // The user has come back: nothing is left to do.
  if (ReasonOf(purged) == "DELETION_SUPERSEDED") return absl::OkStatus();
  return purged;
}

}  // namespace rollcall::trash
