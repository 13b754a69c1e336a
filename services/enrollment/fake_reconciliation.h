// The reconciliation service as the enrollment service sees it: users, and a
// feed that tells of them.
#ifndef ROLLCALL_SERVICES_ENROLLMENT_FAKE_RECONCILIATION_H_
#define ROLLCALL_SERVICES_ENROLLMENT_FAKE_RECONCILIATION_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/feed/fake_feed.h"
#include "common/identity/resource_name.h"
#include "common/status/errors.h"
#include "rollcall/reconciliation/v1/reconciliation.pb.h"
#include "services/enrollment/reconciliation_client.h"

namespace rollcall::enrollment {

// Thread-safe. Everything happens in the account `acme`, directory `d1`, unless
// said otherwise.
class FakeReconciliation : public ReconciliationClient {
 public:
  using User = reconciliation::v1::User;
  using Change = reconciliation::v1::UserChange;

  // An active user with an address, managed by d1.
  static User MakeUser(const std::string& id) {
    User user;
    user.set_name(UserName(AccountName("acme"), id).ToString());
    user.set_username(id);
    user.set_display_name(id);
    user.set_email(absl::StrCat(id, "@example.com"));
    user.set_state(User::ACTIVE);
    user.add_managed_by()->set_directory("accounts/acme/directories/d1");
    return user;
  }

  void Create(const User& user) { Put(user, Change::CREATED); }
  void Create(const std::string& id) { Create(MakeUser(id)); }

  // Changes a user, and tells of it.
  void Update(const std::string& id, const std::function<void(User*)>& change,
              Change::Kind kind = Change::UPDATED) {
    User user = Edit(id, change);
    Put(user, kind);
  }
  // Changes a user of whom the feed has not told yet.
  User Edit(const std::string& id, const std::function<void(User*)>& change) {
    absl::MutexLock lock(&mutex_);
    User& user = users_[UserName(AccountName("acme"), id).ToString()];
    change(&user);
    return user;
  }

  void Purge(const std::string& id) {
    const std::string name = UserName(AccountName("acme"), id).ToString();
    {
      absl::MutexLock lock(&mutex_);
      users_.erase(name);
    }
    reconciliation::v1::ChangeEvent event;
    event.mutable_user_purge()->set_name(name);
    feed_.Append("acme", event);
  }

  struct RunOptions {
    bool mail = true;
    bool phones = false;
    reconciliation::v1::Run::State state = reconciliation::v1::Run::SUCCEEDED;
    std::string directory = "d1";
    std::string user;  // The name of the only user that the run is about.
    reconciliation::v1::Run::Kind kind = reconciliation::v1::Run::FULL;
  };
  void FinishRun(const std::string& run, const RunOptions& options) {
    reconciliation::v1::ChangeEvent event;
    auto* finished = event.mutable_run_finished();
    finished->set_directory(
        absl::StrCat("accounts/acme/directories/", options.directory));
    finished->mutable_run()->set_name(
        absl::StrCat(finished->directory(), "/runs/", run));
    finished->mutable_run()->set_state(options.state);
    finished->mutable_run()->set_kind(options.kind);
    finished->set_enrollment_mail_enabled(options.mail);
    finished->set_phone_import_enabled(options.phones);
    finished->set_user(options.user);
    feed_.Append("acme", event);
  }
  void FinishRun(const std::string& run) { FinishRun(run, RunOptions()); }

  // GetUser answers with this from now on, until it is OK.
  void FailGetUser(absl::Status status) {
    absl::MutexLock lock(&mutex_);
    get_user_status_ = std::move(status);
  }

  feed::FakeFeed& feed() { return feed_; }

  absl::StatusOr<std::vector<reconciliation::v1::Feed>> ListFeeds() override {
    return feed_.ListFeeds();
  }
  absl::Status WatchChanges(
      const AccountName& account, const std::string& cursor, bool snapshot,
      const std::function<bool(
          const reconciliation::v1::WatchChangesResponse&)>& deliver) override {
    return feed_.WatchChanges(account, cursor, snapshot, deliver);
  }
  absl::StatusOr<User> GetUser(const UserName& user) override {
    absl::MutexLock lock(&mutex_);
    if (!get_user_status_.ok()) return get_user_status_;
    const auto found = users_.find(user.ToString());
    if (found != users_.end()) return found->second;
    return NotFound("USER_NOT_FOUND", "No such user.");
  }

 private:
  void Put(const User& user, Change::Kind kind) {
    {
      absl::MutexLock lock(&mutex_);
      users_[user.name()] = user;
    }
    reconciliation::v1::ChangeEvent event;
    event.mutable_user_change()->set_kind(kind);
    *event.mutable_user_change()->mutable_user() = user;
    feed_.Append("acme", event);
  }

  feed::FakeFeed feed_;
  absl::Mutex mutex_;
  absl::Status get_user_status_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, User> users_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_FAKE_RECONCILIATION_H_
