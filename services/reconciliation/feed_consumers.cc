#include "services/reconciliation/feed_consumers.h"

#include <memory>
#include <utility>

#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/feed_store.pb.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/transaction.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::GetMessage;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;

constexpr absl::Duration kNotePeriod = absl::Hours(1);

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
  transaction->Put(key, row);
  return transaction->Commit();
}

absl::StatusOr<std::vector<FeedConsumer>> ListConsumers(
    const rollcall::store::Reader& reader, const std::string& account) {
  std::vector<FeedConsumer> consumers;
  MessageCursor<store::FeedConsumerRow> cursor(
      reader, account, KeyRange::Prefix(keys::Table("feed_consumers")));
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return consumers;
    FeedConsumer consumer;
    RETURN_IF_ERROR(KeyReader(row->key)
                        .Table("feed_consumers")
                        .String(&consumer.service)
                        .Finish());
    consumer.sequence = row->message.sequence();
    consumer.seen_time = absl::FromUnixNanos(row->message.seen_time_nanos());
    consumers.push_back(std::move(consumer));
  }
}

}  // namespace rollcall::reconciliation
