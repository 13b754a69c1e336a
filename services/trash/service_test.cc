#include "services/trash/service.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/rpc/access_policy.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "common/status/errors.h"
#include "common/status/grpc_status.h"
#include "common/store/faulty_store.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/certificates.h"
#include "common/testing/status_matchers.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "services/trash/client.h"
#include "services/trash/fake_reconciliation.h"
#include "services/trash/store.h"
#include "services/trash/worker.h"

namespace rollcall::trash {
namespace {

using ::rollcall::testing::StatusIs;

const absl::Time kNoon = absl::FromUnixSeconds(1772366400);  // 2026-03-01.
constexpr absl::Duration kWeek = absl::Hours(7 * 24);
constexpr char kAda[] = "accounts/acme/trashedUsers/ada";

class TrashServiceTest : public ::testing::Test {
 protected:
  // A user who was marked at noon.
  void Trash(const std::string& id, const std::string& account = "acme") {
    reconciliation_.Create(id, account);
    reconciliation_.Remove(id, kNoon, account);
    EXPECT_OK(worker_.FollowFeedsOnce(kNoon));
  }

  absl::StatusOr<v1::ListTrashedUsersResponse> List(
      int page_size = 0, const std::string& token = "",
      const std::string& parent = "accounts/acme") {
    v1::ListTrashedUsersRequest request;
    request.set_parent(parent);
    request.set_page_size(page_size);
    request.set_page_token(token);
    return service_.List(request);
  }
  absl::StatusOr<v1::TrashedUser> Get(const std::string& name) {
    v1::GetTrashedUserRequest request;
    request.set_name(name);
    return service_.Get(request);
  }
  absl::Status Delete(const std::string& name) {
    v1::DeleteTrashedUserRequest request;
    request.set_name(name);
    return service_.Delete(request, "spiffe://test/account/acme/role/owner/o")
        .status();
  }

  std::unique_ptr<store::Store> base_ = *store::OpenInMemory();
  store::FaultyStore faulty_{*base_};
  TrashStore store_{faulty_};
  FakeReconciliation reconciliation_;
  TrashWorker worker_{store_, reconciliation_.feed(), reconciliation_};
  rpc::AccessPolicy policy_ =
      *rpc::AccessPolicy::ForServices({"rollcall.trash.v1.TrashService"});
  TrashServiceImpl service_{
      store_, reconciliation_, kWeek,
      rpc::Edge(policy_, "test.rollcall", "trash.rollcall")};
};

TEST_F(TrashServiceTest, R59_ShowsWhoIsInTheTrashAndUntilWhen) {
  Trash("ada");
  ASSERT_OK_AND_ASSIGN(const v1::TrashedUser ada, Get(kAda));
  EXPECT_EQ(ada.name(), kAda);
  EXPECT_EQ(ada.user(), "accounts/acme/users/ada");
  EXPECT_EQ(ada.username(), "ada@example.test");
  EXPECT_EQ(ada.delete_time().seconds(), absl::ToUnixSeconds(kNoon));
  EXPECT_EQ(ada.purge_time().seconds(), absl::ToUnixSeconds(kNoon + kWeek));
}

TEST_F(TrashServiceTest, R59_ListsPageByPageWithTheCount) {
  for (int i = 0; i < 5; ++i) Trash(absl::StrCat("user", i));
  Trash("foreign", "other");
  std::vector<std::string> names;
  std::string token;
  do {
    ASSERT_OK_AND_ASSIGN(const v1::ListTrashedUsersResponse page,
                         List(2, token));
    EXPECT_EQ(page.total_size(), 5);
    EXPECT_LE(page.trashed_users_size(), 2);
    for (const v1::TrashedUser& user : page.trashed_users()) {
      names.push_back(user.name());
    }
    token = page.next_page_token();
  } while (!token.empty());
  EXPECT_EQ(names,
            (std::vector<std::string>{"accounts/acme/trashedUsers/user0",
                                      "accounts/acme/trashedUsers/user1",
                                      "accounts/acme/trashedUsers/user2",
                                      "accounts/acme/trashedUsers/user3",
                                      "accounts/acme/trashedUsers/user4"}));
}

TEST_F(TrashServiceTest, R59_ListsAnEmptyTrash) {
  ASSERT_OK_AND_ASSIGN(const v1::ListTrashedUsersResponse page, List());
  EXPECT_EQ(page.total_size(), 0);
  EXPECT_EQ(page.next_page_token(), "");
}

TEST_F(TrashServiceTest, RefusesWhatItCannotRead) {
  EXPECT_THAT(List(0, "", "acme"),
              StatusIs(absl::StatusCode::kInvalidArgument, "NAME_INVALID"));
  EXPECT_THAT(List(-1), StatusIs(absl::StatusCode::kInvalidArgument,
                                 "PAGE_SIZE_NEGATIVE"));
  for (const char* id : {"ada", "bob"}) Trash(id);
  const std::string token = List(1)->next_page_token();
  EXPECT_THAT(
      List(1, token, "accounts/other"),
      StatusIs(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID"));
  EXPECT_THAT(Get("accounts/acme/users/ada"),
              StatusIs(absl::StatusCode::kInvalidArgument, "NAME_INVALID"));
}

TEST_F(TrashServiceTest, SaysThatAUserIsNotInTheTrash) {
  EXPECT_THAT(Get(kAda),
              StatusIs(absl::StatusCode::kNotFound, "TRASHED_USER_NOT_FOUND"));
  EXPECT_THAT(Delete(kAda),
              StatusIs(absl::StatusCode::kNotFound, "TRASHED_USER_NOT_FOUND"));
  EXPECT_EQ(reconciliation_.purge_calls(), 0);
}

TEST_F(TrashServiceTest, R62_DeletesForGoodAtAnyTime) {
  Trash("ada");
  Trash("bob");
  EXPECT_OK(Delete(kAda));
  EXPECT_EQ(reconciliation_.last_actor(),
            "spiffe://test/account/acme/role/owner/o");
  EXPECT_FALSE(reconciliation_.Exists("ada"));
  EXPECT_TRUE(reconciliation_.Exists("bob"));
  EXPECT_THAT(Get(kAda), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(List()->total_size(), 1);

  // The feed tells of it later; nothing is left to do.
  EXPECT_OK(worker_.FollowFeedsOnce(kNoon));
  EXPECT_EQ(List()->total_size(), 1);
}

TEST_F(TrashServiceTest, R62_KeepsTheUserWhenReconciliationIsDown) {
  Trash("ada");
  reconciliation_.FailPurges(Unavailable("DOWN", "Back soon."));
  EXPECT_THAT(Delete(kAda), StatusIs(absl::StatusCode::kUnavailable, "DOWN"));
  EXPECT_OK(Get(kAda));
}

// Where the other service should be is for operators.
TEST_F(TrashServiceTest, SaysThatTheOtherServiceIsGoneWithoutSayingWhere) {
  GrpcReconciliationClient client(
      grpc::CreateChannel("127.0.0.1:1", grpc::InsecureChannelCredentials()));
  const absl::Status gone =
      client.PurgeUser(UserName(AccountName("acme"), "ada"), 1, "");
  EXPECT_THAT(gone, StatusIs(absl::StatusCode::kUnavailable,
                             "RECONCILIATION_UNREACHABLE"));
  EXPECT_FALSE(absl::StrContains(gone.message(), "127.0.0.1")) << gone;
}

TEST_F(TrashServiceTest, R61_DoesNotDeleteAUserWhoHasComeBack) {
  Trash("ada");
  reconciliation_.Restore("ada");  // Not seen here yet.
  EXPECT_THAT(Delete(kAda), StatusIs(absl::StatusCode::kFailedPrecondition,
                                     "DELETION_SUPERSEDED"));
  EXPECT_TRUE(reconciliation_.Exists("ada"));
  EXPECT_THAT(Get(kAda), StatusIs(absl::StatusCode::kNotFound));
}

// The user is gone, and then the process dies before it says so.
TEST_F(TrashServiceTest, R62_FinishesADeletionThatACrashInterrupted) {
  using Outcome = store::FaultyStore::Outcome;
  for (const Outcome outcome : {Outcome::kNotWritten, Outcome::kWritten}) {
    Trash("ada");
    faulty_.FailCommit(1, outcome);
    EXPECT_THAT(Delete(kAda),
                StatusIs(absl::StatusCode::kUnavailable, "STORE_FAILED"));
    EXPECT_FALSE(reconciliation_.Exists("ada"));
    faulty_.Heal();
    EXPECT_OK(worker_.FollowFeedsOnce(kNoon));
    EXPECT_EQ(List()->total_size(), 0);
    EXPECT_THAT(Get(kAda), StatusIs(absl::StatusCode::kNotFound));
  }
}

// The whole way: certificates, roles, accounts, error details.
TEST_F(TrashServiceTest, A22_LetsHelpDeskLookButNotDelete) {
  Trash("ada");
  testing::TestAuthority authority("test.rollcall");
  ASSERT_OK_AND_ASSIGN(const auto server,
                       rpc::Server::Start({.address = "127.0.0.1:0",
                                           .tls = authority.ForService("trash"),
                                           .trust_domain = "test.rollcall"},
                                          policy_, {&service_}));
  const auto stub_of = [&](const std::string& role) {
    return v1::TrashService::NewStub(
        *rpc::OpenChannel({.target = absl::StrCat("127.0.0.1:", server->port()),
                           .tls = authority.ForPerson("acme", role),
                           .trust_domain = "test.rollcall",
                           .expected_service = "trash"}));
  };
  const auto get = [](v1::TrashService::Stub& stub, const std::string& name) {
    grpc::ClientContext context;
    rpc::SetDeadline(&context, absl::Minutes(1));
    v1::GetTrashedUserRequest request;
    request.set_name(name);
    v1::TrashedUser user;
    return FromGrpcStatus(stub.GetTrashedUser(&context, request, &user));
  };
  const auto remove = [](v1::TrashService::Stub& stub) {
    grpc::ClientContext context;
    rpc::SetDeadline(&context, absl::Minutes(1));
    v1::DeleteTrashedUserRequest request;
    request.set_name(kAda);
    google::protobuf::Empty empty;
    return FromGrpcStatus(stub.DeleteTrashedUser(&context, request, &empty));
  };

  const auto help_desk = stub_of("HELP_DESK");
  EXPECT_OK(get(*help_desk, kAda));
  EXPECT_THAT(get(*help_desk, "accounts/acme/trashedUsers/bob"),
              StatusIs(absl::StatusCode::kNotFound, "TRASHED_USER_NOT_FOUND"));
  EXPECT_THAT(remove(*help_desk),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_TRUE(reconciliation_.Exists("ada"));
  EXPECT_OK(remove(*stub_of("USER_MANAGER")));
  EXPECT_FALSE(reconciliation_.Exists("ada"));
}

}  // namespace
}  // namespace rollcall::trash
