// Says quickly that nobody has a username: a first sync looks up every name,
// and hardly any is taken.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_USERNAME_FILTER_H_
#define ROLLCALL_SERVICES_RECONCILIATION_USERNAME_FILTER_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace rollcall::reconciliation {

// Not thread-safe: used under the lock of the store's writer, so that whoever
// asks knows of all that was written. Ten bytes a user, of accounts that are
// watched; a name that was given up still counts as taken.
class UsernameFilter {
 public:
  // Of an account that is not watched, any name may be taken.
  bool MayBeTaken(const std::string& account,
                  absl::string_view username) const {
    const auto names = names_.find(account);
    return names == names_.end() || names->second.contains(HashOf(username));
  }

  // Watches an account, whose names are to be added from now on.
  void Watch(const std::string& account) { names_.try_emplace(account); }
  void StopWatching(const std::string& account) { names_.erase(account); }
  bool IsWatching(const std::string& account) const {
    return names_.contains(account);
  }

  // No effect if the account is not watched.
  void Add(const std::string& account, absl::string_view username) {
    const auto names = names_.find(account);
    if (names != names_.end()) names->second.insert(HashOf(username));
  }

 private:
  // Two names with the same hash cost a look at the store.
  static uint32_t HashOf(absl::string_view username) {
    return static_cast<uint32_t>(absl::HashOf(username));
  }

  absl::flat_hash_map<std::string, absl::flat_hash_set<uint32_t>> names_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_USERNAME_FILTER_H_
