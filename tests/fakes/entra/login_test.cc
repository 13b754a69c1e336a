#include "tests/fakes/entra/login.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/emulator.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/jwt.h"
#include "tests/fakes/entra/test_client.h"

namespace rollcall::entra {
namespace {

class LoginTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(emulator_, nullptr);
    client_ = std::make_unique<TestClient>(*emulator_);
  }

  // Made from an assertion with the right claims, after `edit`.
  struct Assertion {
    JwtAlgorithm algorithm = JwtAlgorithm::kPs256;
    std::string audience;
    std::string issuer;
    std::string subject;
    absl::Duration expires_in = absl::Minutes(10);
  };

  Assertion RightAssertion() const {
    return {
        .audience = absl::StrCat(emulator_->origin(), "/",
                                 emulator_->tenant_id(), "/oauth2/v2.0/token"),
        .issuer = emulator_->client_id(),
        .subject = emulator_->client_id()};
  }

  Reply SendAssertion(const Assertion& assertion, const Identity& signer) {
    const bool ps256 = assertion.algorithm == JwtAlgorithm::kPs256;
    std::string header;
    JsonWriter(header)
        .BeginObject()
        .Member("alg", ps256 ? "PS256" : "RS256")
        .Member("typ", "JWT")
        .Member(ps256 ? "x5t#S256" : "x5t",
                ps256 ? Sha256Thumbprint(*signer.certificate)
                      : Sha1Thumbprint(*signer.certificate))
        .EndObject();
    std::string payload;
    JsonWriter(payload)
        .BeginObject()
        .Member("aud", assertion.audience)
        .Member("iss", assertion.issuer)
        .Member("sub", assertion.subject)
        .Member("jti", "5a2cfd3c-90f9-4e6a-9f6f-7e1d7b8f9a10")
        .Key("nbf")
        .Int(absl::ToUnixSeconds(absl::Now()))
        .Key("exp")
        .Int(absl::ToUnixSeconds(absl::Now() + assertion.expires_in))
        .EndObject();
    return client_->RequestToken(absl::StrCat(
        "client_id=", emulator_->client_id(), "&client_assertion_type=",
        TestClient::Encode(
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        "&client_assertion=",
        SignJwt(*signer.key, assertion.algorithm, header, payload)));
  }

  std::string AdminConsentUrl(absl::string_view version,
                              absl::string_view redirect_uri) const {
    return absl::StrCat("/organizations/", version,
                        "adminconsent?client_id=", emulator_->client_id(),
                        "&redirect_uri=", TestClient::Encode(redirect_uri),
                        "&state=a%26b",
                        "&scope=https://graph.microsoft.com/.default");
  }

  std::unique_ptr<Emulator> emulator_ = StartForTest();
  std::unique_ptr<TestClient> client_;
};

TEST_F(LoginTest, TheSecretGetsAToken) {
  EXPECT_FALSE(client_->Token().empty());
}

TEST_F(LoginTest, SaysWhatIsWrongWithARequest) {
  const std::string id = absl::StrCat("client_id=", emulator_->client_id());
  emulator_->application().AddSecret("old");
  emulator_->application().ExpireSecret("old");
  struct Case {
    const char* name;
    std::string fields;
    int status;
    const char* error;
    const char* code;
  };
  const Case kCases[] = {
      {"wrong secret", id + "&client_secret=x", 401, "invalid_client",
       "AADSTS7000215"},
      {"expired secret", id + "&client_secret=old", 401, "invalid_client",
       "AADSTS7000222"},
      {"no credentials", id, 401, "invalid_client", "AADSTS7000218"},
      {"unknown application",
       "client_id=11111111-1111-1111-1111-111111111111&client_secret=x", 400,
       "unauthorized_client", "AADSTS700016"},
      {"no application", "client_secret=x", 400, "invalid_request",
       "AADSTS900144"},
  };
  for (const Case& c : kCases) {
    const Reply reply = client_->RequestToken(c.fields);
    EXPECT_EQ(reply.status, c.status) << c.name;
    EXPECT_EQ(TestClient::Value(reply.body, "error"), c.error) << c.name;
    EXPECT_TRUE(absl::StrContains(reply.body, c.code)) << reply.body;
  }
}

TEST_F(LoginTest, ACertificateGetsAToken) {
  const auto signer = MakeRsaIdentity("rollcall");
  ASSERT_TRUE(signer.ok());
  ASSERT_TRUE(emulator_->application()
                  .AddCertificate(ToPem(*signer->certificate))
                  .ok());
  Assertion assertion = RightAssertion();
  EXPECT_EQ(SendAssertion(assertion, *signer).status, 200);
  EXPECT_EQ(SendAssertion(assertion, *signer).status, 200) << "jti repeats";
  assertion.algorithm = JwtAlgorithm::kRs256;
  EXPECT_EQ(SendAssertion(assertion, *signer).status, 200);
}

TEST_F(LoginTest, AWrongAssertionGetsNone) {
  const auto signer = MakeRsaIdentity("rollcall");
  const auto stranger = MakeRsaIdentity("stranger");
  ASSERT_TRUE(signer.ok() && stranger.ok());
  ASSERT_TRUE(emulator_->application()
                  .AddCertificate(ToPem(*signer->certificate))
                  .ok());
  const auto code = [](const Reply& reply) {
    return TestClient::Value(reply.body, "error_description")
        .substr(0, std::string("AADSTS700027").size());
  };
  EXPECT_EQ(code(SendAssertion(RightAssertion(), *stranger)), "AADSTS700027");
  Assertion expired = RightAssertion();
  expired.expires_in = -absl::Minutes(6);
  EXPECT_EQ(code(SendAssertion(expired, *signer)), "AADSTS700024");
  Assertion elsewhere = RightAssertion();
  elsewhere.audience = "https://login.example/token";
  EXPECT_EQ(code(SendAssertion(elsewhere, *signer)).substr(0, 11),
            "AADSTS50027");
  Assertion other = RightAssertion();
  other.subject = "someone";
  EXPECT_EQ(code(SendAssertion(other, *signer)).substr(0, 11), "AADSTS50048");
}

TEST_F(LoginTest, AnswersForADomainWithTheTenantId) {
  const Reply reply =
      client_->Get("/Contoso.Example/v2.0/.well-known/openid-configuration");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(
      TestClient::Value(reply.body, "issuer"),
      absl::StrCat(emulator_->origin(), "/", emulator_->tenant_id(), "/v2.0"));
  const Reply keys = client_->Get(TestClient::Value(reply.body, "jwks_uri"));
  EXPECT_EQ(TestClient::Value(keys.body, "kty"), "RSA");
  const Reply unknown =
      client_->Get("/nobody.example/v2.0/.well-known/openid-configuration");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(TestClient::Value(unknown.body, "error"), "invalid_tenant");
}

TEST_F(LoginTest, ConsentRedirectsWithTenantAndState) {
  for (const char* version : {"v2.0/", ""}) {
    const Reply reply =
        client_->Get(AdminConsentUrl(version, "https://localhost:1/back?x=1"));
    EXPECT_EQ(reply.status, 302);
    const std::string location = reply.headers.at("location");
    EXPECT_TRUE(absl::StartsWith(
        location, "https://localhost:1/back?x=1&admin_consent=True&"))
        << location;
    EXPECT_TRUE(absl::StrContains(location, emulator_->tenant_id()));
    EXPECT_TRUE(absl::EndsWith(location, "&state=a%26b")) << location;
  }
}

TEST_F(LoginTest, ConsentNeverRedirectsToStrangers) {
  for (const char* uri : {"https://evil.example/", "http://localhost:1/",
                          "https://localhost.evil.example/", ""}) {
    EXPECT_EQ(client_->Get(AdminConsentUrl("v2.0/", uri)).status, 400) << uri;
  }
}

TEST_F(LoginTest, ADeclinedConsentIsAnError) {
  emulator_->faults().Add({.kind = FaultKind::kDeclineConsent});
  const Reply v2 =
      client_->Get(AdminConsentUrl("v2.0/", "https://localhost:1/back"));
  EXPECT_TRUE(
      absl::StrContains(v2.headers.at("location"), "error=consent_required"));
  const Reply v1 =
      client_->Get(AdminConsentUrl("", "https://localhost:1/back"));
  EXPECT_TRUE(
      absl::StrContains(v1.headers.at("location"), "error=permission_denied"));
}

TEST_F(LoginTest, TheConsentPageCanWaitForAClick) {
  emulator_->faults().Add({.kind = FaultKind::kAskConsent});
  const std::string url = AdminConsentUrl("v2.0/", "https://localhost:1/back");
  EXPECT_TRUE(absl::StrContains(client_->Get(url).body, "Accept</button>"));
  const Reply accepted = client_->Post(url, "answer=accept");
  EXPECT_EQ(accepted.status, 302);
  EXPECT_FALSE(absl::StrContains(accepted.headers.at("location"), "error"));
  EXPECT_TRUE(absl::StrContains(
      client_->Post(url, "answer=decline").headers.at("location"), "error"));
}

TEST_F(LoginTest, WithoutConsentThereIsNoToken) {
  EXPECT_EQ(client_->Graph("/v1.0/organization").status, 200);
  emulator_->application().Revoke();
  EXPECT_EQ(client_->Graph("/v1.0/organization").status, 401);
  const Reply refused = client_->RequestToken(absl::StrCat(
      "client_id=", emulator_->client_id(),
      "&client_secret=", TestClient::Encode(emulator_->client_secret())));
  EXPECT_EQ(TestClient::Value(refused.body, "error"), "unauthorized_client");
}

TEST_F(LoginTest, ATenantRemembersItsConsent) {
  const std::string file =
      absl::StrCat(::testing::TempDir(), "/consent.", getpid());
  // Asks for a token after a restart.
  const auto status = [&] {
    client_.reset();
    emulator_ = *Emulator::Start({.require_consent = true,
                                  .consent_file = file,
                                  .ca_directory = ::testing::TempDir(),
                                  .tenant = {.users = 10, .groups = 12}});
    client_ = std::make_unique<TestClient>(*emulator_);
    return client_
        ->RequestToken(absl::StrCat(
            "client_id=", emulator_->client_id(),
            "&client_secret=", TestClient::Encode(emulator_->client_secret())))
        .status;
  };
  EXPECT_EQ(status(), 400);
  client_->Get(AdminConsentUrl("v2.0/", "https://localhost:1/back"));
  EXPECT_EQ(status(), 200);
  emulator_->application().Revoke();
  EXPECT_EQ(status(), 400);
}

TEST_F(LoginTest, ATokenFromBeforeConsentSettledAllowsNothing) {
  emulator_->SetConsentDelay(absl::Hours(1));
  client_->Get(AdminConsentUrl("v2.0/", "https://localhost:1/back"));
  EXPECT_EQ(client_->Graph("/v1.0/organization").status, 403);
}

TEST_F(LoginTest, TheTokenEndpointFailsAsTold) {
  emulator_->faults().Add(
      {.kind = FaultKind::kTokenError, .times = 1, .code = "53003"});
  const Reply blocked = client_->RequestToken("");
  EXPECT_EQ(TestClient::Value(blocked.body, "suberror"), "message_only");
  EXPECT_FALSE(TestClient::Value(blocked.body, "claims").empty());
  emulator_->faults().Add(
      {.kind = FaultKind::kTokenError, .status = 503, .retry_after = "1.5"});
  const Reply busy = client_->RequestToken("");
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(busy.headers.at("retry-after"), "1.5");
}

}  // namespace
}  // namespace rollcall::entra
