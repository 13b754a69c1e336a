// The identity store: users, groups, runs and the change feed of all accounts,
// over a key-value store.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_STORE_H_
#define ROLLCALL_SERVICES_RECONCILIATION_STORE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "common/status/status_macros.h"
#include "common/store/store.h"
#include "services/reconciliation/feed_bell.h"
#include "services/reconciliation/feed_reader.h"
#include "services/reconciliation/identity_reader.h"
#include "services/reconciliation/plan_keys.h"
#include "services/reconciliation/run_reader.h"
#include "services/reconciliation/transaction.h"
#include "services/reconciliation/username_filter.h"

namespace rollcall::reconciliation {

// The version of keys and values, for RocksDbOptions.
inline constexpr int kStoreFormatVersion = 2;

// Thread-safe. Accounts are named by their ids. Readers see all that was
// committed before; every write goes through a transaction.
class IdentityStore {
 public:
  // `store` must outlive this.
  explicit IdentityStore(rollcall::store::Store& store) : store_(store) {}

  IdentityReader Identities(const std::string& account) const {
    return IdentityReader(store_, account);
  }
  RunReader Runs(const std::string& account) const {
    return RunReader(store_, account);
  }
  FeedReader Feed(const std::string& account) const {
    return FeedReader(store_, account, incarnation());
  }

  // One instant of all accounts; read it with an IdentityReader. This must
  // outlive it.
  std::unique_ptr<rollcall::store::Reader> Snapshot() const {
    return store_.Snapshot();
  }

  // Waits until no other transaction is under way.
  absl::StatusOr<std::unique_ptr<Transaction>> Begin(
      const std::string& account) {
    return Transaction::Begin(store_, writer_, bell_, usernames_, account);
  }

  // Ends what Transaction::RememberUsernames began.
  void ForgetUsernames(const std::string& account) {
    absl::MutexLock lock(&writer_);
    usernames_.StopWatching(account);
  }

  // The accounts that have anything stored, in order; at most `limit` after
  // `after`. The partitions of plans are none.
  absl::StatusOr<std::vector<std::string>> ListAccounts(absl::string_view after,
                                                        int limit) const {
    std::vector<std::string> accounts;
    std::string last(after);
    while (static_cast<int>(accounts.size()) < limit) {
      ASSIGN_OR_RETURN(const std::vector<std::string> partitions,
                       store_.ListPartitions(
                           last, limit - static_cast<int>(accounts.size())));
      if (partitions.empty()) break;
      for (const std::string& partition : partitions) {
        if (!plan_keys::IsPlan(partition)) accounts.push_back(partition);
      }
      last = plan_keys::IsPlan(partitions.back())
                 ? std::string(plan_keys::kAfterPartitions)
                 : partitions.back();
    }
    return accounts;
  }

  // Rings when an account has new events.
  const FeedBell& bell() const { return bell_; }

  // Names the history that the feeds' sequences belong to.
  const std::string& incarnation() const { return store_.incarnation(); }

  // What is below, for checks over whole tables.
  const rollcall::store::Reader& rows() const { return store_; }

  // What is below, for the partitions of plans: no account is changed with it.
  rollcall::store::Store& plans() { return store_; }

 private:
  rollcall::store::Store& store_;
  // Held by the one transaction under way.
  absl::Mutex writer_;
  FeedBell bell_;
  UsernameFilter usernames_;  // Used by the one transaction under way.
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_STORE_H_
