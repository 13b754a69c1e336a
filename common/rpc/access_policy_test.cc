#include "common/rpc/access_policy.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/rpc/access_policy_test.pb.h"
#include "common/testing/status_matchers.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "rollcall/trash/v1/trash.pb.h"

namespace rollcall::rpc {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::Message;
using ::google::protobuf::MessageFactory;
using ::google::protobuf::MethodDescriptor;
using ::google::protobuf::ServiceDescriptor;
using ::rollcall::testing::StatusIs;
using ::rollcall::trash::v1::GetTrashedUserRequest;

constexpr char kGet[] = "/rollcall.trash.v1.TrashService/GetTrashedUser";
constexpr char kDelete[] = "/rollcall.trash.v1.TrashService/DeleteTrashedUser";

const std::vector<std::string>& AllServices() {
  static const auto& services = *new std::vector<std::string>{
      "rollcall.authorization.v1.AuthorizationService",
      "rollcall.directory.v1.DirectoryService",
      "rollcall.reconciliation.v1.ReconciliationService",
      "rollcall.reconciliation.v1.UserService",
      "rollcall.enrollment.v1.EnrollmentService",
      "rollcall.trash.v1.TrashService"};
  return services;
}

std::vector<const MethodDescriptor*> AllMethods() {
  std::vector<const MethodDescriptor*> methods;
  for (const std::string& name : AllServices()) {
    const ServiceDescriptor* service =
        DescriptorPool::generated_pool()->FindServiceByName(name);
    for (int i = 0; i < service->method_count(); ++i) {
      methods.push_back(service->method(i));
    }
  }
  return methods;
}

std::string PathOf(const MethodDescriptor& method) {
  return absl::StrCat("/", method.service()->full_name(), "/", method.name());
}

Caller Service(const std::string& name) { return {.service = name}; }
Caller Person(const std::string& role, const std::string& account = "acme") {
  return {.account = account, .role = role, .who = "ada"};
}

// One line per method: who may call it, by first letter, and who may not.
std::string Matrix(const AccessPolicy& policy) {
  const std::vector<std::string> roles = {
      "OWNER", "ADMINISTRATOR", "USER_MANAGER", "HELP_DESK", "READ_ONLY"};
  const std::vector<std::string> services = {
      "authorization", "directory", "reconciliation", "enrollment", "trash"};
  std::string text;
  for (const MethodDescriptor* method : AllMethods()) {
    const auto mark = [&](const std::string& name, const Caller& caller) {
      const bool may = policy.CheckMethod(PathOf(*method), caller).ok();
      return may ? name.substr(0, 1) : std::string("-");
    };
    std::string people, operators, ours;
    for (const std::string& role : roles) {
      people += mark(role, Person(role));
      operators += mark(role, Person(role, "*"));
    }
    for (const std::string& name : services) ours += mark(name, Service(name));
    absl::StrAppend(&text, people, " ", operators, " ", ours, " ",
                    method->service()->name(), ".", method->name(), "\n");
  }
  return text;
}

// Every change of a declaration shows here, for a reviewer to see.
// Columns: people in their account (Owner, Administrator, User manager, Help
// desk, Read only), operators of the installation with these roles, services
// (authorization, directory, reconciliation, enrollment, trash).
constexpr char kMatrix[] = R"(
----- OA--- ----- AuthorizationService.CreateAccount
OAUHR OAUHR ----- AuthorizationService.GetAccount
----- OAUHR ----- AuthorizationService.ListAccounts
OAU-- OAU-- ----- AuthorizationService.BeginAuthorization
OAU-- OAU-- ----- AuthorizationService.GetPendingAuthorization
OAU-- OAU-- ----- AuthorizationService.CompleteAuthorization
OAU-- OAU-- ----- AuthorizationService.ConfirmAuthorization
OAU-- OAU-- ----- AuthorizationService.CancelAuthorization
OAUHR OAUHR -d--- AuthorizationService.GetConnection
OAUHR OAUHR ----- AuthorizationService.ListConnections
----- ----- -d--- AuthorizationService.MintAccessToken
----- ----- -d--- AuthorizationService.ReportRejectedToken
OAU-- OAU-- ----- DirectoryService.CreateDirectory
OAUHR OAUHR --r-- DirectoryService.GetDirectory
OAUHR OAUHR --r-- DirectoryService.ListDirectories
OAU-- OAU-- ----- DirectoryService.UpdateDirectory
OAU-- OAU-- ----- DirectoryService.DeleteDirectory
OAUHR OAUHR --r-- DirectoryService.GetDirectoryHealth
OAU-- OAU-- ----- DirectoryService.SearchGroups
----- ----- --r-- DirectoryService.StreamDesiredState
----- ----- --r-- DirectoryService.ReadSourceUser
OAU-- OAU-- ----- ReconciliationService.CreateRun
OAUHR OAUHR ----- ReconciliationService.GetRun
OAUHR OAUHR ----- ReconciliationService.ListRuns
OAU-- OAU-- ----- ReconciliationService.CancelRun
OAUH- OAUH- ----- ReconciliationService.SyncUser
OAUHR OAUHR ----- ReconciliationService.ExplainUser
OAUHR OAUHR ----- ReconciliationService.ListHeldBatches
OAUHR OAUHR ----- ReconciliationService.GetHeldBatch
OAUHR OAUHR ----- ReconciliationService.ListHeldChanges
OA--- OA--- ----- ReconciliationService.ApproveHeldBatch
OAUHR OAUHR ----- ReconciliationService.ListPlannedChanges
OA--- OA--- ----- ReconciliationService.ApplyPlan
OA--- OA--- ----- ReconciliationService.RevertRun
OAUHR OAUHR ----- ReconciliationService.ListCollisions
OAU-- OAU-- ----- ReconciliationService.DecideCollisions
OAUHR OAUHR ----- ReconciliationService.ListCollisionDecisions
OAUHR OAUHR ----- ReconciliationService.WatchRun
OA--R OA--R ---et ReconciliationService.WatchChanges
----- ----- ---et ReconciliationService.ListFeeds
OAUHR OAUHR ---et UserService.GetUser
OAUHR OAUHR ----- UserService.ListUsers
OAUHR OAUHR ----- UserService.LookupUser
OAUHR OAUHR ----- UserService.GetGroup
OAUHR OAUHR ----- UserService.ListGroups
OAUHR OAUHR ----- UserService.ListGroupMembers
OAUHR OAUHR ----- UserService.CheckAccess
OAU-- OAU-- ----- UserService.CreateUser
OAU-- OAU-- ----- UserService.UpdateUser
OAU-- OAU-- ----- UserService.DeleteUser
OAU-- OAU-- ----- UserService.SetUserState
----- ----- ---e- UserService.AddDevice
OAUH- OAUH- ----- UserService.RemoveDevice
OAU-- OAU-- ----- UserService.CreateGroup
OAU-- OAU-- ----- UserService.UpdateGroup
OAU-- OAU-- ----- UserService.DeleteGroup
OAU-- OAU-- ----- UserService.SetGroupState
OAU-- OAU-- ----- UserService.AddGroupMember
OAU-- OAU-- ----- UserService.RemoveGroupMember
OAUHR OAUHR ----- UserService.BatchCheckAccess
OAUHR OAUHR ----- UserService.GetUsage
----- ----- ----t UserService.PurgeUser
OAUHR OAUHR ----- EnrollmentService.ListPendingEnrollments
OAUHR OAUHR ----- EnrollmentService.GetEnrollment
OAUHR OAUHR ----- EnrollmentService.ListMails
OAUHR OAUHR ----- EnrollmentService.GetEnrollmentSettings
OA--- OA--- ----- EnrollmentService.UpdateEnrollmentSettings
OA--- OA--- ----- EnrollmentService.ResyncFeed
OAUHR OAUHR ----- TrashService.ListTrashedUsers
OAUHR OAUHR ----- TrashService.GetTrashedUser
OAU-- OAU-- ----- TrashService.DeleteTrashedUser
OA--- OA--- ----- TrashService.ResyncFeed
)";

TEST(AccessPolicy, R21_R22_LetsEachMethodBeCalledByWhomItsDeclarationNames) {
  ASSERT_OK_AND_ASSIGN(const AccessPolicy policy,
                       AccessPolicy::ForServices(AllServices()));
  EXPECT_EQ(absl::StrCat("\n", Matrix(policy)), kMatrix);
}

// A request whose account field says `name`.
std::unique_ptr<Message> RequestAbout(const MethodDescriptor& method,
                                      const std::string& field,
                                      const std::string& name) {
  std::unique_ptr<Message> request(MessageFactory::generated_factory()
                                       ->GetPrototype(method.input_type())
                                       ->New());
  Message* message = request.get();
  const std::vector<std::string> path = absl::StrSplit(field, '.');
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    message = message->GetReflection()->MutableMessage(
        message, message->GetDescriptor()->FindFieldByName(path[i]));
  }
  message->GetReflection()->SetString(
      message, message->GetDescriptor()->FindFieldByName(path.back()), name);
  return request;
}

TEST(AccessPolicy, R22_KeepsPeopleInTheirAccountInEveryMethod) {
  ASSERT_OK_AND_ASSIGN(const AccessPolicy policy,
                       AccessPolicy::ForServices(AllServices()));
  int methods_with_account = 0;
  for (const MethodDescriptor* method : AllMethods()) {
    const std::string field = method->options()
                                  .GetExtension(rollcall::auth::v1::access)
                                  .account_field();
    if (field.empty()) continue;
    ++methods_with_account;
    SCOPED_TRACE(method->full_name());
    const auto check = [&](const std::string& name, const Caller& caller) {
      return policy.CheckRequest(*RequestAbout(*method, field, name), caller);
    };
    EXPECT_OK(check("accounts/acme", Person("OWNER")));
    EXPECT_OK(check("accounts/acme/users/u1", Person("OWNER")));
    for (const char* foreign :
         {"accounts/other", "accounts/other/users/u1", "accounts/acme2",
          "accounts/acm", "accounts/", "accounts/*", "accounts/*/users/u1",
          "accounts/ACME", "x/accounts/acme", "", "acme"}) {
      EXPECT_THAT(
          check(foreign, Person("OWNER")),
          StatusIs(absl::StatusCode::kPermissionDenied, "ACCOUNT_NOT_ALLOWED"))
          << foreign;
    }
    EXPECT_OK(check("accounts/other", Person("OWNER", "*")));
    EXPECT_OK(check("accounts/other", Service("directory")));
  }
  EXPECT_GT(methods_with_account, 20);
}

class TrashPolicy : public ::testing::Test {
 protected:
  const AccessPolicy policy_ =
      *AccessPolicy::ForServices({"rollcall.trash.v1.TrashService"});
};

TEST_F(TrashPolicy, R22_DeniesEveryoneWhatNobodyDeclared) {
  for (const char* path :
       {"/rollcall.trash.v1.TrashService/EmptyTrash",
        "/rollcall.directory.v1.DirectoryService/GetDirectory", "", "/",
        "rollcall.trash.v1.TrashService/GetTrashedUser"}) {
    for (const Caller& caller :
         {Person("OWNER"), Person("OWNER", "*"), Service("trash")}) {
      EXPECT_THAT(
          policy_.CheckMethod(path, caller),
          StatusIs(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ALLOWED"))
          << path;
    }
  }
}

TEST_F(TrashPolicy, A22_LetsHelpDeskLookButNotDelete) {
  EXPECT_OK(policy_.CheckMethod(kGet, Person("HELP_DESK")));
  EXPECT_THAT(
      policy_.CheckMethod(kDelete, Person("HELP_DESK")),
      StatusIs(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ALLOWED"));
}

TEST_F(TrashPolicy, OpensHealthAndReflectionToEveryVerifiedCaller) {
  for (const char* path :
       {"/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
    EXPECT_OK(policy_.CheckMethod(path, Person("READ_ONLY")));
    EXPECT_OK(policy_.CheckMethod(path, Service("directory")));
  }
}

TEST_F(TrashPolicy, R22_DeniesARequestOfNoMethod) {
  EXPECT_THAT(
      policy_.CheckRequest(testing::LookRequest(), Person("OWNER", "*")),
      StatusIs(absl::StatusCode::kPermissionDenied, "ACCOUNT_NOT_ALLOWED"));
}

TEST_F(TrashPolicy, TellsNothingAboutTheOtherAccount) {
  GetTrashedUserRequest request;
  request.set_name("accounts/other/trashedUsers/u1");
  const absl::Status status = policy_.CheckRequest(request, Person("OWNER"));
  EXPECT_EQ(status.message().find("other"), absl::string_view::npos) << status;
}

TEST_F(TrashPolicy, NamesTheMethodOfARequest) {
  EXPECT_EQ(policy_.MethodOf(GetTrashedUserRequest()),
            "rollcall.trash.v1.TrashService/GetTrashedUser");
  EXPECT_EQ(policy_.MethodOf(testing::LookRequest()), "");
}

struct Mistake {
  const char* name;
  const char* service;
};

class AccessPolicyRefuses : public ::testing::TestWithParam<Mistake> {};

TEST_P(AccessPolicyRefuses, ToServe) {
  EXPECT_THAT(
      AccessPolicy::ForServices({GetParam().service}),
      StatusIs(absl::StatusCode::kFailedPrecondition, "ACCESS_UNDECLARED"));
}

INSTANTIATE_TEST_SUITE_P(
    Table, AccessPolicyRefuses,
    ::testing::Values(
        Mistake{"an_undeclared_method",
                "rollcall.rpc.testing.UndeclaredService"},
        Mistake{"a_missing_account_field",
                "rollcall.rpc.testing.FieldlessService"},
        Mistake{"a_shared_request", "rollcall.rpc.testing.SharingService"},
        Mistake{"an_unknown_service", "rollcall.rpc.testing.NoService"}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace rollcall::rpc
