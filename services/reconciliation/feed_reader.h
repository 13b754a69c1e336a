// Reads the change feed of one account (B7).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_FEED_READER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_FEED_READER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/store/store.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/feed_cursor.h"

namespace rollcall::reconciliation {

// Tells the event from any other in its place: from what never changes of it,
// whoever was erased from it (invariant 12). Not 0.
uint32_t CheckOf(const v1::ChangeEvent& event);

// Thread-safe, cheap to make.
class FeedReader {
 public:
  // `reader` must outlive this.
  FeedReader(const rollcall::store::Reader& reader, std::string account,
             std::string incarnation)
      : reader_(&reader),
        account_(std::move(account)),
        incarnation_(std::move(incarnation)) {}

  // Which events there are.
  absl::StatusOr<FeedBounds> Bounds() const;

  // The newest sequence; 0 if nothing has happened.
  absl::StatusOr<int64_t> HeadSequence() const;

  // CheckOf the event; 0 if it is not kept.
  absl::StatusOr<uint32_t> CheckAt(int64_t sequence) const;

  // Hands the events after `sequence` to `consume`, in order, until it says
  // false or there are no more. FAILED_PRECONDITION, reason
  // FEED_CURSOR_EXPIRED, if the first of them are no longer kept. DATA_LOSS,
  // reason FEED_GAP, if one is missing, the last ones too (invariants 21 and
  // 31). Events may be dropped meanwhile: read one instant of the store.
  absl::Status ReadAfter(
      int64_t sequence,
      const std::function<bool(v1::ChangeEvent)>& consume) const;

 private:
  const rollcall::store::Reader* reader_;
  std::string account_;
  std::string incarnation_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_FEED_READER_H_
