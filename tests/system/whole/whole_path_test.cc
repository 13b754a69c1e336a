// The whole path in one process, under a simulated clock: consent, sync, first
// mail, removal, seven days, purge.
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/grpc_status.h"
#include "common/testing/status_matchers.h"
#include "tests/fakes/entra/expected.h"
#include "tests/system/whole/installation.h"

namespace rollcall {
namespace {

using ::absl::StatusCode;
using authorization::v1::AuthorizationService;
using authorization::v1::PendingAuthorization;
using directory::v1::DirectoryService;
using reconciliation::v1::CheckAccessResponse;
using reconciliation::v1::ReconciliationService;
using SyncRun = reconciliation::v1::Run;
using reconciliation::v1::User;
using reconciliation::v1::UserService;
using ::rollcall::testing::StatusIs;
using trash::v1::TrashService;

constexpr absl::Duration kDay = absl::Hours(24);
constexpr char kAccount[] = "accounts/demo";
constexpr char kDirectory[] = "accounts/demo/directories/d1";
const std::vector<std::string>& SelectedGroups() {
  static const auto& groups = *new std::vector<std::string>{
      "Engineering", "Sales", "Operations", "Finance", "Support"};
  return groups;
}

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Call(Stub& stub,
                              grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                           const Request&,
                                                           Response*),
                              const Request& request) {
  grpc::ClientContext context;
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return FromGrpcStatus(status);
  return response;
}

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) +
         absl::Nanoseconds(timestamp.nanos());
}

class WholePath : public ::testing::Test {
 protected:
  static constexpr int kUsers = 300;

  WholePath() : installation_(Tenant()) {}

  static entra::TenantOptions Tenant() {
    entra::TenantOptions tenant;
    tenant.users = kUsers;
    tenant.groups = 20;
    tenant.seed = 7;
    return tenant;
  }

  PendingAuthorization BeginAuthorization() {
    authorization::v1::CreateAccountRequest account;
    account.set_account_id("demo");
    account.mutable_account()->set_display_name("Demo");
    EXPECT_OK(Call(*installation_.operator_,
                   &AuthorizationService::Stub::CreateAccount, account));
    authorization::v1::BeginAuthorizationRequest begin;
    begin.set_parent(kAccount);
    begin.mutable_cloud()->set_login_origin(installation_.entra().origin());
    begin.mutable_cloud()->set_graph_origin(installation_.entra().origin());
    begin.set_client_id(installation_.entra().client_id());
    begin.mutable_client_credential()->set_client_secret(
        installation_.entra().client_secret());
    begin.set_connection_id("c1");
    auto pending = Call(*installation_.authorization,
                        &AuthorizationService::Stub::BeginAuthorization, begin);
    EXPECT_OK(pending);
    return *pending;
  }

  void Connect() {
    const PendingAuthorization begun = BeginAuthorization();
    ASSERT_EQ(installation_.GiveConsent(begun.consent_uri()), 200);
    installation_.Settle();
    authorization::v1::GetPendingAuthorizationRequest get;
    get.set_name(begun.name());
    ASSERT_OK_AND_ASSIGN(
        auto shown,
        Call(*installation_.authorization,
             &AuthorizationService::Stub::GetPendingAuthorization, get));
    ASSERT_EQ(shown.state(), PendingAuthorization::AWAITING_CONFIRMATION);
    // R3: the organisation's name, for confirmation.
    EXPECT_EQ(shown.organization_display_name(),
              installation_.entra().organization_name());
    authorization::v1::ConfirmAuthorizationRequest confirm;
    confirm.set_name(begun.name());
    confirm.set_tenant_id(shown.tenant_id());
    ASSERT_OK(Call(*installation_.authorization,
                   &AuthorizationService::Stub::ConfirmAuthorization, confirm));
  }

  void CreateDirectory() {
    directory::v1::CreateDirectoryRequest request;
    request.set_parent(kAccount);
    request.set_directory_id("d1");
    auto& wanted = *request.mutable_directory();
    wanted.set_display_name("Contoso");
    wanted.set_connection("accounts/demo/connections/c1");
    wanted.set_enrollment_mail_enabled(true);
    wanted.set_phone_import_enabled(true);
    for (const std::string& name : SelectedGroups()) {
      wanted.add_selected_groups()->set_source_id(
          installation_.entra().tenant().FindGroup(name)->id);
    }
    ASSERT_OK_AND_ASSIGN(
        auto created, Call(*installation_.directory,
                           &DirectoryService::Stub::CreateDirectory, request));
    EXPECT_EQ(created.state(), directory::v1::Directory::CONNECTED);  // R7
  }

  // Runs one full sync and all that follows from it.
  SyncRun Sync() {
    reconciliation::v1::CreateRunRequest create;
    create.set_parent(kDirectory);
    create.mutable_run()->set_kind(SyncRun::FULL);
    auto started = Call(*installation_.runs,
                        &ReconciliationService::Stub::CreateRun, create);
    EXPECT_OK(started);
    installation_.Settle();
    reconciliation::v1::GetRunRequest get;
    get.set_name(started->name());
    auto ended =
        Call(*installation_.runs, &ReconciliationService::Stub::GetRun, get);
    EXPECT_OK(ended);
    EXPECT_EQ(ended->state(), SyncRun::SUCCEEDED) << ended->DebugString();
    return *ended;
  }

  void SetUpAndSync() {
    Connect();
    CreateDirectory();
    if (HasFatalFailure()) return;
    first_run_ = Sync();
  }

  absl::StatusOr<User> Lookup(const std::string& username) {
    reconciliation::v1::LookupUserRequest request;
    request.set_parent(kAccount);
    request.set_username(username);
    return Call(*installation_.users, &UserService::Stub::LookupUser, request);
  }

  CheckAccessResponse CheckAccess(const std::string& username) {
    reconciliation::v1::CheckAccessRequest request;
    request.set_parent(kAccount);
    request.set_username(username);
    auto answer =
        Call(*installation_.users, &UserService::Stub::CheckAccess, request);
    EXPECT_OK(answer);
    return *answer;
  }

  trash::v1::ListTrashedUsersResponse ListTrash() {
    trash::v1::ListTrashedUsersRequest request;
    request.set_parent(kAccount);
    auto trash = Call(*installation_.trash,
                      &TrashService::Stub::ListTrashedUsers, request);
    EXPECT_OK(trash);
    return *trash;
  }

  size_t MailCount() {
    auto mails = installation_.mail().ReadMails();
    EXPECT_OK(mails);
    return mails->size();
  }

  // What the tenant says is true of the selected groups.
  struct Truth {
    entra::ExpectedView view;
    std::vector<entra::UserView> users;
  };
  Truth ReadTruth() {
    auto& tenant = installation_.entra().tenant();
    Truth truth;
    const std::vector<std::string> ids = tenant.Read([&](const auto& state) {
      std::vector<entra::ObjectRef> groups;
      for (const std::string& name : SelectedGroups()) {
        groups.push_back(*state.FindGroup(name));
      }
      truth.view = entra::Flatten(state, groups);
      std::vector<std::string> found;
      for (const auto& user : truth.view.users) {
        found.push_back(state.IdOf(user.user).ToString());
      }
      return found;
    });
    for (const std::string& id : ids) {
      truth.users.push_back(*tenant.FindUser(id));
    }
    return truth;
  }

  // A user who is in scope, enabled, and has got a mail.
  std::string SomebodyMailed() {
    auto mails = installation_.mail().ReadMails();
    EXPECT_OK(mails);
    for (const auto& user : ReadTruth().users) {
      if (user.mail.empty()) continue;
      for (const auto& mail : *mails) {
        if (absl::EqualsIgnoreCase(mail.recipients.front(), user.mail)) {
          return user.user_principal_name;
        }
      }
    }
    ADD_FAILURE() << "nobody was mailed";
    return "";
  }

  Installation installation_;
  SyncRun first_run_;
};

TEST_F(WholePath, R1_R66_R70_R82_FirstSyncMatchesTheTenantAndMailsOnce) {
  ASSERT_NO_FATAL_FAILURE(SetUpAndSync());
  const Truth truth = ReadTruth();
  EXPECT_EQ(first_run_.counters().users_created(), truth.users.size());
  EXPECT_EQ(first_run_.counters().groups_created(), SelectedGroups().size());
  EXPECT_EQ(first_run_.counters().memberships_added(), truth.view.memberships);
  EXPECT_GT(truth.view.mail_eligible, 0);
  EXPECT_EQ(MailCount(), truth.view.mail_eligible);
  for (const auto& expected : truth.users) {
    ASSERT_OK_AND_ASSIGN(User user, Lookup(expected.user_principal_name));
    EXPECT_EQ(user.state(), expected.enabled ? User::ACTIVE : User::DISABLED);
    EXPECT_EQ(user.email(), expected.mail);
  }

  const SyncRun second = Sync();
  EXPECT_EQ(second.counters().users_unchanged(), truth.users.size());
  EXPECT_EQ(second.counters().users_updated(), 0);
  EXPECT_EQ(MailCount(), truth.view.mail_eligible) << "mailed again";
}

TEST_F(WholePath, R4_StartingOverLeavesNothing) {
  const PendingAuthorization begun = BeginAuthorization();
  authorization::v1::CancelAuthorizationRequest cancel;
  cancel.set_name(begun.name());
  ASSERT_OK(Call(*installation_.authorization,
                 &AuthorizationService::Stub::CancelAuthorization, cancel));
  EXPECT_NE(installation_.GiveConsent(begun.consent_uri()), 200);
  authorization::v1::ListConnectionsRequest list;
  list.set_parent(kAccount);
  ASSERT_OK_AND_ASSIGN(
      auto connections,
      Call(*installation_.authorization,
           &AuthorizationService::Stub::ListConnections, list));
  EXPECT_EQ(connections.connections_size(), 0);
}

TEST_F(WholePath, R56_R57_A2_R59_R60_LeaversGoAfterSevenDaysAndNotBefore) {
  ASSERT_NO_FATAL_FAILURE(SetUpAndSync());
  const std::string leaver = SomebodyMailed();
  ASSERT_OK_AND_ASSIGN(const User before, Lookup(leaver));
  ASSERT_OK(installation_.entra().tenant().DeleteUser(leaver));
  installation_.clock().AdvanceTime(absl::Hours(1));
  const absl::Time removal = installation_.clock().TimeNow();
  EXPECT_EQ(Sync().counters().users_removed(), 1);

  ASSERT_OK_AND_ASSIGN(const User trashed, Lookup(leaver));
  EXPECT_EQ(trashed.state(), User::PENDING_DELETION);
  EXPECT_EQ(CheckAccess(leaver).decision(), CheckAccessResponse::REFUSE);
  EXPECT_EQ(CheckAccess(leaver).reason(), "USER_PENDING_DELETION");
  ASSERT_EQ(ListTrash().total_size(), 1);
  EXPECT_EQ(ListTrash().trashed_users(0).user(), before.name());
  EXPECT_EQ(ToTime(ListTrash().trashed_users(0).purge_time()),
            removal + 7 * kDay);

  // A later sync that still does not see the user moves nothing (R63).
  installation_.clock().AdvanceTime(3 * kDay);
  EXPECT_EQ(Sync().counters().users_removed(), 0);
  EXPECT_EQ(ToTime(ListTrash().trashed_users(0).purge_time()),
            removal + 7 * kDay);

  installation_.clock().SetTime(removal + 7 * kDay - absl::Seconds(1));
  installation_.Settle();
  EXPECT_OK(Lookup(leaver));
  installation_.clock().AdvanceTime(absl::Seconds(1));
  installation_.Settle();
  EXPECT_THAT(Lookup(leaver), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(ListTrash().total_size(), 0);
  EXPECT_EQ(CheckAccess(leaver).reason(), "USER_UNKNOWN");

  // R64: whoever returns after that is somebody new, with a new link.
  const size_t mails = MailCount();
  auto& tenant = installation_.entra().tenant();
  ASSERT_OK(tenant.RestoreUser(before.managed_by(0).source_id()));
  EXPECT_EQ(Sync().counters().users_created(), 1);
  ASSERT_OK_AND_ASSIGN(const User again, Lookup(leaver));
  EXPECT_NE(again.name(), before.name());
  EXPECT_EQ(MailCount(), mails + 1);
}

TEST_F(WholePath, R61_R63_WhoReturnsInTimeStaysAndGetsAFreshClock) {
  ASSERT_NO_FATAL_FAILURE(SetUpAndSync());
  const std::string leaver = SomebodyMailed();
  ASSERT_OK_AND_ASSIGN(const User before, Lookup(leaver));
  auto& tenant = installation_.entra().tenant();
  ASSERT_OK(tenant.DeleteUser(leaver));
  const absl::Time removal = installation_.clock().TimeNow();
  Sync();

  installation_.clock().SetTime(removal + 7 * kDay - absl::Minutes(1));
  ASSERT_OK(tenant.RestoreUser(before.managed_by(0).source_id()));
  EXPECT_EQ(Sync().counters().users_restored(), 1);
  EXPECT_EQ(ListTrash().total_size(), 0);
  installation_.clock().SetTime(removal + 8 * kDay);
  installation_.Settle();
  ASSERT_OK_AND_ASSIGN(const User back, Lookup(leaver));
  EXPECT_EQ(back.name(), before.name());
  EXPECT_EQ(back.state(), before.state());

  ASSERT_OK(tenant.DeleteUser(leaver));
  const absl::Time second_removal = installation_.clock().TimeNow();
  Sync();
  ASSERT_EQ(ListTrash().total_size(), 1);
  EXPECT_EQ(ToTime(ListTrash().trashed_users(0).purge_time()),
            second_removal + 7 * kDay);
}

TEST_F(WholePath, R62_AdministratorsMayDeleteATrashedUserAtOnce) {
  ASSERT_NO_FATAL_FAILURE(SetUpAndSync());
  const std::string leaver = SomebodyMailed();
  ASSERT_OK(installation_.entra().tenant().DeleteUser(leaver));
  Sync();
  trash::v1::DeleteTrashedUserRequest request;
  request.set_name(ListTrash().trashed_users(0).name());
  ASSERT_OK(Call(*installation_.trash, &TrashService::Stub::DeleteTrashedUser,
                 request));
  EXPECT_THAT(Lookup(leaver), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(ListTrash().total_size(), 0);
}

TEST_F(WholePath, R50_R52_R54_DisabledInTheSourceIsRefusedUntilEnabled) {
  ASSERT_NO_FATAL_FAILURE(SetUpAndSync());
  const std::string person = SomebodyMailed();
  auto& tenant = installation_.entra().tenant();
  ASSERT_OK(tenant.DisableUser(person));
  EXPECT_EQ(Sync().counters().users_disabled(), 1);
  EXPECT_EQ(CheckAccess(person).reason(), "USER_DISABLED");
  ASSERT_OK(tenant.EnableUser(person));
  EXPECT_EQ(Sync().counters().users_enabled(), 1);
  EXPECT_EQ(CheckAccess(person).decision(), CheckAccessResponse::ENROLL_FIRST);
}

}  // namespace
}  // namespace rollcall
