// What UserService answers when it is asked about users, without a network.
#include "services/reconciliation/user_service.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/rpc/access_policy.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/reconciliation/world.h"

namespace rollcall::reconciliation {
namespace {

using ::rollcall::testing::StatusIs;
using ::testing::IsEmpty;

rpc::Edge MakeEdge() {
  auto policy = rpc::AccessPolicy::ForServices(
      {"rollcall.reconciliation.v1.UserService"});
  EXPECT_OK(policy.status());
  return rpc::Edge(*std::move(policy), "test.rollcall",
                   "reconciliation.rollcall");
}

class UserServiceTest : public ::testing::Test {
 protected:
  void PutUser(int n, size_t note_bytes = 0) {
    const std::string id = absl::StrFormat("u%04d", n);
    world.PutUser(
        {.id = id, .username = id, .note = std::string(note_bytes, 'x')});
  }
  void Remove(const std::string& name) {
    v1::DeleteUserRequest request;
    request.set_name(name);
    EXPECT_OK(users.users().Delete(request, "").status());
  }

  World world;
  UserServiceImpl users{{.store = *world.store,
                         .directory = world.directory_service,
                         .clock = world.clock,
                         .make_id = [] { return "unused"; }},
                        MakeEdge()};
};

// Rows go and come before, at and after the place between two pages.
TEST_F(UserServiceTest, PagesStayCorrectWhileRowsChange) {
  for (int n = 10; n < 30; ++n) PutUser(n);
  v1::ListUsersRequest request;
  request.set_parent("accounts/acme");
  request.set_page_size(7);
  std::multiset<std::string> seen;
  int page_number = 0;
  do {
    ASSERT_OK_AND_ASSIGN(const v1::ListUsersResponse page,
                         users.ListUsers(request));
    for (const v1::User& user : page.users()) seen.insert(user.username());
    request.set_page_token(page.next_page_token());
    if (page_number++ == 0) {
      Remove("accounts/acme/users/u0016");  // The last one shown.
      Remove("accounts/acme/users/u0017");  // The next one.
      PutUser(1);
      PutUser(16);
      PutUser(99);
    }
  } while (!request.page_token().empty());
  for (int n = 10; n < 30; ++n) {
    EXPECT_EQ(seen.count(absl::StrFormat("u%04d", n)), n == 17 ? 0u : 1u) << n;
  }
  EXPECT_EQ(seen.count("u0001"), 0u);
  EXPECT_EQ(seen.count("u0099"), 1u);
}

TEST_F(UserServiceTest, PagesAreBoundedInBytesToo) {
  constexpr int kUsers = 40;
  constexpr size_t kBytes = 200'000;
  for (int n = 0; n < kUsers; ++n) PutUser(n, kBytes);
  PutUser(kUsers, 3 << 20);  // Larger than a page: a page of its own.
  v1::ListUsersRequest request;
  request.set_parent("accounts/acme");
  request.set_page_size(1000);
  int found = 0;
  do {
    ASSERT_OK_AND_ASSIGN(const v1::ListUsersResponse page,
                         users.ListUsers(request));
    ASSERT_FALSE(page.users().empty());
    if (page.users_size() > 1) {
      EXPECT_LE(page.ByteSizeLong(), (2u << 20) + 1000);
    }
    found += page.users_size();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(found, kUsers + 1);
}

TEST_F(UserServiceTest, R33_AUserIsFoundByTheObjectOfTheSource) {
  world.tenant().AddGroup(1, "Sales");
  world.tenant().AddUser(10, "ada@a.test", {1});
  world.Sync();
  v1::LookupUserRequest request;
  request.set_parent("accounts/acme");
  request.mutable_source()->set_directory("accounts/acme/directories/d1");
  request.mutable_source()->set_source_id(SourceId(10));
  ASSERT_OK_AND_ASSIGN(const v1::User ada, users.LookupUser(request));
  EXPECT_EQ(ada.username(), "ada@a.test");
  EXPECT_EQ(ada.effective_state(), v1::User::ACTIVE);
  request.mutable_source()->set_source_id(SourceId(11));
  EXPECT_THAT(users.LookupUser(request),
              StatusIs(absl::StatusCode::kNotFound, "USER_NOT_FOUND"));
  request.mutable_source()->set_directory("accounts/other/directories/d1");
  EXPECT_THAT(users.LookupUser(request),
              StatusIs(absl::StatusCode::kInvalidArgument, "ACCOUNT_MISMATCH"));
}

TEST_F(UserServiceTest, A26_R58_DisabledUsersAreBilledTrashedOnesAreNot) {
  const auto usage = [&] {
    v1::GetUsageRequest request;
    request.set_parent("accounts/acme");
    return *users.GetUsage(request);
  };
  EXPECT_EQ(usage().billable_user_count(), 0);
  world.tenant().AddGroup(1, "Sales");
  for (int n = 10; n < 14; ++n) {
    world.tenant().AddUser(n, absl::StrFormat("u%d@a.test", n), {1});
  }
  world.tenant().UserAt(10).set_enabled(false);
  world.Sync();
  EXPECT_EQ(usage().billable_user_count(), 4);
  EXPECT_EQ(usage().disabled_user_count(), 1);
  world.tenant().RemoveUser(11);
  world.Sync();
  EXPECT_EQ(usage().billable_user_count(), 3);
  EXPECT_EQ(usage().pending_deletion_user_count(), 1);
  EXPECT_EQ(usage().active_user_count(), 2);
}

TEST_F(UserServiceTest, B13_ABatchAnswersInOrderAndIsLimited) {
  PutUser(1);
  v1::BatchCheckAccessRequest request;
  request.set_parent("accounts/acme");
  EXPECT_THAT(
      users.BatchCheckAccess(request),
      StatusIs(absl::StatusCode::kInvalidArgument, "BATCH_SIZE_INVALID"));
  request.add_usernames("nobody");
  request.add_usernames("U0001");
  ASSERT_OK_AND_ASSIGN(const v1::BatchCheckAccessResponse response,
                       users.BatchCheckAccess(request));
  ASSERT_EQ(response.answers_size(), 2);
  EXPECT_EQ(response.answers(0).reason(), "USER_UNKNOWN");
  EXPECT_EQ(response.answers(1).reason(), "NO_DEVICE");
  // One bad name does not keep the others from their answers.
  request.set_usernames(0, std::string("no\0body", 7));
  ASSERT_OK_AND_ASSIGN(const v1::BatchCheckAccessResponse beside_bad,
                       users.BatchCheckAccess(request));
  EXPECT_EQ(beside_bad.answers(0).decision(), v1::CheckAccessResponse::REFUSE);
  EXPECT_EQ(beside_bad.answers(0).reason(), "USER_UNKNOWN");
  EXPECT_EQ(beside_bad.answers(1).reason(), "NO_DEVICE");
  request.set_usernames(0, "");
  EXPECT_EQ(users.BatchCheckAccess(request)->answers(0).reason(),
            "USER_UNKNOWN");
  for (int n = 2; n <= 100; ++n) request.add_usernames("nobody");
  EXPECT_THAT(
      users.BatchCheckAccess(request),
      StatusIs(absl::StatusCode::kInvalidArgument, "BATCH_SIZE_INVALID"));
}

}  // namespace
}  // namespace rollcall::reconciliation
