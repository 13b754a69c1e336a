// A reconciliation service in memory, for tests of the trash: users live, are
// marked, come back and are purged, and its feed says so.
#ifndef ROLLCALL_SERVICES_TRASH_FAKE_RECONCILIATION_H_
#define ROLLCALL_SERVICES_TRASH_FAKE_RECONCILIATION_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/feed/fake_feed.h"
#include "common/identity/resource_name.h"
#include "common/status/errors.h"
#include "google/protobuf/util/time_util.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/trash/client.h"

namespace rollcall::trash {

// One thread. Users are named by their ids and live in `accounts/acme` unless
// it is said otherwise.
class FakeReconciliation : public ReconciliationClient {
 public:
  using UserChange = reconciliation::v1::UserChange;
  using User = reconciliation::v1::User;

  feed::FakeFeed& feed() { return feed_; }

  void Create(const std::string& id, const std::string& account = "acme") {
    users_[NameOf(id, account)] = {};
    Tell(id, account, UserChange::CREATED);
  }
  void Update(const std::string& id, const std::string& account = "acme") {
    Tell(id, account, UserChange::UPDATED);
  }
  void Remove(const std::string& id, absl::Time time,
              const std::string& account = "acme") {
    Row& row = users_[NameOf(id, account)];
    row.delete_time = time;
    row.pending_deletion = true;
    ++row.deletion_epoch;
    Tell(id, account, UserChange::REMOVED);
  }
  void Restore(const std::string& id, const std::string& account = "acme") {
    users_[NameOf(id, account)].pending_deletion = false;
    Tell(id, account, UserChange::RESTORED);
  }

  // Every PurgeUser fails so until OK is set.
  void FailPurges(absl::Status status) { purge_status_ = std::move(status); }

  bool Exists(const std::string& id,
              const std::string& account = "acme") const {
    return users_.count(NameOf(id, account)) != 0;
  }
  int purge_calls() const { return purge_calls_; }

  // Who has asked for the last purge.
  const std::string& last_actor() const { return last_actor_; }

  absl::Status PurgeUser(const UserName& user, int64_t deletion_epoch,
                         const std::string& actor) override {
    ++purge_calls_;
    last_actor_ = actor;
    if (!purge_status_.ok()) return purge_status_;
    const auto row = users_.find(user.ToString());
    if (row == users_.end()) return absl::OkStatus();
    if (!row->second.pending_deletion ||
        row->second.deletion_epoch != deletion_epoch) {
      return FailedPrecondition("DELETION_SUPERSEDED", "The user came back.");
    }
    users_.erase(row);
    reconciliation::v1::ChangeEvent event;
    event.mutable_user_purge()->set_name(user.ToString());
    feed_.Append(user.account().id(), std::move(event));
    return absl::OkStatus();
  }

 private:
  struct Row {
    bool pending_deletion = false;
    absl::Time delete_time;
    int64_t deletion_epoch = 0;
  };

  static std::string NameOf(const std::string& id, const std::string& account) {
    return absl::StrCat("accounts/", account, "/users/", id);
  }

  void Tell(const std::string& id, const std::string& account,
            UserChange::Kind kind) {
    const std::string name = NameOf(id, account);
    const Row& row = users_.at(name);
    reconciliation::v1::ChangeEvent event;
    event.mutable_user_change()->set_kind(kind);
    User& user = *event.mutable_user_change()->mutable_user();
    user.set_name(name);
    user.set_username(absl::StrCat(id, "@example.test"));
    user.set_deletion_epoch(row.deletion_epoch);
    user.set_state(row.pending_deletion ? User::PENDING_DELETION
                                        : User::ACTIVE);
    if (row.pending_deletion) {
      *user.mutable_delete_time() =
          google::protobuf::util::TimeUtil::NanosecondsToTimestamp(
              absl::ToUnixNanos(row.delete_time));
    }
    feed_.Append(account, std::move(event));
  }

  feed::FakeFeed feed_;
  std::map<std::string, Row> users_;
  absl::Status purge_status_;
  int purge_calls_ = 0;
  std::string last_actor_;
};

}  // namespace rollcall::trash

#endif  // ROLLCALL_SERVICES_TRASH_FAKE_RECONCILIATION_H_
