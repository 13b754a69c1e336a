// Changes to the trash of one account, gathered for one batch: entries, their
// due index and the count always change together.
#ifndef ROLLCALL_SERVICES_TRASH_TRASH_CHANGE_H_
#define ROLLCALL_SERVICES_TRASH_TRASH_CHANGE_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "services/trash/model.h"

namespace rollcall::trash {

// One thread.
class TrashChange {
 public:
  // `store` must outlive it.
  TrashChange(const store::Reader& store, AccountName account);

  // A user's entry with the changes so far; none: not in the trash.
  absl::StatusOr<absl::optional<TrashEntry>> Get(const std::string& user);

  // Must follow a Get of the same user, which the change is conditional on.
  void Set(const std::string& user, absl::optional<TrashEntry> entry);

  // Adds what has changed to a batch of the account's partition, on condition
  // that nobody else has changed it meanwhile. Nothing if nothing has.
  absl::Status AddTo(store::Batch* batch) const;

 private:
  struct Change {
    absl::optional<TrashEntry> before;
    absl::optional<TrashEntry> after;
  };

  absl::Status AddCount(int64_t difference, store::Batch* batch) const;

  const store::Reader& store_;
  const AccountName account_;
  std::map<std::string, Change> changes_;
};

}  // namespace rollcall::trash

#endif  // ROLLCALL_SERVICES_TRASH_TRASH_CHANGE_H_
