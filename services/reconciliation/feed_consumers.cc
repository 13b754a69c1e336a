#include "services/reconciliation/feed_consumers.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/feed_store.pb.h"
#include "services/reconciliation/keys.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::GetMessage;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;

constexpr absl::Duration kNotePeriod = absl::Hours(1);

KeyRange AllConsumers() {
  return KeyRange::Prefix(keys::Table("feed_consumers"));
}

bool IsWorthNoting(const absl::optional<store::FeedConsumerRow>& row,
                   int64_t sequence, absl::Time now) {
  if (!row.has_value() || sequence < row->sequence()) return true;
  const absl::Duration since =
      now - absl::FromUnixNanos(row->seen_time_nanos());
  return since >= kNotePeriod || since < absl::ZeroDuration();
}

}  // namespace

absl::Status NoteConsumer(IdentityStore& store, const std::string& account,
                          const std::string& service, int64_t sequence,
                          absl::Time now) {
  const std::string key = keys::FeedConsumer(service);
  ASSIGN_OR_RETURN(
      const absl::optional<store::FeedConsumerRow> noted,
      GetMessage<store::FeedConsumerRow>(store.rows(), account, key));
  if (!IsWorthNoting(noted, sequence, now)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::unique_ptr<Transaction> transaction,
                   store.Begin(account));
  store::FeedConsumerRow row;
  row.set_sequence(sequence);
  row.set_seen_time_nanos(absl::ToUnixNanos(now));
  row.set_tick_time_nanos(absl::ToUnixNanos(now));
  transaction->Put(key, row);
  return transaction->Commit();
}

absl::Status CountSilence(absl::Time now, Transaction& transaction) {
  MessageCursor<store::FeedConsumerRow> cursor(
      transaction.reader(), transaction.account(), AllConsumers());
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return absl::OkStatus();
    store::FeedConsumerRow& consumer = row->message;
    const absl::Duration passed =
        now - absl::FromUnixNanos(consumer.tick_time_nanos());
    if (passed >= absl::ZeroDuration() && passed < kSilenceTick) continue;
    // A clock that was set back has counted nothing.
    const absl::Duration counted =
        std::clamp(passed, absl::ZeroDuration(), 2 * kSilenceTick);
    consumer.set_silence_nanos(consumer.silence_nanos() +
                               absl::ToInt64Nanoseconds(counted));
    consumer.set_tick_time_nanos(absl::ToUnixNanos(now));
    transaction.Put(std::move(row->key), consumer);
  }
}

absl::StatusOr<std::vector<FeedConsumer>> ListConsumers(
    const rollcall::store::Reader& reader, const std::string& account) {
  std::vector<FeedConsumer> consumers;
  MessageCursor<store::FeedConsumerRow> cursor(reader, account, AllConsumers());
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return consumers;
    FeedConsumer consumer;
    RETURN_IF_ERROR(KeyReader(row->key)
                        .Table("feed_consumers")
                        .String(&consumer.service)
                        .Finish());
    consumer.sequence = row->message.sequence();
    consumer.silence = absl::Nanoseconds(row->message.silence_nanos());
    consumers.push_back(std::move(consumer));
  }
}

}  // namespace rollcall::reconciliation
