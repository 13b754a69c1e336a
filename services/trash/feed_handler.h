// What the change feed does to the trash: users in, users out, in the feed's
// own commit.
#ifndef ROLLCALL_SERVICES_TRASH_FEED_HANDLER_H_
#define ROLLCALL_SERVICES_TRASH_FEED_HANDLER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/feed/feed_handler.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"

namespace rollcall::trash {

// One thread.
class TrashFeedHandler : public feed::FeedHandler {
 public:
  // `store` must outlive it.
  TrashFeedHandler(const store::Reader& store, absl::Duration retention)
      : store_(store), retention_(retention) {}

  // DATA_LOSS, reason FEED_EVENT_MALFORMED, for a user who is pending deletion
  // without saying since when: the feed waits there, and nobody is purged by
  // guesswork.
  absl::Status Apply(const AccountName& account,
                     const std::vector<reconciliation::v1::ChangeEvent>& events,
                     store::Batch* batch) override;

  absl::StatusOr<std::vector<std::string>> ListUsers(const AccountName& account,
                                                     const std::string& after,
                                                     int limit) override;

 private:
  const store::Reader& store_;
  const absl::Duration retention_;
};

}  // namespace rollcall::trash

#endif  // ROLLCALL_SERVICES_TRASH_FEED_HANDLER_H_
