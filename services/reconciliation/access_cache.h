// Remembers the answers about the users who were asked about last, so that most
// logins do not search the store (B13). Never older than what was acknowledged:
// a commit is told here before its writer hears of it (see WatchedStore), and
// forgets whatever it may have changed.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_ACCESS_CACHE_H_
#define ROLLCALL_SERVICES_RECONCILIATION_ACCESS_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "common/store/store.h"
#include "services/reconciliation/access_decision.h"
#include "services/reconciliation/model.h"

namespace rollcall::reconciliation {

struct KnownAccess {
  std::string user_id;
  AccessDecision decision;

  friend bool operator==(const KnownAccess&, const KnownAccess&) = default;
};

// Thread-safe. Holds nothing when the process starts. A user costs about 320
// bytes.
//
// What is kept of a user depends on three kinds of rows: the username's, the
// user's own, and the statuses of the user's groups. A commit that touches one
// of the first two forgets the user; one that changes a status forgets the
// account.
class AccessCache {
 public:
  // Beyond so many users all are forgotten, and it begins anew.
  explicit AccessCache(size_t max_users = 100'000) : max_users_(max_users) {}

  // `username` in lower case; accounts are named by their ids.
  absl::optional<KnownAccess> Find(absl::string_view account,
                                   absl::string_view username) const;

  // How many commits there were; asked for before the store is read.
  uint64_t commits() const;
  // Keeps what was read from the store after there had been so many commits,
  // unless there has been another one since. `groups` are all of the user's.
  void Keep(uint64_t commits, absl::string_view account,
            absl::string_view username, const KnownAccess& known,
            const std::vector<Group>& groups);

  // A commit has written this, or may have.
  void Forget(const rollcall::store::Batch& batch);
  void ForgetAll();

  size_t size() const;

 private:
  struct Entry {
    const AccessDecision* decision = nullptr;
    uint64_t age = 0;  // Of the account, when it was kept.
  };
  struct Account {
    uint64_t age = 0;  // Counts the changes of statuses.
    // That answers depend on.
    absl::flat_hash_map<std::string, GroupStatus> statuses;
  };
  struct Answers {
    // By account and key of the row, as MemoryKey makes it.
    absl::flat_hash_map<std::string, std::string> id_by_username;
    absl::flat_hash_map<std::string, Entry> entry_by_id;
  };

  bool ChangesStatus(const Account& account,
                     const rollcall::store::Batch::Operation& operation) const;

  const size_t max_users_;
  mutable absl::Mutex mutex_;
  uint64_t commits_ ABSL_GUARDED_BY(mutex_) = 0;
  Answers answers_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Account> accounts_ ABSL_GUARDED_BY(mutex_);
  // Every decision once, by reason and group; there are few.
  std::map<std::pair<std::string, std::string>, AccessDecision> decisions_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_ACCESS_CACHE_H_
