// From the consent page to a connection, against a local Entra ID.
#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/testing/status_matchers.h"
#include "services/authorization/worker.h"
#include "tests/system/authorization/world.h"

namespace rollcall::authorization {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::IsOk;
using ::rollcall::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kAwaitingConsent = v1::PendingAuthorization::AWAITING_CONSENT;
constexpr auto kAwaitingConfirmation =
    v1::PendingAuthorization::AWAITING_CONFIRMATION;
constexpr auto kDeclined = v1::PendingAuthorization::DECLINED;
constexpr char kOtherTenant[] = "99999999-2222-3333-4444-555555555555";

TEST(Consent, R3_ShowsTheOrganisationForConfirmation) {
  World world;
  const v1::PendingAuthorization begun = world.Begin();
  EXPECT_EQ(begun.state(), kAwaitingConsent);
  EXPECT_EQ(begun.tenant_id(), "");

  const http::Response page = world.Open(world.Consent(begun.consent_uri()));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr(world.entra().organization_name()));

  const auto proved = world.Get(begun.name());
  ASSERT_THAT(proved, IsOk());
  EXPECT_EQ(proved->state(), kAwaitingConfirmation);
  EXPECT_EQ(proved->tenant_id(), world.entra().tenant_id());
  EXPECT_EQ(proved->organization_display_name(),
            world.entra().organization_name());
  EXPECT_EQ(proved->consent_uri(), "");  // It is of no use any more.
}

TEST(Consent, R7_ConfirmationConnects) {
  World world;
  const v1::Connection connection = world.Connect();
  EXPECT_EQ(connection.name(), "accounts/acme/connections/c1");
  EXPECT_EQ(connection.state(), v1::Connection::CONNECTED);
  EXPECT_EQ(connection.tenant_id(), world.entra().tenant_id());
  EXPECT_EQ(connection.credential_kind(), v1::Connection::CLIENT_SECRET);
  EXPECT_EQ(connection.organization_display_name(),
            world.entra().organization_name());
  world.Restart();
  EXPECT_EQ(world.GetConnection(connection.name()).SerializeAsString(),
            connection.SerializeAsString());
  EXPECT_THAT(world.Mint(connection.name()), IsOk());
}

TEST(Consent, R2_AsksOnlyForWhatTheRegistrationSays) {
  World world;
  const std::string uri = world.Begin().consent_uri();
  EXPECT_EQ(World::Parameter(uri, "scope"),
            world.entra().origin() + "/.default");
}

TEST(Consent, R4_StartOverDiscardsEverything) {
  World world;
  const v1::PendingAuthorization begun = world.Begin();
  const std::string redirect = world.Consent(begun.consent_uri());
  v1::CancelAuthorizationRequest cancel;
  cancel.set_name(begun.name());
  EXPECT_THAT(world.authorizer().CancelAuthorization(cancel), IsOk());

  EXPECT_THAT(
      world.Get(begun.name()),
      StatusIs(StatusCode::kNotFound, "PENDING_AUTHORIZATION_NOT_FOUND"));
  EXPECT_EQ(world.Open(redirect).status, 400);
  EXPECT_THAT(world.Confirm(begun), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(world.authorizer().CancelAuthorization(cancel),
              StatusIs(StatusCode::kNotFound));
  v1::ListConnectionsRequest list;
  list.set_parent("accounts/acme");
  EXPECT_EQ(world.authorizer().ListConnections(list)->connections_size(), 0);
}

TEST(Consent, R5_NothingIsConnectedBeforeTheProof) {
  World world;
  v1::PendingAuthorization begun = world.Begin();
  begun.set_tenant_id(world.entra().tenant_id());
  EXPECT_THAT(world.Confirm(begun),
              StatusIs(StatusCode::kFailedPrecondition, "CONSENT_NOT_PROVED"));
}

TEST(Consent, R1_AnAdministratorMayDecline) {
  World world;
  world.entra().faults().Add({.kind = entra::FaultKind::kDeclineConsent});
  const v1::PendingAuthorization begun = world.Begin();
  const http::Response page = world.Open(world.Consent(begun.consent_uri()));
  EXPECT_THAT(page.body, HasSubstr("No consent"));
  const auto declined = world.Get(begun.name());
  ASSERT_THAT(declined, IsOk());
  EXPECT_EQ(declined->state(), kDeclined);
  EXPECT_THAT(declined->error_message(), HasSubstr("AADSTS65004"));
  EXPECT_THAT(world.Confirm(*declined),
              StatusIs(StatusCode::kFailedPrecondition));
}

TEST(Consent, R4_AnotherTenantThanTheOneShownIsNotConfirmed) {
  World world;
  const v1::PendingAuthorization begun = world.Begin();
  world.Open(world.Consent(begun.consent_uri()));
  v1::PendingAuthorization shown = *world.Get(begun.name());
  shown.set_tenant_id(kOtherTenant);
  EXPECT_THAT(world.Confirm(shown),
              StatusIs(StatusCode::kFailedPrecondition, "TENANT_MISMATCH"));
}

// The redirect is anybody's to forge: only what our own token reads counts.
TEST(Consent, R3_AForgedTenantIsNotBelieved) {
  World world;
  const v1::PendingAuthorization begun = world.Begin();
  auto forged =
      World::CompleteRequest(begun.name(), world.Consent(begun.consent_uri()));
  forged.set_tenant(kOtherTenant);
  const auto answer = world.authorizer().CompleteAuthorization(forged);
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->state(), kDeclined);
  EXPECT_EQ(answer->tenant_id(), "");
}

TEST(Consent, R11_ATenantAskedForByItsIdMustBeTheOne) {
  World world;
  v1::BeginAuthorizationRequest request = world.BeginRequest();
  request.set_tenant(kOtherTenant);
  const v1::PendingAuthorization begun = world.Begin(request);
  v1::CompleteAuthorizationRequest complete;
  complete.set_name(begun.name());
  complete.set_state(World::Parameter(begun.consent_uri(), "state"));
  complete.set_tenant(world.entra().tenant_id());
  const auto answer = world.authorizer().CompleteAuthorization(complete);
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->state(), kDeclined);
}

TEST(Consent, AStateIsTakenOnce) {
  World world;
  const v1::PendingAuthorization begun = world.Begin();
  const std::string redirect = world.Consent(begun.consent_uri());
  EXPECT_EQ(world.Open(redirect).status, 200);
  EXPECT_EQ(world.Open(redirect).status, 400);
  EXPECT_THAT(world.authorizer().CompleteAuthorization(
                  World::CompleteRequest(begun.name(), redirect)),
              StatusIs(StatusCode::kFailedPrecondition, "STATE_USED"));
}

TEST(Consent, AnotherStateChangesNothing) {
  World world;
  const v1::PendingAuthorization begun = world.Begin();
  v1::BeginAuthorizationRequest second = world.BeginRequest();
  second.set_connection_id("c2");
  const v1::PendingAuthorization other = world.Begin(second);
  auto request =
      World::CompleteRequest(begun.name(), world.Consent(other.consent_uri()));
  EXPECT_THAT(world.authorizer().CompleteAuthorization(request),
              StatusIs(StatusCode::kPermissionDenied, "STATE_MISMATCH"));
  request.set_state("");
  request.set_error("access_denied");
  EXPECT_THAT(world.authorizer().CompleteAuthorization(request),
              StatusIs(StatusCode::kPermissionDenied, "STATE_MISMATCH"));
  EXPECT_EQ(world.Get(begun.name())->state(), kAwaitingConsent);
}

TEST(Consent, ExpiresAfterTenMinutesAndIsCleanedUp) {
  World world;
  const v1::PendingAuthorization begun = world.Begin();
  const std::string redirect = world.Consent(begun.consent_uri());
  world.clock().AdvanceTime(absl::Minutes(10));
  EXPECT_EQ(world.Open(redirect).status, 400);
  EXPECT_THAT(world.Get(begun.name()), StatusIs(StatusCode::kNotFound));

  ConsentWorker worker(world.store(), world.authorizer().consent_desk());
  EXPECT_THAT(worker.RunOnce(world.clock().TimeNow()), IsOk());
  const std::string id = begun.name().substr(begun.name().rfind('/') + 1);
  EXPECT_THAT(world.StoredBytes(), Not(HasSubstr(id)));
}

// Protocol §7, fault 25: tokens minted meanwhile lack the permissions, for as
// long as they live; only fresh ones help.
TEST(Consent, SettlesLittleByLittle) {
  World world;
  world.entra().SetConsentDelay(absl::Minutes(1));
  const v1::PendingAuthorization begun = world.Begin();
  const http::Response page = world.Open(world.Consent(begun.consent_uri()));
  EXPECT_THAT(page.body, HasSubstr("not yet in effect"));
  EXPECT_EQ(world.Get(begun.name())->state(), kAwaitingConsent);
  EXPECT_EQ(world.Get(begun.name())->tenant_id(), "");  // Not proved.

  ConsentWorker worker(world.store(), world.authorizer().consent_desk());
  int64_t requests = world.entra().request_count();
  for (int second = 0; second < 50; ++second) {
    world.clock().AdvanceTime(absl::Seconds(1));
    EXPECT_THAT(worker.RunOnce(world.clock().TimeNow()), IsOk());
  }
  EXPECT_EQ(world.Get(begun.name())->state(), kAwaitingConsent);
  // With backoff: two requests a try.
  EXPECT_LE(world.entra().request_count() - requests, 16);
  world.clock().AdvanceTime(absl::Minutes(1));
  EXPECT_THAT(worker.RunOnce(world.clock().TimeNow()), IsOk());
  EXPECT_EQ(world.Get(begun.name())->state(), kAwaitingConfirmation);
}

TEST(Consent, OutlivesTroubleAtTheirSide) {
  World world;
  world.entra().faults().Add(
      {.kind = entra::FaultKind::kTokenError, .times = 1, .status = 503});
  world.entra().faults().Add({.kind = entra::FaultKind::kCut,
                              .times = 1,
                              .path = "/v1.0/organization"});
  const v1::PendingAuthorization begun = world.Begin();
  world.Open(world.Consent(begun.consent_uri()));
  EXPECT_EQ(world.Get(begun.name())->state(), kAwaitingConsent);
  ConsentWorker worker(world.store(), world.authorizer().consent_desk());
  for (int i = 0; i < 2; ++i) {
    world.clock().AdvanceTime(absl::Seconds(30));
    EXPECT_THAT(worker.RunOnce(world.clock().TimeNow()), IsOk());
  }
  EXPECT_EQ(world.Get(begun.name())->state(), kAwaitingConfirmation);
}

TEST(Consent, AWrongSecretIsSaidAtOnce) {
  World world;
  v1::BeginAuthorizationRequest request = world.BeginRequest();
  request.mutable_client_credential()->set_client_secret("wrong");
  const v1::PendingAuthorization begun = world.Begin(request);
  world.Open(world.Consent(begun.consent_uri()));
  const auto declined = world.Get(begun.name());
  ASSERT_THAT(declined, IsOk());
  EXPECT_EQ(declined->state(), kDeclined);
  EXPECT_THAT(declined->error_message(), HasSubstr("AADSTS7000215"));
}

// The process dies at any commit of the way, whether that commit was written or
// not, and starts again: the way can be gone to its end, or started over.
TEST(Consent, SurvivesACrashAtAnyCommit) {
  using Outcome = rollcall::store::FaultyStore::Outcome;
  for (const Outcome outcome : {Outcome::kNotWritten, Outcome::kWritten}) {
    for (int n = 1; n <= 8; ++n) {
      SCOPED_TRACE(absl::StrCat("commit ", n, " written ",
                                outcome == Outcome::kWritten));
      World world;
      world.faulty_store().FailCommit(n, outcome);
      const auto begun =
          world.authorizer().BeginAuthorization(world.BeginRequest());
      std::string name;
      if (begun.ok()) {
        name = begun->name();
        world.Open(world.Consent(begun->consent_uri()));
        const auto seen = world.Get(name);
        if (seen.ok()) (void)world.Confirm(*seen);
      }
      world.faulty_store().Heal();
      world.Restart();

      ConsentWorker worker(world.store(), world.authorizer().consent_desk());
      world.clock().AdvanceTime(absl::Minutes(1));
      EXPECT_THAT(worker.RunOnce(world.clock().TimeNow()), IsOk());
      const auto left =
          name.empty() ? absl::NotFoundError("") : world.Get(name);
      v1::ListConnectionsRequest list;
      list.set_parent("accounts/acme");
      const int connections =
          world.authorizer().ListConnections(list)->connections_size();
      // Never both: what is confirmed is not pending any more.
      EXPECT_FALSE(left.ok() && connections == 1);
      if (left.ok() && left->state() == kAwaitingConfirmation) {
        EXPECT_THAT(world.Confirm(*left), IsOk());
      } else if (connections == 0) {
        world.Connect();  // Start over.
      }
      EXPECT_THAT(world.Mint("accounts/acme/connections/c1"), IsOk());

      // Nothing stays behind for ever.
      world.clock().AdvanceTime(absl::Hours(1));
      for (int i = 0; i < 3; ++i) {
        EXPECT_THAT(worker.RunOnce(world.clock().TimeNow()), IsOk());
      }
      EXPECT_THAT(world.StoredBytes(), Not(HasSubstr("pending")));
      EXPECT_EQ(world.store().ListDue(absl::InfiniteFuture(), 10)->size(), 0u);
    }
  }
}

TEST(Consent, TwoRedirectsAtOnceAreTakenOnce) {
  World world;
  const v1::PendingAuthorization begun = world.Begin();
  const auto request =
      World::CompleteRequest(begun.name(), world.Consent(begun.consent_uri()));
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      if (world.authorizer().CompleteAuthorization(request).ok()) ++taken;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(world.Get(begun.name())->state(), kAwaitingConfirmation);
}

TEST(Begin, RefusesWhatCannotBeConnected) {
  World world;
  struct Row {
    const char* reason;
    std::function<void(v1::BeginAuthorizationRequest&)> change;
  };
  using R = v1::BeginAuthorizationRequest;
  const Row rows[] = {
      {"NAME_INVALID", [](R& r) { r.set_parent("acme"); }},
      {"ACCOUNT_NOT_FOUND", [](R& r) { r.set_parent("accounts/other"); }},
      {"ORIGIN_INVALID", [](R& r) { r.clear_cloud(); }},
      {"ORIGIN_INVALID",
       [](R& r) { r.mutable_cloud()->set_login_origin("http://login.test"); }},
      {"ORIGIN_INVALID",
       [](R& r) { r.mutable_cloud()->set_graph_origin("https://g.test/x"); }},
      {"CLIENT_ID_INVALID", [](R& r) { r.set_client_id("app"); }},
      {"CREDENTIAL_INVALID", [](R& r) { r.clear_client_credential(); }},
      {"CREDENTIAL_INVALID",
       [](R& r) { r.mutable_client_credential()->set_client_secret("a\nb"); }},
      {"CREDENTIAL_INVALID",
       [](R& r) {
         r.mutable_client_credential()
             ->mutable_client_certificate()
             ->set_certificate_pem("x");
       }},
      {"TENANT_INVALID", [](R& r) { r.set_tenant("common"); }},
      {"TENANT_INVALID", [](R& r) { r.set_tenant("organizations"); }},
      {"TENANT_INVALID", [](R& r) { r.set_tenant("a/../b.test"); }},
      {"ID_INVALID", [](R& r) { r.set_connection_id("C1"); }},
      {"RETURN_URI_INVALID", [](R& r) { r.set_return_uri("http://x.test"); }},
      {"RETURN_URI_INVALID",
       [](R& r) { r.set_return_uri("javascript:alert(1)"); }},
  };
  for (const Row& row : rows) {
    R request = world.BeginRequest();
    row.change(request);
    const auto refused = world.authorizer().BeginAuthorization(request);
    EXPECT_EQ(ReasonOf(refused.status()), row.reason) << refused.status();
  }
}

TEST(Begin, ATakenConnectionIdIsRefusedAtBothEnds) {
  World world;
  v1::PendingAuthorization rival = world.Begin();
  world.Open(world.Consent(rival.consent_uri()));
  rival = *world.Get(rival.name());
  world.Connect();
  EXPECT_THAT(world.authorizer().BeginAuthorization(world.BeginRequest()),
              StatusIs(StatusCode::kAlreadyExists, "CONNECTION_EXISTS"));
  EXPECT_THAT(world.Confirm(rival),
              StatusIs(StatusCode::kAlreadyExists, "CONNECTION_EXISTS"));
}

TEST(Accounts, AreCreatedOnceAndListedInPages) {
  World world;  // Holds `acme`.
  for (const char* id : {"beta", "gamma", "alpha"}) {
    v1::CreateAccountRequest request;
    request.set_account_id(id);
    request.mutable_account()->set_display_name(id);
    EXPECT_THAT(world.authorizer().CreateAccount(request), IsOk());
    EXPECT_THAT(world.authorizer().CreateAccount(request),
                StatusIs(StatusCode::kAlreadyExists, "ACCOUNT_EXISTS"));
  }
  world.Begin();  // What belongs to the installation is no account.
  std::string seen;
  v1::ListAccountsRequest list;
  list.set_page_size(2);
  do {
    const auto page = world.authorizer().ListAccounts(list);
    ASSERT_THAT(page, IsOk());
    for (const v1::Account& account : page->accounts()) {
      absl::StrAppend(&seen, account.name(), " ");
    }
    list.set_page_token(page->next_page_token());
    absl::StrAppend(&seen, "| ");
  } while (!list.page_token().empty());
  EXPECT_EQ(seen,
            "accounts/acme accounts/alpha | accounts/beta accounts/gamma | ");
}

TEST(Accounts, NeedAnIdAndAName) {
  World world;
  v1::CreateAccountRequest request;
  request.set_account_id("Beta");
  request.mutable_account()->set_display_name("Beta");
  EXPECT_THAT(world.authorizer().CreateAccount(request),
              StatusIs(StatusCode::kInvalidArgument, "ID_INVALID"));
  request.set_account_id("beta");
  for (const std::string& name : {std::string(), std::string(" "),
                                  std::string("a\nb"), std::string(257, 'x')}) {
    request.mutable_account()->set_display_name(name);
    EXPECT_THAT(world.authorizer().CreateAccount(request),
                StatusIs(StatusCode::kInvalidArgument, "DISPLAY_NAME_INVALID"));
  }
  v1::GetAccountRequest get;
  get.set_name("accounts/beta");
  EXPECT_THAT(world.authorizer().GetAccount(get),
              StatusIs(StatusCode::kNotFound, "ACCOUNT_NOT_FOUND"));
}

}  // namespace
}  // namespace rollcall::authorization
