// Where the changes of the identity store come from: the two calls that a
// consumer of the feed needs (B7).
#ifndef ROLLCALL_COMMON_FEED_FEED_SOURCE_H_
#define ROLLCALL_COMMON_FEED_FEED_SOURCE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/identity/resource_name.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"

namespace rollcall::feed {

// Thread-safe.
class FeedSource {
 public:
  virtual ~FeedSource() = default;

  // The feeds of all accounts, ordered by account.
  virtual absl::StatusOr<std::vector<reconciliation::v1::Feed>> ListFeeds() = 0;

  // Hands every change after `cursor` to `deliver`, in order. An empty cursor
  // begins at the first change, or, with `snapshot`, with all groups and users
  // as they are. Ends with OK when it has caught up, or once `deliver` says
  // false. FAILED_PRECONDITION, reason FEED_HISTORY_LOST, if the cursor is of
  // another history; reason FEED_CURSOR_EXPIRED if what comes after it is no
  // longer kept.
  virtual absl::Status WatchChanges(
      const AccountName& account, const std::string& cursor, bool snapshot,
      const std::function<
          bool(const reconciliation::v1::WatchChangesResponse&)>& deliver) = 0;
};

}  // namespace rollcall::feed

#endif  // ROLLCALL_COMMON_FEED_FEED_SOURCE_H_
