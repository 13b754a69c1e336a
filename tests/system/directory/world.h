// A directory service over an Entra of its own, in one process, for tests: what
// it streams, beside what the tenant's truth says it should.
#ifndef ROLLCALL_TESTS_SYSTEM_DIRECTORY_WORLD_H_
#define ROLLCALL_TESTS_SYSTEM_DIRECTORY_WORLD_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/http/client.h"
#include "common/store/store.h"
#include "common/time/clock.h"
#include "rollcall/directory/v1/directory.pb.h"
#include "services/directory/fake_authorization.h"
#include "services/directory/graph_client.h"
#include "services/directory/manager.h"
#include "services/directory/mirror_keeper.h"
#include "tests/fakes/entra/emulator.h"
#include "tests/system/directory/http2_front.h"

namespace rollcall::directory {

// A whole stream, as it arrived.
struct Streamed {
  absl::Status status;
  absl::optional<v1::DesiredStateHeader> header;
  int progress_messages = 0;
  std::vector<v1::DesiredGroup> groups;
  std::vector<v1::DesiredUser> users;
  std::vector<v1::GoneUser> gone;
  absl::optional<v1::DesiredStateTrailer> trailer;

  bool complete() const {
    return status.ok() && trailer.has_value() && trailer->complete();
  }
};

// A user as the tenant's truth has it, in lines that compare and print well.
std::vector<std::string> Lines(const Streamed& streamed);
// Of the members of groups, by name or id; those that are gone have none.
std::vector<std::string> ExpectedLines(entra::Emulator& emulator,
                                       const std::vector<std::string>& groups,
                                       const v1::Directory& options);

// The real time; something may happen when somebody looks at it. Whoever talks
// to Graph does so several times per request. Thread-safe.
class EventfulClock : public Clock {
 public:
  // `what` is called on whatever thread looks, with the number of looks since.
  void set_on_look(std::function<void(int)> what) {
    absl::MutexLock lock(&mutex_);
    on_look_ = std::move(what);
    looks_ = 0;
  }
  absl::Time TimeNow() override {
    {
      absl::MutexLock lock(&mutex_);
      if (on_look_) on_look_(++looks_);
    }
    return Clock::GetRealClock().TimeNow();
  }

 private:
  absl::Mutex mutex_;
  std::function<void(int)> on_look_ ABSL_GUARDED_BY(mutex_);
  int looks_ ABSL_GUARDED_BY(mutex_) = 0;
};

class World {
 public:
  // All requests go through `front`, which must outlive the world, if there is
  // one.
  explicit World(entra::TenantOptions tenant, FullReadOptions options = {},
                 Http2Front* front = nullptr);
  ~World();

  entra::Emulator& emulator() { return *emulator_; }
  FakeAuthorization& authorization() { return *authorization_; }
  // What authorization hands out; it can have another one.
  const std::string& token() const { return token_; }
  void RenewToken();
  FakeWaiter& waiter() { return waiter_; }
  EventfulClock& clock() { return clock_; }
  rollcall::store::Store& store() { return *store_; }
  DirectoryManager& manager() { return *manager_; }
  GraphClient& graph() { return *graph_; }

  MirrorKeeper& keeper() { return *keeper_; }

  // The same over another store, for crashes.
  std::unique_ptr<DirectoryManager> ManagerOver(rollcall::store::Store& store);
  std::unique_ptr<MirrorKeeper> KeeperOver(rollcall::store::Store& store);

  // Creates the directory `accounts/acme/directories/d1`, or replaces its
  // configuration, with these groups selected; `options` has the rest.
  v1::Directory Configure(DirectoryManager& manager,
                          const std::vector<std::string>& group_names,
                          v1::Directory options = {});
  v1::Directory Configure(const std::vector<std::string>& group_names,
                          v1::Directory options = {}) {
    return Configure(manager(), group_names, std::move(options));
  }

  Streamed Stream(MirrorKeeper& keeper, absl::string_view read_id = "",
                  absl::string_view resume_key = "");
  Streamed Stream(absl::string_view read_id = "",
                  absl::string_view resume_key = "") {
    return Stream(keeper(), read_id, resume_key);
  }

  // As if usernames were shortened (B10).
  Streamed StreamAssumed(absl::string_view read_id = "");

  // What changed since a cursor.
  Streamed Changes(MirrorKeeper& keeper, const std::string& cursor,
                   absl::string_view read_id = "",
                   absl::string_view resume_key = "");
  Streamed Changes(const std::string& cursor, absl::string_view read_id = "",
                   absl::string_view resume_key = "") {
    return Changes(keeper(), cursor, read_id, resume_key);
  }

  // The service begins anew over its store.
  void Restart();

  std::string GroupId(const std::string& name);

 private:
  Streamed Run(MirrorKeeper& keeper,
               const v1::StreamDesiredStateRequest& request);

  std::string ca_directory_;
  std::unique_ptr<entra::Emulator> emulator_;
  std::unique_ptr<FakeAuthorization> authorization_;
  std::string token_;
  FakeWaiter waiter_;
  EventfulClock clock_;
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<GraphClient> graph_;
  FullReadOptions options_;
  std::unique_ptr<rollcall::store::Store> store_;
  std::unique_ptr<DirectoryManager> manager_;
  std::unique_ptr<MirrorKeeper> keeper_;
};

inline const std::vector<std::string> kDepartments = {
    "Engineering", "Sales", "Operations", "Finance", "Support"};

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_DIRECTORY_WORLD_H_
