// Keeps the configurations of directories. An update is all or nothing, and
// only on top of what it was made for.
#ifndef ROLLCALL_SERVICES_DIRECTORY_STORE_H_
#define ROLLCALL_SERVICES_DIRECTORY_STORE_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/identity/resource_name.h"
#include "common/store/store.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// FAILED_PRECONDITION, reason DIRECTORY_DELETED.
absl::Status DirectoryDeleted(const DirectoryName& name);

// Thread-safe.
class DirectoryStore {
 public:
  // `store` must outlive this.
  explicit DirectoryStore(rollcall::store::Store& store) : store_(store) {}

  // ALREADY_EXISTS, reason DIRECTORY_EXISTS, if the id is taken, be it by one
  // that was deleted.
  absl::Status Insert(const DirectoryName& name,
                      const store::StoredDirectory& directory);

  // The same error, and nothing is written.
  absl::Status CheckFree(const DirectoryName& name) const;

  // NOT_FOUND, reason DIRECTORY_NOT_FOUND. Deleted ones are found (A9).
  absl::StatusOr<store::StoredDirectory> Get(const DirectoryName& name) const;
  // The same, or DirectoryDeleted.
  absl::StatusOr<store::StoredDirectory> GetLive(
      const DirectoryName& name) const;
  // Whether it was deleted: its mirror is not needed any more (A9).
  absl::StatusOr<bool> IsDeleted(const DirectoryName& name) const;

  // ABORTED, reason DIRECTORY_CHANGED, if it is not `before` any more.
  absl::Status Replace(const DirectoryName& name,
                       const store::StoredDirectory& before,
                       const store::StoredDirectory& after);

  // The directories of an account after an id, ordered by id; deleted ones too
  // if `show_deleted`.
  absl::StatusOr<std::vector<store::StoredDirectory>> List(
      const AccountName& account, absl::string_view after_id, bool show_deleted,
      int limit) const;

  // The accounts after one, in order; some may have no directory any more.
  absl::StatusOr<std::vector<std::string>> ListAccounts(
      absl::string_view after_id, int limit) const;

  // What was last learned; the default if nothing was.
  absl::StatusOr<store::StoredFacts> GetFacts(const DirectoryName& name) const;
  // Changes them in place and gives what they are then; `change` may be called
  // again if somebody else was faster.
  absl::StatusOr<store::StoredFacts> ChangeFacts(
      const DirectoryName& name,
      absl::FunctionRef<void(store::StoredFacts&)> change);

 private:
  rollcall::store::Store& store_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_STORE_H_
