// A directory service for tests: tenants that a test changes by hand, streamed
// as the contract says, with the faults that a stream can have.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_FAKE_DIRECTORY_H_
#define ROLLCALL_SERVICES_RECONCILIATION_FAKE_DIRECTORY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/reconciliation/client.h"

namespace rollcall::reconciliation {

// The object id number `n`.
std::string SourceId(int n);

// A tenant and its directory. A test writes to its fields.
struct FakeTenant {
  bool normalization = false;
  bool phone_import = false;
  bool mail = false;
  bool follow_renames = false;  // A3
  directory::v1::Directory::State state = directory::v1::Directory::CONNECTED;
  directory::v1::UserDisposition user_disposition =
      directory::v1::USER_DISPOSITION_UNSPECIFIED;  // Once it is DELETED.
  std::map<std::string, directory::v1::DesiredGroup> groups;  // By source id.
  std::map<std::string, directory::v1::DesiredUser> users;

  // Users who exist and are members of no selected group.
  std::map<std::string, directory::v1::DesiredUser> outside;
  directory::v1::GuardLimits limits;
  std::map<std::string, int64_t> warnings;  // Of the trailer.

  bool complete = true;
  bool look_complete = true;  // Of the answer about one user.
  int announce_more = 0;      // Users that are announced and do not come.
  bool repeat_users = false;  // Streams each user twice: out of order.
  bool repeat_groups = false;
  std::string unannounced_group;  // Streamed, but left out of the header.

  // Adds a selected group or a user in scope; members are given by numbers of
  // groups. The username follows from the user principal name.
  directory::v1::DesiredGroup& AddGroup(int n, const std::string& name);
  directory::v1::DesiredUser& AddUser(int n, const std::string& upn,
                                      const std::vector<int>& groups);
  directory::v1::DesiredUser& UserAt(int n) { return users.at(SourceId(n)); }
  directory::v1::DesiredGroup& GroupAt(int n) { return groups.at(SourceId(n)); }
  void RemoveUser(int n) { users.erase(SourceId(n)); }
  // Leaves all selected groups, but not the tenant.
  void MoveOutside(int n);
  void Unselect(int n);
};

// One thread, but users may be looked at by several.
class FakeDirectory : public DirectoryClient {
 public:
  // By directory id; all of them are of the account `acme`.
  std::map<std::string, FakeTenant> tenants;

  // When readings begin, in seconds.
  int64_t read_seconds = 1000;
  // Cursors of changes are refused.
  bool cursors_expired = false;
  // Called before a message of a stream is handed out, with its number, and
  // before a user is looked at.
  std::function<void(int)> on_message;
  std::function<void()> on_look;
  // Source ids that the stream leaves out although they are there.
  std::set<std::string> hidden_from_streams;
  // Looks fail with this.
  absl::Status look_error;

  // The next streams break off with this error after so many messages.
  absl::Status break_error;
  int break_after = 0;
  int breaks_left = 0;
  absl::Status list_error;  // What ListDirectories fails with.

  // Loses all readings: the next stream has a new one.
  void ForgetReadings() { readings_.clear(); }
  int streams_opened() const { return streams_opened_; }

  absl::StatusOr<directory::v1::Directory> GetDirectory(
      const DirectoryName& name) override;
  // The account is `acme`.
  absl::StatusOr<directory::v1::ListDirectoriesResponse> ListDirectories(
      const directory::v1::ListDirectoriesRequest& request) override;
  absl::StatusOr<std::unique_ptr<DesiredStateStream>> StreamDesiredState(
      const directory::v1::StreamDesiredStateRequest& request) override;
  absl::StatusOr<directory::v1::ReadSourceUserResponse> ReadSourceUser(
      const directory::v1::ReadSourceUserRequest& request) override;

  // How many users were looked at.
  int looks() {
    absl::MutexLock lock(&mutex_);
    return looks_;
  }

 private:
  struct Reading {
    FakeTenant tenant;
    absl::optional<FakeTenant> since;  // Set: of changes.
    int64_t read_seconds = 0;
  };

  // Names what the tenant is like; the same for the same.
  std::string CursorOf(const FakeTenant& tenant);

  std::map<std::string, Reading> readings_;
  std::map<std::string, std::pair<std::string, FakeTenant>> cursors_;
  int streams_opened_ = 0;
  absl::Mutex mutex_;
  int looks_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_FAKE_DIRECTORY_H_
