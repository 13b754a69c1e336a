// When a directory is read, and when not; what is read is in
// tests/system/directory.
#include "services/directory/mirror_keeper.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/store/key.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "services/directory/fake_authorization.h"
#include "services/directory/manager.h"
#include "services/directory/read_store.h"
#include "services/directory/source_id.h"
#include "services/directory/test_sealer.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;

constexpr char kConnection[] = "accounts/acme/connections/c1";

class MirrorKeeperTest : public ::testing::Test {
 protected:
  MirrorKeeperTest()
      : authorization_(kConnection, "https://graph.test", "tenant"),
        clock_(absl::FromUnixSeconds(1'760'000'000)),
        store_(*rollcall::store::OpenInMemory()),
        http_(*http::Client::Create({})),
        graph_(*http_, authorization_, *store_, clock_, waiter_),
        manager_(*store_, authorization_, graph_, clock_),
        keeper_(*store_, authorization_, graph_, TestSealer(), clock_) {}

  absl::StatusOr<v1::Directory> Create(
      const std::string& id, const std::string& connection = kConnection) {
    v1::CreateDirectoryRequest request;
    request.set_parent("accounts/acme");
    request.set_directory_id(id);
    request.mutable_directory()->set_display_name("Head office");
    request.mutable_directory()->set_connection(connection);
    return manager_.Create(request);
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
  MirrorKeeper keeper_;
};

class StreamRefusalTest : public MirrorKeeperTest {
 protected:
  absl::Status Stream(const std::string& name) {
    v1::StreamDesiredStateRequest request;
    request.set_name(name);
    request.set_mode(v1::StreamDesiredStateRequest::FULL);
    return keeper_.StreamDesiredState(
        request, [] { return false; },
        [this](const v1::StreamDesiredStateResponse&) {
          ++messages_;
          return true;
        });
  }
  int messages_ = 0;
};

TEST_F(StreamRefusalTest, A10_NoGroupSelectedIsRefused) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  EXPECT_THAT(Stream(made.name()),
              StatusIs(StatusCode::kFailedPrecondition, "NO_GROUP_SELECTED"));
  EXPECT_EQ(messages_, 0);
}

TEST_F(StreamRefusalTest, R13_ReauthorizationRequiredFailsFast) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  ASSERT_OK(manager_.Update(SelectGroups(made.name(), 1)));
  authorization_.set_reauthorization_required(true);
  EXPECT_THAT(Stream(made.name()), StatusIs(StatusCode::kFailedPrecondition,
                                            "REAUTHORIZATION_REQUIRED"));
  EXPECT_EQ(messages_, 0);
  EXPECT_EQ(authorization_.mints(), 0);
}

TEST_F(MirrorKeeperTest, AReadThatNobodyTakesLeavesNothing) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  ASSERT_OK(manager_.Update(SelectGroups(made.name(), 1)));
  v1::StreamDesiredStateRequest request;
  request.set_name(made.name());
  request.set_mode(v1::StreamDesiredStateRequest::FULL);
  EXPECT_THAT(keeper_.StreamDesiredState(
                  request, [] { return false; },
                  [](const v1::StreamDesiredStateResponse&) { return false; }),
              StatusIs(StatusCode::kCancelled, "READ_CANCELLED"));
  ASSERT_OK(ReadStore(*store_).Sweep(AccountName("acme")));
  const auto cursor = store_->Scan(
      "acme",
      rollcall::store::KeyRange::Prefix(rollcall::store::Key("reads").Build()));
  ASSERT_OK_AND_ASSIGN(const auto entry, cursor->Next());
  EXPECT_FALSE(entry.has_value());
}

// The second of two reads waits for the first; what it reads is what is
// configured when it begins, not when it was asked for.
TEST_F(MirrorKeeperTest, AReadThatWaitedFollowsTheConfigurationOfItsBeginning) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  v1::UpdateDirectoryRequest update = SelectGroups(made.name(), 1);
  ASSERT_OK(manager_.Update(update));
  v1::StreamDesiredStateRequest request;
  request.set_name(made.name());
  request.set_mode(v1::StreamDesiredStateRequest::FULL);
  const auto stream_to_header = [&](const WriteMessage& on_header) {
    EXPECT_THAT(keeper_.StreamDesiredState(
                    request, [] { return false; }, on_header),
                StatusIs(StatusCode::kCancelled));
  };
  std::thread second;
  std::string name_of_second;
  stream_to_header([&](const v1::StreamDesiredStateResponse&) {
    absl::Notification asked;
    authorization_.set_on_look_up([&asked] { asked.Notify(); });
    second = std::thread([&] {
      stream_to_header([&](const v1::StreamDesiredStateResponse& message) {
        name_of_second = message.header().directory().display_name();
        return false;
      });
    });
    // By now it has seen the configuration that it was asked for with.
    asked.WaitForNotification();
    update.mutable_directory()->set_display_name("Renamed");
    EXPECT_OK(manager_.Update(update));
    return false;
  });
  second.join();
  EXPECT_EQ(name_of_second, "Renamed");
}

TEST_F(StreamRefusalTest, A9_ADeletedDirectoryIsNotRead) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  ASSERT_OK(manager_.Update(SelectGroups(made.name(), 1)));
  v1::DeleteDirectoryRequest request;
  request.set_name(made.name());
  ASSERT_OK(manager_.Delete(request));
  EXPECT_THAT(Stream(made.name()),
              StatusIs(StatusCode::kFailedPrecondition, "DIRECTORY_DELETED"));
  EXPECT_EQ(messages_, 0);
  EXPECT_EQ(authorization_.mints(), 0);
}

// It is deleted when the header has been written, and before Graph is asked.
TEST_F(MirrorKeeperTest, A9_AReadThatIsUnderWayEnds) {
  ASSERT_OK_AND_ASSIGN(const v1::Directory made, Create("d1"));
  ASSERT_OK(manager_.Update(SelectGroups(made.name(), 1)));
  v1::StreamDesiredStateRequest request;
  request.set_name(made.name());
  request.set_mode(v1::StreamDesiredStateRequest::FULL);
  EXPECT_THAT(keeper_.StreamDesiredState(
                  request, [] { return false; },
                  [&](const v1::StreamDesiredStateResponse&) {
                    v1::DeleteDirectoryRequest deletion;
                    deletion.set_name(made.name());
                    EXPECT_OK(manager_.Delete(deletion));
                    return true;
                  }),
              StatusIs(StatusCode::kFailedPrecondition, "DIRECTORY_DELETED"));
}

TEST_F(StreamRefusalTest, UnknownDirectoriesAreNotFound) {
  EXPECT_THAT(Stream("accounts/acme/directories/none"),
              StatusIs(StatusCode::kNotFound, "DIRECTORY_NOT_FOUND"));
}

}  // namespace
}  // namespace rollcall::directory
