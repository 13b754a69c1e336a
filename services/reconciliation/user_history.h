// Tells what has happened to one user, from the events of the feed that are
// about it (B4): what changed, why, and how it was before.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USER_HISTORY_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USER_HISTORY_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/store/store.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"

namespace rollcall::reconciliation {

// Thread-safe, cheap to make. Sees what `reader` sees.
class UserHistory {
 public:
  // `reader` must outlive this and read one instant. `account` and `user` are
  // ids.
  UserHistory(const rollcall::store::Reader& reader, std::string account,
              std::string incarnation, std::string user)
      : reader_(&reader),
        account_(std::move(account)),
        incarnation_(std::move(incarnation)),
        user_(std::move(user)) {}

  // At most `limit` entries, the newest first, of those before the sequence
  // `before`. Fewer than `limit`: there are no more.
  absl::StatusOr<std::vector<v1::HistoryEntry>> Before(int64_t before,
                                                       int limit) const;

  // Hands over the newest events, the newest first, until `visit` says false;
  // at most `limit`.
  absl::Status VisitNewest(
      int limit,
      const std::function<bool(const v1::ChangeEvent&)>& visit) const;

 private:
  // The sequences before `before`, the newest first, at most `limit`.
  absl::StatusOr<std::vector<int64_t>> Sequences(int64_t before,
                                                 size_t limit) const;
  absl::StatusOr<v1::ChangeEvent> Event(int64_t sequence) const;

  const rollcall::store::Reader* reader_;
  std::string account_;
  std::string incarnation_;
  std::string user_;
};

// What differs between two states of a user, ordered by field; a list gives
// one change for each value that came or went.
std::vector<v1::FieldChange> ChangesBetween(const v1::User& before,
                                            const v1::User& after);

// `before` is the user's event before this one; nullptr: it is not kept, or
// there is none.
v1::HistoryEntry MakeHistoryEntry(const v1::ChangeEvent& event,
                                  const v1::ChangeEvent* before);

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USER_HISTORY_H_
