// What a service makes of the changes of the identity store (B7).
#ifndef ROLLCALL_COMMON_FEED_FEED_HANDLER_H_
#define ROLLCALL_COMMON_FEED_FEED_HANDLER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"

namespace rollcall::feed {

// What a service makes of the changes. Called by one thread at a time.
class FeedHandler {
 public:
  virtual ~FeedHandler() = default;

  // Adds the effects of `events` to `batch`, which is of the account's
  // partition. The events are in order and were never handed over before with
  // success; after a failed commit the same events come again, so nothing but
  // `batch` may be changed. What the effects depend on belongs into the
  // batch's conditions if another thread may change it: after a conflict the
  // events come again at once.
  virtual absl::Status Apply(
      const AccountName& account,
      const std::vector<reconciliation::v1::ChangeEvent>& events,
      store::Batch* batch) = 0;

  // The ids of users of whom anything is stored, in order; at most `limit`
  // after `after`. After a snapshot those whom it has not shown are purged.
  virtual absl::StatusOr<std::vector<std::string>> ListUsers(
      const AccountName& account, const std::string& after, int limit) = 0;
};

}  // namespace rollcall::feed

#endif  // ROLLCALL_COMMON_FEED_FEED_HANDLER_H_
