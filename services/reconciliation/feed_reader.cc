#include "services/reconciliation/feed_reader.h"

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/store.pb.h"

namespace rollcall::reconciliation {

using rollcall::store::KeyRange;
using rollcall::store::KeyReader;

absl::StatusOr<FeedBounds> FeedReader::Bounds() const {
  ASSIGN_OR_RETURN(absl::optional<store::HeadRow> head,
                   rollcall::store::GetMessage<store::HeadRow>(
                       *reader_, account_, keys::Head()));
  if (!head.has_value()) return FeedBounds();
  return FeedBounds{.dropped_sequence = head->dropped_sequence(),
                    .head_sequence = head->sequence()};
}

absl::StatusOr<int64_t> FeedReader::HeadSequence() const {
  ASSIGN_OR_RETURN(const FeedBounds bounds, Bounds());
  return bounds.head_sequence;
}

absl::Status FeedReader::ReadAfter(
    int64_t sequence,
    const std::function<bool(v1::ChangeEvent)>& consume) const {
  ASSIGN_OR_RETURN(const FeedBounds bounds, Bounds());
  RETURN_IF_ERROR(CheckKept(sequence, bounds));
  const int64_t head = bounds.head_sequence;
  rollcall::store::MessageCursor<store::EventRow> cursor(
      *reader_, account_,
      KeyRange::PrefixAfter(keys::Table("changes"), keys::Feed(sequence)));
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) {
      if (sequence >= head) return absl::OkStatus();
      return DataLoss(
          "FEED_GAP",
          absl::StrCat("After event ", sequence,
                       " the feed ends, but its head is ", head, "."),
          {{"sequence", absl::StrCat(sequence)},
           {"head_sequence", absl::StrCat(head)}});
    }
    int64_t found = 0;
    RETURN_IF_ERROR(
        KeyReader(row->key).Table("changes").Int64(&found).Finish());
    if (found != sequence + 1) {
      return DataLoss("FEED_GAP",
                      absl::StrCat("After event ", sequence,
                                   " the feed goes on with ", found, "."),
                      {{"sequence", absl::StrCat(sequence)},
                       {"found", absl::StrCat(found)}});
    }
    sequence = found;
    v1::ChangeEvent event = std::move(*row->message.mutable_event());
    event.set_sequence(sequence);
    event.set_event_id(FeedCursor(incarnation_, sequence));
    if (!consume(std::move(event))) return absl::OkStatus();
  }
}

}  // namespace rollcall::reconciliation
