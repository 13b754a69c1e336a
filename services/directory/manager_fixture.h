// For tests: a manager over an authorization that does as it is told.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MANAGER_FIXTURE_H_
#define ROLLCALL_SERVICES_DIRECTORY_MANAGER_FIXTURE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/http/client.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/simulated_clock.h"
#include "gtest/gtest.h"
#include "services/directory/fake_authorization.h"
#include "services/directory/graph_client.h"
#include "services/directory/manager.h"
#include "services/directory/source_id.h"

namespace rollcall::directory {

inline constexpr char kConnection[] = "accounts/acme/connections/c1";

class ManagerTest : public ::testing::Test {
 protected:
  ManagerTest()
      : authorization_(kConnection, "https://graph.test", "tenant"),
        clock_(absl::FromUnixSeconds(1'760'000'000)),
        store_(*rollcall::store::OpenInMemory()),
        http_(*http::Client::Create({})),
        graph_(*http_, authorization_, *store_, clock_, waiter_),
        manager_(*store_, authorization_, graph_, clock_) {}

  absl::StatusOr<v1::Directory> Create(
      const std::string& id, const std::string& connection = kConnection) {
    v1::CreateDirectoryRequest request;
    request.set_parent("accounts/acme");
    request.set_directory_id(id);
    request.mutable_directory()->set_display_name("Head office");
    request.mutable_directory()->set_connection(connection);
    return manager_.Create(request);
  }

  absl::StatusOr<v1::Directory> Get(const std::string& id) {
    v1::GetDirectoryRequest request;
    request.set_name(absl::StrCat("accounts/acme/directories/", id));
    return manager_.Get(request);
  }

  static v1::UpdateDirectoryRequest SelectGroups(const std::string& name,
                                                 int count) {
    v1::UpdateDirectoryRequest request;
    request.mutable_directory()->set_name(name);
    for (int i = 0; i < count; ++i) {
      request.mutable_directory()->add_selected_groups()->set_source_id(
          SourceId(1, i).ToString());
    }
    return request;
  }

  FakeAuthorization authorization_;
  SimulatedClock clock_;
  FakeWaiter waiter_;
  std::unique_ptr<rollcall::store::Store> store_;
  std::unique_ptr<http::Client> http_;
  GraphClient graph_;
  DirectoryManager manager_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MANAGER_FIXTURE_H_
