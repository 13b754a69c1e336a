// The trash on disk: who is in it and who is due.
#ifndef ROLLCALL_SERVICES_TRASH_STORE_H_
#define ROLLCALL_SERVICES_TRASH_STORE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "services/trash/model.h"

namespace rollcall::trash {

// A user in the trash, with its id.
struct TrashedEntry {
  std::string user;
  TrashEntry entry;
};

// Thread-safe. Each write is one batch, and does nothing if somebody was
// quicker.
class TrashStore {
 public:
  // `store` must outlive it.
  explicit TrashStore(store::Store& store) : store_(store) {}

  // None: not in the trash.
  absl::StatusOr<absl::optional<TrashEntry>> Get(const AccountName& account,
                                                 const std::string& user) const;

  // A page of the users after `after` in the order of their ids, and how many
  // are in the trash at that instant.
  struct Page {
    std::vector<TrashedEntry> entries;
    bool has_more = false;
    int64_t total = 0;
  };
  absl::StatusOr<Page> List(const AccountName& account,
                            const std::string& after, int limit) const;

  // The users who are due at `now` by what was promised them, the longest due
  // first.
  absl::StatusOr<std::vector<TrashedEntry>> ListDue(const AccountName& account,
                                                    absl::Time now,
                                                    int limit) const;

  // Accounts that this service knows anything of, in order.
  absl::StatusOr<std::vector<AccountName>> ListAccounts(
      const std::string& after, int limit) const;

  // FAILED_PRECONDITION, reason FEED_HISTORY_LOST, if the account's feed is no
  // longer followed: what is known of its users may be wrong then.
  absl::Status CheckFeedIsFollowed(const AccountName& account) const;

  // Takes a user out if the entry is still about this deletion.
  absl::Status Drop(const AccountName& account, const std::string& user,
                    int64_t deletion_epoch);

  // Moves a user's time if the entry is still about this deletion.
  absl::Status Postpone(const AccountName& account, const std::string& user,
                        int64_t deletion_epoch, absl::Time purge_time);

  // Where everything is kept; the feed's position too.
  store::Store& base() { return store_; }

 private:
  absl::Status Change(const AccountName& account, const std::string& user,
                      int64_t deletion_epoch,
                      absl::optional<absl::Time> purge_time);

  store::Store& store_;
};

}  // namespace rollcall::trash

#endif  // ROLLCALL_SERVICES_TRASH_STORE_H_
