// What kind of guest the directory service is at Graph's, whatever Graph does:
// limited in what it asks at once, content with less, and discreet.
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/system/directory/follower.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class GuestTest : public ChangesTest {
 protected:
  absl::StatusOr<v1::ReadSourceUserResponse> ReadUser(const std::string& id) {
    v1::ReadSourceUserRequest request;
    request.set_name("accounts/acme/directories/d1");
    request.set_source_id(id);
    return world_.keeper().ReadSourceUser(request, [] { return false; });
  }
};

TEST_F(GuestTest, Section3_1_ATenantHasAtMostEightRequestsAtOnce) {
  Begin();
  v1::CreateDirectoryRequest create;
  create.set_parent("accounts/acme");
  create.set_directory_id("d2");
  *create.mutable_directory() = world_.Configure(groups_, options_);
  create.mutable_directory()->set_display_name("Another");
  ASSERT_OK(world_.manager().Create(create));
  const std::string ada = AddUser("ada");
  ASSERT_OK(tenant().AddMember("Sales", ada));
  world_.emulator().faults().Add(
      {.kind = entra::FaultKind::kLatency, .delay = absl::Milliseconds(20)});

  std::vector<std::thread> threads;
  for (const char* directory : {"d1", "d2"}) {
    threads.emplace_back([&, directory] {
      v1::StreamDesiredStateRequest request;
      request.set_name(absl::StrCat("accounts/acme/directories/", directory));
      request.set_mode(v1::StreamDesiredStateRequest::FULL);
      EXPECT_OK(world_.keeper().StreamDesiredState(
          request, [] { return false; },
          [](const v1::StreamDesiredStateResponse&) { return true; }));
    });
  }
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int times = 0; times < 3; ++times) EXPECT_OK(ReadUser(ada));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(world_.emulator().manners().CountOf(entra::BadManner::kTooMany), 0)
      << absl::StrJoin(world_.emulator().manners().Sentences(), "\n");
}

TEST_F(GuestTest, Section2_1_AnswersByIdInPagesAreReadToTheirEnd) {
  world_.emulator().graph_knobs().get_by_ids_page_size = 10;
  Begin();
  world_.emulator().faults().Add({.kind = entra::FaultKind::kExpiredSkipToken,
                                  .times = 3,
                                  .path = "getByIds"});
  const Streamed streamed = world_.Stream();
  EXPECT_TRUE(streamed.complete());
  EXPECT_EQ(Lines(streamed),
            ExpectedLines(world_.emulator(), groups_, options_));
  EXPECT_EQ(world_.emulator()
                .faults()
                .Reports()[entra::FaultKind::kExpiredSkipToken]
                .hits,
            3);
}

TEST_F(GuestTest, Fault21_ALimitOnPagesCostsRequestsOnly) {
  ASSERT_OK(world_.emulator().faults().Set("21", 1));
  Begin();
  EXPECT_THAT(world_.Stream().trailer->incomplete_reasons(), IsEmpty());
  // Lists of members, of deleted groups, and of what somebody is a member of.
  const std::string inner = AddGroup("Inner");
  const std::string ada = AddUser("ada");
  ASSERT_OK(tenant().AddMember(inner, ada));
  ASSERT_OK(tenant().AddMember("Sales", inner));
  EXPECT_THAT(Round().users, SizeIs(1));
  ASSERT_OK(tenant().DeleteGroup(inner));
  Round();
  ASSERT_OK(tenant().RestoreGroup(inner));
  EXPECT_THAT(Round().users, SizeIs(1));
  ASSERT_OK_AND_ASSIGN(const v1::ReadSourceUserResponse read, ReadUser(ada));
  EXPECT_TRUE(read.complete());
  EXPECT_TRUE(read.in_scope());
  EXPECT_THAT(read.paths(), SizeIs(1));
  v1::SearchGroupsRequest search;
  search.set_connection("accounts/acme/connections/c1");
  search.set_query("Sales");
  EXPECT_OK(world_.manager().Search(search, [] { return false; }));
}

TEST_F(GuestTest, Fault21_AListOfUsersHasItsLimitToo) {
  World large({.users = 1500, .groups = 10, .seed = 5},
              {.user_source = UserSource::kList});
  ASSERT_OK(large.emulator().faults().Set("21", 1));
  large.Configure(kDepartments);
  const Streamed streamed = large.Stream();
  EXPECT_TRUE(streamed.complete());
  EXPECT_EQ(Lines(streamed), ExpectedLines(large.emulator(), kDepartments, {}));
  // Page by page, and not one user after the other.
  EXPECT_LT(large.emulator().request_count(), 100);
}

TEST_F(GuestTest, Section3_1_ARestartDoesNotEndARetryAfter) {
  Begin();
  world_.emulator().faults().Add({.kind = entra::FaultKind::kStatus,
                                  .times = 1,
                                  .status = 429,
                                  .retry_after = "604800"});
  const auto expect_held = [this] {
    const int64_t before = world_.emulator().request_count();
    const absl::Status status = world_.Changes(follower_.cursor()).status;
    EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable, "GRAPH_THROTTLED"));
    EXPECT_GT(RetryDelayOf(status), absl::Hours(167));
    return world_.emulator().request_count() - before;
  };
  EXPECT_GE(expect_held(), 1);
  EXPECT_EQ(expect_held(), 0);
  world_.Restart();
  EXPECT_EQ(expect_held(), 0);
  // Trouble of another kind in between makes nobody forget.
  world_.Restart();
  world_.authorization().set_down(true);
  EXPECT_THAT(world_.Changes(follower_.cursor()).status,
              StatusIs(StatusCode::kUnavailable));
  world_.authorization().set_down(false);
  world_.Restart();
  EXPECT_EQ(expect_held(), 0);
  EXPECT_THAT(ReadUser("5f0c4c39-0c2d-4a4c-8a6f-3f5c8d1b2e77").status(),
              StatusIs(StatusCode::kUnavailable, "GRAPH_THROTTLED"));
}

TEST_F(GuestTest, Section3_1_ARetryAfterHoldsAllDirectoriesOfTheTenant) {
  const std::string connection = "accounts/beta/connections/c2";
  world_.authorization().AddConnection(connection,
                                       world_.emulator().tenant_id());
  v1::CreateDirectoryRequest create;
  create.set_parent("accounts/beta");
  create.set_directory_id("d2");
  create.mutable_directory()->set_display_name("Other");
  create.mutable_directory()->set_connection(connection);
  create.mutable_directory()->add_selected_groups()->set_source_id(
      world_.GroupId("Sales"));
  ASSERT_OK(world_.manager().Create(create));
  const auto read_other = [this] {
    v1::StreamDesiredStateRequest request;
    request.set_name("accounts/beta/directories/d2");
    request.set_mode(v1::StreamDesiredStateRequest::FULL);
    return world_.keeper().StreamDesiredState(
        request, [] { return false; },
        [](const v1::StreamDesiredStateResponse&) { return true; });
  };
  Begin();
  EXPECT_OK(read_other());

  world_.emulator().faults().Add({.kind = entra::FaultKind::kStatus,
                                  .times = 1,
                                  .status = 429,
                                  .retry_after = "604800"});
  EXPECT_THAT(world_.Changes(follower_.cursor()).status,
              StatusIs(StatusCode::kUnavailable, "GRAPH_THROTTLED"));
  const int64_t before = world_.emulator().request_count();
  for (const bool restarts : {false, true}) {
    if (restarts) world_.Restart();
    const absl::Status status = read_other();
    EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable, "GRAPH_THROTTLED"));
    EXPECT_GT(RetryDelayOf(status), absl::Hours(167));
    v1::SearchGroupsRequest search;
    search.set_connection(connection);
    search.set_query("Sales");
    EXPECT_THAT(world_.manager().Search(search, [] { return false; }),
                StatusIs(StatusCode::kUnavailable, "GRAPH_THROTTLED"));
  }
  EXPECT_EQ(world_.emulator().request_count(), before);
}

TEST_F(GuestTest, Section5_5_EachTokenIsSeenToBelongToTheTenant) {
  Begin();
  const auto requests_of_a_round = [this] {
    const int64_t before = world_.emulator().request_count();
    Round();
    return world_.emulator().request_count() - before;
  };
  EXPECT_EQ(requests_of_a_round(), 2);
  // The next round is refused, and gets another token.
  world_.emulator().AdvanceTime(absl::Hours(2));
  world_.RenewToken();
  Round();
  EXPECT_EQ(requests_of_a_round(), 3);
  EXPECT_EQ(requests_of_a_round(), 2);
  // A round with a token of somebody else's tenant does not begin.
  world_.emulator().AdvanceTime(absl::Hours(2));
  world_.RenewToken();
  Round();
  world_.emulator().faults().Add({.kind = entra::FaultKind::kStatus,
                                  .path = "/v1.0/organization",
                                  .status = 403,
                                  .code = "Authorization_RequestDenied"});
  const int64_t before = world_.emulator().request_count();
  EXPECT_THAT(world_.Changes(follower_.cursor()).status,
              StatusIs(StatusCode::kFailedPrecondition, "GRAPH_FORBIDDEN"));
  EXPECT_EQ(world_.emulator().request_count() - before, 1);
}

// Remembers all lines of the log.
class LogBook {
 public:
  LogBook() {
    SetLogSink([this](absl::string_view line) { Add(line); });
  }
  ~LogBook() {
    SetLogSink([](absl::string_view) {});
  }
  void Add(absl::string_view line) {
    absl::MutexLock lock(&mutex_);
    lines_.emplace_back(line);
  }
  std::vector<std::string> lines() {
    absl::MutexLock lock(&mutex_);
    return lines_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(GuestTest, Section5_3_NeitherTokensNorLinksAreLogged) {
  LogBook book;
  Begin();
  const std::string ada = AddUser("ada");
  ASSERT_OK(tenant().AddMember("Sales", ada));
  Round();
  for (const char* fault : {"3", "4", "5", "6", "7", "8", "16", "17", "18",
                            "21", "25", "30", "foreign_link", "html"}) {
    ASSERT_OK(world_.emulator().faults().Set(fault, 1));
    // What callers are told goes into their logs.
    book.Add(world_.Changes(follower_.cursor()).status.ToString());
    book.Add(world_.Stream().status.ToString());
    book.Add(ReadUser(ada).status().ToString());
    world_.emulator().faults().Clear();
    book.Add(world_.Stream().status.ToString());
  }
  world_.emulator().ForgetDeltaLinks();
  book.Add(world_.Changes(follower_.cursor()).status.ToString());
  const std::string refused = "a-token-that-nobody-knows";
  world_.authorization().set_fixed_token(refused);
  world_.emulator().AdvanceTime(absl::Hours(2));  // The other one has ended.
  book.Add(world_.Stream().status.ToString());

  const std::vector<std::string> lines = book.lines();
  EXPECT_THAT(lines, Contains(HasSubstr("read_failed")));
  EXPECT_THAT(lines, Contains(HasSubstr("read_ended")));
  EXPECT_THAT(lines, Contains(HasSubstr("mirror_rebuilt")));
  for (const std::string& line : lines) {
    const std::string lower = absl::AsciiStrToLower(line);
    for (absl::string_view link :
         {"skiptoken", "deltatoken", "bearer ", "/v1.0/"}) {
      EXPECT_THAT(lower, Not(HasSubstr(std::string(link))));
    }
    EXPECT_THAT(line, Not(HasSubstr(world_.token())));
    EXPECT_THAT(line, Not(HasSubstr(refused)));
  }
}

}  // namespace
}  // namespace rollcall::directory
