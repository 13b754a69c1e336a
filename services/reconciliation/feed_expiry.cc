#include "services/reconciliation/feed_expiry.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/identity/resource_name.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/feed_reader.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/transaction.h"

namespace rollcall::reconciliation {
namespace {

constexpr int kAccountsPerPage = 1000;

}  // namespace

int64_t TakenByAll(const std::vector<FeedConsumer>& consumers, int64_t head) {
  int64_t taken = head;
  for (const FeedConsumer& consumer : consumers) {
    if (consumer.silence > kConsumerPatience) continue;
    taken = std::min(taken, consumer.sequence);
  }
  return taken;
}

absl::StatusOr<Pace> FeedExpiry::RunOnce(absl::Time now) {
  Pace pace = Pace::kRest;
  absl::Status first_error;
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<std::string> accounts,
                     store_.ListAccounts(after, kAccountsPerPage));
    if (accounts.empty()) break;
    for (const std::string& account : accounts) {
      const absl::StatusOr<Pace> dropped = DropSome(account, now);
      if (!dropped.ok()) {
        first_error.Update(
            Annotate(dropped.status(), AccountName(account).ToString()));
      } else if (*dropped == Pace::kAgain) {
        pace = Pace::kAgain;
      }
    }
    after = accounts.back();
  }
  if (!first_error.ok()) return first_error;
  return pace;
}

absl::StatusOr<Pace> FeedExpiry::DropSome(const std::string& account,
                                          absl::Time now) {
  // Only this worker drops events: what it finds here is there below as well.
  const std::unique_ptr<rollcall::store::Reader> instant = store_.Snapshot();
  const FeedReader feed(*instant, account, store_.incarnation());
  ASSIGN_OR_RETURN(const FeedBounds bounds, feed.Bounds());
  if (bounds.dropped_sequence >= bounds.head_sequence) return Pace::kRest;
  ASSIGN_OR_RETURN(const std::vector<FeedConsumer> consumers,
                   ListConsumers(*instant, account));
  const int64_t taken = TakenByAll(consumers, bounds.head_sequence);
  const int64_t too_many = bounds.head_sequence - max_events_;

  std::vector<v1::ChangeEvent> old;
  RETURN_IF_ERROR(
      feed.ReadAfter(bounds.dropped_sequence, [&](v1::ChangeEvent event) {
        const bool is_old =
            event.sequence() <= taken &&
            FromTimestamp(event.commit_time()) <= now - retention_;
        if (!is_old && event.sequence() > too_many) return false;
        old.push_back(std::move(event));
        return old.size() < kEventsPerBatch;
      }));
  ASSIGN_OR_RETURN(const std::unique_ptr<Transaction> transaction,
                   store_.Begin(account));
  RETURN_IF_ERROR(CountSilence(now, *transaction));
  for (const v1::ChangeEvent& event : old) {
    RETURN_IF_ERROR(transaction->DropEvent(event));
  }
  RETURN_IF_ERROR(transaction->Commit());
  if (old.empty()) return Pace::kRest;
  const int64_t dropped = old.back().sequence();
  LogInfo("feed_events_dropped", {{"account", AccountName(account).ToString()},
                                  {"first_sequence", dropped + 1}});
  if (dropped > taken) {
    LogWarning("feed_consumer_left_behind",
               {{"account", AccountName(account).ToString()},
                {"taken_sequence", taken},
                {"first_sequence", dropped + 1}});
  }
  return old.size() == kEventsPerBatch ? Pace::kAgain : Pace::kRest;
}

}  // namespace rollcall::reconciliation
