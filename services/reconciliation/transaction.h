// One atomic change of an account: rows, their indexes, their events and the
// place of the run, all or nothing (design.md, "One full sync", step 4).
#ifndef ROLLCALL_SERVICES_RECONCILIATION_TRANSACTION_H_
#define ROLLCALL_SERVICES_RECONCILIATION_TRANSACTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "common/store/store.h"
#include "google/protobuf/message_lite.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/reconciliation/feed_bell.h"
#include "services/reconciliation/identity_reader.h"
#include "services/reconciliation/model.h"
#include "services/reconciliation/run_reader.h"
#include "services/reconciliation/store.pb.h"
#include "services/reconciliation/username_filter.h"

namespace rollcall::reconciliation {

class TransactionRows;

// One thread. While it lives, no other transaction of the store begins; keep it
// short, and wait for nobody inside. Nothing is written before Commit; a
// transaction that is dropped leaves no trace.
class Transaction {
 public:
  // Made by IdentityStore::Begin.
  static absl::StatusOr<std::unique_ptr<Transaction>> Begin(
      rollcall::store::Store& store, absl::Mutex& writer, FeedBell& bell,
      UsernameFilter& usernames, std::string account);
  ~Transaction();

  // Look-ups by key see what this transaction has written; lists don't. The
  // member count of a group is as of the beginning.
  const IdentityReader& identities() const { return identities_; }
  const RunReader& runs() const { return runs_; }
  const rollcall::store::Reader& reader() const;
  const std::string& account() const { return account_; }
  // The newest sequence of the feed when the transaction began.
  int64_t begin_sequence() const { return begin_sequence_; }

  // False: nobody has the username, what this transaction has written included.
  bool MayBeTaken(const std::string& username) const;
  // Lets MayBeTaken answer from memory, in later transactions too, until
  // IdentityStore::ForgetUsernames; no effect if the account has more than
  // `limit` users. Before anything is written.
  absl::Status RememberUsernames(int64_t limit);

  // Writes a user with all its indexes, and moves the member counts of groups
  // and the counts of live users.
  // `before` is what is stored now; nullptr: nothing.
  absl::Status PutUser(const User* before, const User& after,
                       const store::UserMarkRow& mark);
  absl::Status DeleteUser(const User& before);

  // Writes a group with its indexes; its member count is not taken from
  // `after`, it follows the users.
  absl::Status PutGroup(const Group* before, const Group& after,
                        const store::GroupMarkRow& mark);
  // Of a group that nobody is in any more, this transaction included.
  absl::Status DeleteGroup(const Group& before);

  // While a run applies a plan, everybody else's PutUser, DeleteUser, PutGroup
  // and DeleteGroup are ABORTED, reason PLAN_UNDER_WAY (B1). The run closes the
  // gate, passes it in each of its transactions, and opens it in its last one.
  absl::Status CloseGate(const std::string& run);
  void PassGate(const std::string& run) { passing_run_ = run; }
  void OpenGate(const std::string& run);

  // Appends to the feed, and to the history of the user that it is about.
  // Sequence and id are given here, and the groups that the user has left: so
  // write the user first.
  void AppendEvent(v1::ChangeEvent event);
  // Drops the oldest event, with its entry in the user's history.
  absl::Status DropEvent(const v1::ChangeEvent& event);

  void Put(std::string key, const google::protobuf::MessageLite& row);
  void PutBytes(std::string key, std::string value);
  void Delete(std::string key);

  // Makes room for so many rows.
  void Reserve(size_t rows);

  // How much it would write, for callers that cut long work into batches.
  bool empty() const;
  bool has_events() const { return has_events_; }
  size_t row_count() const;
  size_t byte_size() const;

  // Writes everything. ABORTED, reason STORE_CONFLICT, if somebody else has
  // written to the account since Begin: another process, for this one's
  // transactions wait for each other.
  absl::Status Commit();

 private:
  Transaction(rollcall::store::Store& store, absl::Mutex& writer,
              FeedBell& bell, UsernameFilter& usernames, std::string account);
  absl::Status CheckGate() const;
  absl::Status DropIndex(const std::string& key, absl::string_view id);
  absl::Status MoveMemberCounts();
  void CountUser(const User& user, int64_t by);
  void TellLeftGroups(const std::string& user, v1::ChangeEvent* event);
  absl::Status MoveLiveCounts();
  void CountLive(const User& user, int64_t change);

  absl::MutexLock lock_;
  rollcall::store::Store& store_;
  FeedBell& bell_;
  UsernameFilter& usernames_;
  std::string account_;
  std::unique_ptr<TransactionRows> overlay_;
  IdentityReader identities_;
  RunReader runs_;
  absl::optional<std::string> head_before_;
  store::HeadRow head_;
  int64_t begin_sequence_ = 0;
  bool has_events_ = false;
  std::string passing_run_;
  absl::btree_map<std::string, int64_t> member_count_changes_;
  absl::btree_map<std::string, int64_t> live_count_changes_;  // By directory.
  // By user, until the event about it: groups that it was taken out of.
  absl::flat_hash_map<std::string, std::vector<std::string>> left_groups_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_TRANSACTION_H_
