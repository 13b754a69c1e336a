#include "services/reconciliation/feed_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/crc32c.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/store.pb.h"

namespace rollcall::reconciliation {

using rollcall::store::KeyRange;
using rollcall::store::KeyReader;

namespace {

// The user or group that the event is about; empty if there is none.
const std::string& SubjectOf(const v1::ChangeEvent& event) {
  switch (event.change_case()) {
    case v1::ChangeEvent::kUserChange:
      return event.user_change().user().name();
    case v1::ChangeEvent::kUserPurge:
      return event.user_purge().name();
    case v1::ChangeEvent::kGroupChange:
      return event.group_change().name();
    case v1::ChangeEvent::kGroupDelete:
      return event.group_delete().name();
    default:
      return event.run();
  }
}

}  // namespace

uint32_t CheckOf(const v1::ChangeEvent& event) {
  const uint32_t check = rollcall::store::ExtendCrc32c(
      0, absl::StrCat(event.sequence(), " ", event.commit_time().seconds(), " ",
                      event.commit_time().nanos(), " ",
                      static_cast<int>(event.change_case()), " ",
                      SubjectOf(event), " ", event.run(), " ", event.rule()));
  return std::max(check, uint32_t{1});
}

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

absl::StatusOr<uint32_t> FeedReader::CheckAt(int64_t sequence) const {
  ASSIGN_OR_RETURN(absl::optional<store::EventRow> row,
                   rollcall::store::GetMessage<store::EventRow>(
                       *reader_, account_, keys::Feed(sequence)));
  if (!row.has_value()) return 0;
  row->mutable_event()->set_sequence(sequence);
  return CheckOf(row->event());
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
