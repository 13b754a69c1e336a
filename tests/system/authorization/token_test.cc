// Tokens of a connection over time, against a local Entra ID.
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <string>
#include <thread>
#include <vector>

#include "common/crypto/sealer.h"
#include "common/status/errors.h"
#include "common/testing/status_matchers.h"
#include "services/authorization/vault.h"
#include "services/authorization/worker.h"
#include "tests/fakes/entra/fault_catalogue.h"
#include "tests/system/authorization/world.h"

namespace rollcall::authorization {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::IsOk;
using ::rollcall::testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kConnection[] = "accounts/acme/connections/c1";
constexpr auto kLost = v1::Connection::REAUTHORIZATION_REQUIRED;

// A world with a connection.
class Token : public ::testing::Test {
 protected:
  Token() { world_.Connect(); }

  // How many requests Entra saw during `act`.
  template <typename Act>
  int64_t RequestsDuring(Act act) {
    const int64_t before = world_.entra().request_count();
    act();
    return world_.entra().request_count() - before;
  }

  World world_;
};

TEST_F(Token, IsMintedOnceAndUsedUntilShortBeforeItsEnd) {
  const auto first = world_.Mint(kConnection);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(first->tenant_id(), world_.entra().tenant_id());
  EXPECT_EQ(first->cloud().graph_origin(), world_.entra().origin());
  EXPECT_EQ(RequestsDuring([&] {
              EXPECT_EQ(world_.Mint(kConnection)->access_token(),
                        first->access_token());
            }),
            0);
  world_.clock().AdvanceTime(absl::Minutes(56));
  const auto second = world_.Mint(kConnection);
  ASSERT_THAT(second, IsOk());
  EXPECT_NE(second->access_token(), first->access_token());
  EXPECT_GT(second->expire_time().seconds(), first->expire_time().seconds());
}

TEST_F(Token, ReadsTheTenant) {
  const auto token = world_.Mint(kConnection);
  ASSERT_THAT(token, IsOk());
  const auto http =
      *http::Client::Create({.ca_file = world_.entra().ca_file()});
  const auto users = http->Send(
      {.url = token->cloud().graph_origin() + "/v1.0/users",
       .headers = {{"Authorization", "Bearer " + token->access_token()}}});
  ASSERT_THAT(users, IsOk());
  EXPECT_EQ(users->status, 200) << users->body;
}

TEST_F(Token, ManyCallersAskOnce) {
  EXPECT_EQ(RequestsDuring([&] {
              std::vector<std::thread> callers;
              for (int i = 0; i < 32; ++i) {
                callers.emplace_back(
                    [&] { EXPECT_THAT(world_.Mint(kConnection), IsOk()); });
              }
              for (std::thread& caller : callers) caller.join();
            }),
            1);
}

TEST_F(Token, IsRefreshedAheadAndServesOnIfThatFails) {
  const auto first = world_.Mint(kConnection);
  ASSERT_THAT(first, IsOk());
  world_.clock().AdvanceTime(absl::Minutes(52));
  world_.entra().faults().Add(
      {.kind = entra::FaultKind::kTokenError, .times = 1, .status = 503});
  EXPECT_EQ(world_.Mint(kConnection)->access_token(), first->access_token());
  EXPECT_EQ(RequestsDuring([&] {
              EXPECT_EQ(world_.Mint(kConnection)->access_token(),
                        first->access_token());
            }),
            0);  // It backs off.
  world_.clock().AdvanceTime(absl::Minutes(2));
  EXPECT_NE(world_.Mint(kConnection)->access_token(), first->access_token());
}

TEST_F(Token, R8_R9_AnExpiredSecretIsStoredAndNotAskedForAgain) {
  world_.entra().application().ExpireSecret(world_.entra().client_secret());
  const auto refused = world_.Mint(kConnection);
  EXPECT_THAT(refused, StatusIs(StatusCode::kFailedPrecondition,
                                "REAUTHORIZATION_REQUIRED"));
  const v1::Connection lost = world_.GetConnection(kConnection);
  EXPECT_EQ(lost.state(), kLost);
  EXPECT_THAT(lost.error_message(), HasSubstr("AADSTS7000222"));

  const auto again = [&] {
    EXPECT_THAT(
        world_.Mint(kConnection),
        StatusIs(StatusCode::kFailedPrecondition, "REAUTHORIZATION_REQUIRED"));
  };
  EXPECT_EQ(RequestsDuring(again), 0);
  world_.clock().AdvanceTime(absl::Hours(48));
  world_.Restart();
  EXPECT_EQ(RequestsDuring(again), 0);
  // Stored once: nothing has changed since.
  EXPECT_EQ(world_.GetConnection(kConnection).SerializeAsString(),
            lost.SerializeAsString());
}

TEST_F(Token, R8_WithdrawnConsentRequiresReauthorization) {
  world_.clock().AdvanceTime(absl::Hours(1));
  world_.entra().application().Revoke();
  EXPECT_THAT(
      world_.Mint(kConnection),
      StatusIs(StatusCode::kFailedPrecondition, "REAUTHORIZATION_REQUIRED"));
}

TEST_F(Token, R12_AConsentJustConfirmedIsGivenTimeToSettle) {
  world_.entra().application().Revoke();  // 7000229, as of a slow server.
  const auto refused = world_.Mint(kConnection);
  EXPECT_THAT(refused, StatusIs(StatusCode::kUnavailable, "TOKEN_UNAVAILABLE"));
  EXPECT_EQ(world_.GetConnection(kConnection).state(),
            v1::Connection::CONNECTED);
  world_.entra().application().Grant(world_.clock().TimeNow());
  world_.clock().AdvanceTime(absl::Minutes(1));
  EXPECT_THAT(world_.Mint(kConnection), IsOk());
}

TEST_F(Token, R12_TroubleAtTheirSideNeverRequiresReauthorization) {
  const entra::Fault faults[] = {
      {.kind = entra::FaultKind::kTokenError, .status = 503},
      {.kind = entra::FaultKind::kTokenError, .status = 429},
      {.kind = entra::FaultKind::kTokenError, .status = 500},
      {.kind = entra::FaultKind::kTokenError, .status = 200},  // A page.
      {.kind = entra::FaultKind::kTokenError, .code = "90033"},
  };
  for (const entra::Fault& fault : faults) {
    SCOPED_TRACE(absl::StrCat(entra::FaultName(fault.kind), " ", fault.status,
                              fault.code));
    world_.clock().AdvanceTime(absl::Hours(2));  // No token is left.
    const int64_t number = world_.entra().faults().Add(fault);
    const auto refused = world_.Mint(kConnection);
    EXPECT_THAT(refused,
                StatusIs(StatusCode::kUnavailable, "TOKEN_UNAVAILABLE"));
    EXPECT_GT(RetryDelayOf(refused.status()).value_or(absl::ZeroDuration()),
              absl::ZeroDuration());
    EXPECT_EQ(world_.GetConnection(kConnection).state(),
              v1::Connection::CONNECTED);
    world_.entra().faults().Remove(number);
    // It heals by itself, after the wait and not before.
    EXPECT_EQ(RequestsDuring([&] {
                EXPECT_THAT(world_.Mint(kConnection),
                            StatusIs(StatusCode::kUnavailable));
              }),
              0);
    world_.clock().AdvanceTime(absl::Minutes(1));
    EXPECT_THAT(world_.Mint(kConnection), IsOk());
  }
}

TEST_F(Token, R12_NoAnswerAtAllNeverRequiresReauthorization) {
  world_.CloseEntra();
  EXPECT_THAT(world_.Mint(kConnection),
              StatusIs(StatusCode::kUnavailable, "TOKEN_UNAVAILABLE"));
  EXPECT_EQ(world_.GetConnection(kConnection).state(),
            v1::Connection::CONNECTED);
}

TEST_F(Token, R12_WaitsAsLongAsItWasAskedTo) {
  world_.entra().faults().Add({.kind = entra::FaultKind::kTokenError,
                               .times = 1,
                               .status = 429,
                               .retry_after = "120"});
  const auto refused = world_.Mint(kConnection);
  EXPECT_THAT(refused, StatusIs(StatusCode::kUnavailable));
  EXPECT_EQ(RetryDelayOf(refused.status()), absl::Seconds(120));
  world_.clock().AdvanceTime(absl::Seconds(119));
  EXPECT_EQ(RequestsDuring([&] { (void)world_.Mint(kConnection); }), 0);
  world_.clock().AdvanceTime(absl::Seconds(1));
  EXPECT_THAT(world_.Mint(kConnection), IsOk());
}

TEST_F(Token, R12_AMistakeOfTheRequestIsNotTheTenants) {
  world_.entra().faults().Add(
      {.kind = entra::FaultKind::kTokenError, .times = 1, .code = "70011"});
  const auto refused = world_.Mint(kConnection);
  EXPECT_THAT(refused, StatusIs(StatusCode::kUnavailable, "TOKEN_REFUSED"));
  EXPECT_GE(*RetryDelayOf(refused.status()), absl::Minutes(15));
  EXPECT_EQ(world_.GetConnection(kConnection).state(),
            v1::Connection::CONNECTED);
}

TEST_F(Token, R12_ARejectedTokenIsReplacedOnce) {
  const std::string first = world_.Mint(kConnection)->access_token();
  EXPECT_THAT(world_.Report(kConnection, first), IsOk());
  EXPECT_THAT(world_.Report(kConnection, first), IsOk());  // Repeated.
  world_.clock().AdvanceTime(absl::Seconds(1));
  const std::string second = world_.Mint(kConnection)->access_token();
  EXPECT_NE(second, first);
  // A late report about the old one changes nothing.
  EXPECT_THAT(world_.Report(kConnection, first), IsOk());
  EXPECT_EQ(world_.Mint(kConnection)->access_token(), second);
  EXPECT_EQ(world_.GetConnection(kConnection).state(),
            v1::Connection::CONNECTED);
}

TEST_F(Token, R12_A401AfterAForcedRefreshRequiresReauthorization) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(
        world_.Report(kConnection, world_.Mint(kConnection)->access_token()),
        IsOk());
    world_.clock().AdvanceTime(absl::Seconds(1));
  }
  EXPECT_EQ(world_.GetConnection(kConnection).state(), kLost);
  EXPECT_THAT(
      world_.Mint(kConnection),
      StatusIs(StatusCode::kFailedPrecondition, "REAUTHORIZATION_REQUIRED"));
}

TEST_F(Token, UnknownConnectionsAreNotFound) {
  EXPECT_THAT(world_.Mint("accounts/acme/connections/c9"),
              StatusIs(StatusCode::kNotFound, "CONNECTION_NOT_FOUND"));
  EXPECT_THAT(world_.Report("accounts/acme/connections/c9", "x"),
              StatusIs(StatusCode::kNotFound, "CONNECTION_NOT_FOUND"));
  v1::ReportRejectedTokenRequest request;
  request.set_name(kConnection);
  request.set_access_token_sha256("short");
  EXPECT_THAT(world_.authorizer().ReportRejectedToken(request),
              StatusIs(StatusCode::kInvalidArgument, "DIGEST_INVALID"));
}

TEST_F(Token, KeysAreRotatedUnderALivingConnection) {
  const std::string new_line = Sealer::GenerateKeyFile();
  const Sealer during = *Sealer::FromText(new_line + world_.key_file_text());
  const Sealer after = *Sealer::FromText(new_line);
  const Vault after_vault(after);
  const auto opens = [&] {
    const ConnectionName name = *ConnectionName::Parse(kConnection);
    const auto row = *world_.store().GetConnection(name);
    return after_vault
        .OpenCredential(row->message.registration().sealed_credential(),
                        name.ToString())
        .ok();
  };
  EXPECT_FALSE(opens());
  EXPECT_THAT(ResealCredentials(world_.store(), Vault(during)), IsOk());
  EXPECT_TRUE(opens());
}

// A certificate of an app registration, self-signed, in PEM.
struct AppCertificate {
  std::string certificate_pem;
  std::string private_key_pem;

  AppCertificate() {
    EVP_PKEY* const key = EVP_RSA_gen(2048);
    X509* const certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 90 * 24 * 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    BIO* const text = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(text, certificate);
    certificate_pem = Take(text);
    PEM_write_bio_PrivateKey(text, key, nullptr, nullptr, 0, nullptr, nullptr);
    private_key_pem = Take(text);
    BIO_free(text);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  static std::string Take(BIO* text) {
    std::string taken(BIO_ctrl_pending(text), '\0');
    BIO_read(text, taken.data(), static_cast<int>(taken.size()));
    return taken;
  }
};

TEST(CertificateToken, R2_IsMintedWithoutASecret) {
  World world;
  const AppCertificate certificate;
  ASSERT_THAT(
      world.entra().application().AddCertificate(certificate.certificate_pem),
      IsOk());
  v1::BeginAuthorizationRequest request = world.BeginRequest();
  auto* const credential =
      request.mutable_client_credential()->mutable_client_certificate();
  credential->set_certificate_pem(certificate.certificate_pem);
  credential->set_private_key_pem(certificate.private_key_pem);
  const v1::PendingAuthorization begun = world.Begin(request);
  world.Open(world.Consent(begun.consent_uri()));
  const auto connection = world.Confirm(*world.Get(begun.name()));
  ASSERT_THAT(connection, IsOk());
  EXPECT_EQ(connection->credential_kind(), v1::Connection::CLIENT_CERTIFICATE);
  EXPECT_GT(connection->credential_expire_time().seconds(),
            absl::ToUnixSeconds(world.clock().TimeNow()));
  world.Restart();
  EXPECT_THAT(world.Mint(kConnection), IsOk());

  world.clock().AdvanceTime(absl::Hours(1));
  world.entra().application().RemoveCertificates();
  EXPECT_THAT(world.Mint(kConnection), StatusIs(StatusCode::kFailedPrecondition,
                                                "REAUTHORIZATION_REQUIRED"));
}

TEST(CertificateToken, AKeyOfAnotherCertificateIsRefused) {
  World world;
  v1::BeginAuthorizationRequest request = world.BeginRequest();
  auto* const credential =
      request.mutable_client_credential()->mutable_client_certificate();
  credential->set_certificate_pem(AppCertificate().certificate_pem);
  credential->set_private_key_pem(AppCertificate().private_key_pem);
  EXPECT_THAT(world.authorizer().BeginAuthorization(request),
              StatusIs(StatusCode::kInvalidArgument, "CREDENTIAL_INVALID"));
}

}  // namespace
}  // namespace rollcall::authorization
