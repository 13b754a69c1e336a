#include "tests/fakes/entra/login_authorize.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <atomic>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/entra/application.h"
#include "tests/fakes/entra/emulator.h"
#include "tests/fakes/entra/jwt.h"
#include "tests/fakes/entra/test_client.h"

namespace rollcall::entra {
namespace {

constexpr char kBack[] = "https://localhost:1/back";
constexpr char kState[] = "a b&c=d\"<'>%2B+\xC3\xA9";
constexpr char kVerifier[] = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
// Of that verifier, from RFC 7636 appendix B.
constexpr char kChallenge[] = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

// The RSA key that a JWKS publishes as numbers.
EVP_PKEY* ReadKey(const std::string& n, const std::string& e) {
  const auto number = [](const std::string& text) {
    std::string bytes;
    absl::WebSafeBase64Unescape(text, &bytes);
    return BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                     static_cast<int>(bytes.size()), nullptr);
  };
  BIGNUM* modulus = number(n);
  BIGNUM* exponent = number(e);
  OSSL_PARAM_BLD* builder = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus);
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
  OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(context);
  EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  BN_free(exponent);
  BN_free(modulus);
  return key;
}

std::string Unescape(absl::string_view html) {
  return absl::StrReplaceAll(html, {{"&amp;", "&"},
                                    {"&lt;", "<"},
                                    {"&gt;", ">"},
                                    {"&quot;", "\""},
                                    {"&#39;", "'"}});
}

// What a browser would send along, by any of the three ways.
Parameters Returned(const Reply& reply) {
  const auto location = reply.headers.find("location");
  if (location != reply.headers.end()) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(
        location->second, absl::MaxSplits(absl::ByAnyChar("?#"), 1));
    return ParseQuery(parts.second);
  }
  Parameters inputs;
  for (absl::string_view line : absl::StrSplit(reply.body, '\n')) {
    const std::vector<std::string> parts = absl::StrSplit(line, '"');
    if (parts.size() == 7 && parts[0] == "<input type=") {
      inputs.emplace_back(parts[3], Unescape(parts[5]));
    }
  }
  return inputs;
}

class LoginAuthorizeTest : public testing::Test {
 protected:
  void SetUp() override {
    EmulatorOptions options{.redirect_uris = {kBack}};
    options.now = [this] { return absl::FromUnixSeconds(now_.load()); };
    emulator_ = StartForTest(std::move(options));
    ASSERT_NE(emulator_, nullptr);
    client_ = std::make_unique<TestClient>(*emulator_);
  }

  // With what every sign-in has; `edits` come first, and so prevail.
  std::string Url(absl::string_view edits = "",
                  absl::string_view tenant = "") const {
    return absl::StrCat(
        "/", tenant.empty() ? emulator_->tenant_id() : tenant,
        "/oauth2/v2.0/authorize?", edits, "&client_id=", emulator_->client_id(),
        "&redirect_uri=", TestClient::Encode(kBack),
        "&response_type=code&state=", TestClient::Encode(kState),
        "&nonce=n-1&scope=openid+profile+offline_access+User.Read"
        "&client-request-id=1&client_info=1&x-client-sku=test");
  }

  std::string Code(absl::string_view edits = "") {
    return std::string(Find(Returned(client_->Get(Url(edits))), "code"));
  }

  // Likewise; an edit prevails here too.
  Reply Redeem(absl::string_view code, absl::string_view edits = "",
               absl::string_view tenant = "") {
    return client_->Post(
        absl::StrCat("/", tenant.empty() ? emulator_->tenant_id() : tenant,
                     "/oauth2/v2.0/token?client-request-id=1"),
        absl::StrCat(
            edits,
            "&grant_type=authorization_code&client_id=", emulator_->client_id(),
            "&client_secret=", TestClient::Encode(emulator_->client_secret()),
            "&redirect_uri=", TestClient::Encode(kBack), "&code=", code));
  }

  static void ExpectRefused(const Reply& reply, int aadsts) {
    EXPECT_EQ(reply.status, 400) << reply.body;
    EXPECT_EQ(TestClient::Value(reply.body, "error"), "invalid_grant");
    EXPECT_TRUE(absl::StrContains(reply.body, absl::StrCat("[", aadsts, "]")))
        << reply.body;
  }

  std::atomic<int64_t> now_ = 1'800'000'000;
  std::unique_ptr<Emulator> emulator_;
  std::unique_ptr<TestClient> client_;
};

TEST_F(LoginAuthorizeTest, StateComesBackUnchangedInEveryMode) {
  struct Case {
    const char* mode;
    const char* begin;  // of the Location
  };
  for (const Case& c : {Case{"", "https://localhost:1/back?code="},
                        Case{"query", "https://localhost:1/back?code="},
                        Case{"fragment", "https://localhost:1/back#code="},
                        Case{"form_post", nullptr}}) {
    const Reply reply =
        client_->Get(Url(absl::StrCat("response_mode=", c.mode)));
    const Parameters returned = Returned(reply);
    EXPECT_EQ(Find(returned, "state"), kState) << c.mode;
    EXPECT_EQ(Redeem(Find(returned, "code")).status, 200) << c.mode;
    if (c.begin == nullptr) {
      EXPECT_EQ(reply.status, 200);
      EXPECT_TRUE(absl::StrContains(
          reply.body, absl::StrCat("method=\"post\" name=\"hiddenform\" "
                                   "action=\"",
                                   kBack, "\"")))
          << reply.body;
    } else {
      EXPECT_EQ(reply.status, 302);
      EXPECT_TRUE(absl::StartsWith(reply.headers.at("location"), c.begin));
    }
  }
}

TEST_F(LoginAuthorizeTest, TheIdTokenIsSignedByThePublishedKey) {
  const Reply reply = Redeem(Code(), "client_info=1");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(TestClient::Value(reply.body, "token_type"), "Bearer");
  EXPECT_EQ(TestClient::Value(reply.body, "scope"), "openid profile User.Read");
  EXPECT_TRUE(absl::StrContains(reply.body, "\"expires_in\":3599"));
  const std::string keys = client_
                               ->Get(absl::StrCat("/", emulator_->tenant_id(),
                                                  "/discovery/v2.0/keys"))
                               .body;
  const auto jwt = ParseJwt(TestClient::Value(reply.body, "id_token"));
  ASSERT_TRUE(jwt.has_value());
  EXPECT_EQ(TestClient::Value(jwt->header, "alg"), "RS256");
  EXPECT_EQ(TestClient::Value(jwt->header, "kid"),
            TestClient::Value(keys, "kid"));
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      ReadKey(TestClient::Value(keys, "n"), TestClient::Value(keys, "e")),
      &EVP_PKEY_free);
  ASSERT_NE(key, nullptr);
  EXPECT_TRUE(HasValidSignature(*jwt, JwtAlgorithm::kRs256, *key));
  ParsedJwt forged = *jwt;
  forged.signed_part.back() = forged.signed_part.back() == 'A' ? 'B' : 'A';
  EXPECT_FALSE(HasValidSignature(forged, JwtAlgorithm::kRs256, *key));

  const std::string oid = TestClient::Value(jwt->payload, "oid");
  const std::string tenant = emulator_->tenant_id();
  struct Claim {
    const char* name;
    std::string value;
  };
  const Claim kClaims[] = {
      {"iss", absl::StrCat(emulator_->origin(), "/", tenant, "/v2.0")},
      {"aud", emulator_->client_id()},
      {"tid", tenant},
      {"ver", "2.0"},
      {"nonce", "n-1"},
      {"name", "Local Administrator"},
      {"preferred_username", "admin@contoso.onmicrosoft.com"},
  };
  for (const Claim& claim : kClaims) {
    EXPECT_EQ(TestClient::Value(jwt->payload, claim.name), claim.value);
  }
  EXPECT_TRUE(absl::StrContains(
      jwt->payload, absl::StrCat("\"iat\":", now_.load(), ",\"nbf\":",
                                 now_.load(), ",\"exp\":", now_.load() + 3599)))
      << jwt->payload;
  EXPECT_FALSE(TestClient::Value(jwt->payload, "sub").empty());
  EXPECT_NE(TestClient::Value(jwt->payload, "sub"), oid);
  std::string client_info;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(
      TestClient::Value(reply.body, "client_info"), &client_info));
  EXPECT_EQ(client_info,
            absl::StrCat("{\"uid\":\"", oid, "\",\"utid\":\"", tenant, "\"}"));
}

TEST_F(LoginAuthorizeTest, SaysOnlyWhatWasAskedFor) {
  const Reply bare = Redeem(Code("scope=User.Read&nonce="));
  EXPECT_EQ(TestClient::Value(bare.body, "id_token"), "");
  EXPECT_EQ(TestClient::Value(bare.body, "client_info"), "");
  const Reply openid = Redeem(Code("scope=openid"));
  const auto jwt = ParseJwt(TestClient::Value(openid.body, "id_token"));
  ASSERT_TRUE(jwt.has_value());
  EXPECT_EQ(TestClient::Value(jwt->payload, "oid"), "");
  EXPECT_EQ(TestClient::Value(jwt->payload, "name"), "");
}

TEST_F(LoginAuthorizeTest, AUserTokenHasNoPermissionsOfTheApplication) {
  const Reply reply = Redeem(Code());
  EXPECT_EQ(
      client_
          ->Get("/v1.0/users",
                {absl::StrCat("Authorization: Bearer ",
                              TestClient::Value(reply.body, "access_token"))})
          .status,
      403);
}

TEST_F(LoginAuthorizeTest, OnlyTheRightVerifierRedeems) {
  const std::string s256 = absl::StrCat(
      "code_challenge_method=S256"
      "&code_challenge=",
      kChallenge);
  const std::string plain = absl::StrCat("code_challenge=", kVerifier);
  const std::string right = absl::StrCat("code_verifier=", kVerifier);
  const std::string wrong = absl::StrCat("code_verifier=", kChallenge);
  for (const std::string& challenge :
       {s256, plain, absl::StrCat(plain, "&code_challenge_method=plain")}) {
    const std::string code = Code(challenge);
    ExpectRefused(Redeem(code), 501481);
    ExpectRefused(Redeem(code, wrong), 501481);
    EXPECT_EQ(Redeem(code, right).status, 200) << challenge;
  }
  ExpectRefused(Redeem(Code(), right), 501481);
}

TEST_F(LoginAuthorizeTest, ACodeIsRedeemedOnce) {
  const std::string code = Code();
  ExpectRefused(
      Redeem(code, "redirect_uri=https%3A%2F%2Flocalhost%3A1%2Fother"), 500112);
  EXPECT_EQ(Redeem(code, "client_secret=wrong").status, 401);
  EXPECT_EQ(Redeem(code).status, 200);
  ExpectRefused(Redeem(code), 54005);
  ExpectRefused(Redeem("1.nonsense"), 70000);
  EXPECT_EQ(TestClient::Value(Redeem("").body, "error"), "invalid_request");
}

TEST_F(LoginAuthorizeTest, ACodeLivesTenMinutes) {
  const std::string in_time = Code();
  const std::string late = Code();
  now_ += 599;
  EXPECT_EQ(Redeem(in_time).status, 200);
  now_ += 1;
  ExpectRefused(Redeem(late), 70008);
}

TEST_F(LoginAuthorizeTest, TellsTheApplicationWhatIsWrong) {
  struct Case {
    const char* edits;
    const char* error;
    const char* code;
  };
  const Case kCases[] = {
      {"response_type=", "invalid_request", "AADSTS900144:"},
      {"response_type=token", "unsupported_response_type", "AADSTS700054:"},
      {"response_type=code+id_token", "unsupported_response_type",
       "AADSTS700054:"},
      {"scope=", "invalid_request", "AADSTS900144:"},
      {"response_mode=smoke", "invalid_request", "AADSTS70007:"},
      {"code_challenge=short", "invalid_request", "AADSTS501491:"},
      {"code_challenge_method=S256", "invalid_request", "AADSTS501491:"},
      {"code_challenge_method=S1&code_challenge="
       "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
       "invalid_request", "AADSTS501491:"},
  };
  for (const Case& c : kCases) {
    const Reply reply = client_->Get(Url(c.edits));
    EXPECT_EQ(reply.status, 302) << c.edits;
    const Parameters returned = Returned(reply);
    EXPECT_EQ(Find(returned, "error"), c.error) << c.edits;
    EXPECT_TRUE(absl::StartsWith(Find(returned, "error_description"), c.code))
        << c.edits;
    EXPECT_EQ(Find(returned, "state"), kState) << c.edits;
    EXPECT_EQ(Find(returned, "code"), "") << c.edits;
  }
}

TEST_F(LoginAuthorizeTest, AnUnregisteredAddressIsNeverFollowed) {
  const auto expect_page = [this](const Reply& reply, absl::string_view code,
                                  absl::string_view name) {
    EXPECT_EQ(reply.status, 400) << name;
    EXPECT_FALSE(reply.headers.contains("location")) << name;
    EXPECT_TRUE(absl::StrContains(reply.body, code)) << name << reply.body;
    EXPECT_FALSE(absl::StrContains(reply.body, "<form")) << name;
  };
  for (const char* uri :
       {"https://evil.example/", "https://localhost:1/back/",
        "https://localhost:1/BACK", "https://localhost:1/back?x=1",
        "https://localhost:1@evil.example/back", "http://localhost:1/back"}) {
    const std::string edit =
        absl::StrCat("redirect_uri=", TestClient::Encode(uri));
    for (const char* more : {"", "&response_mode=form_post",
                             "&scope=", "&prompt=none", "&answer=decline"}) {
      expect_page(client_->Get(Url(absl::StrCat(edit, more))),
                  "AADSTS50011:", uri);
    }
    expect_page(client_->Post(Url(edit), "answer=accept"), "AADSTS50011:", uri);
  }
  expect_page(client_->Get(Url("redirect_uri=")), "AADSTS900971:", "none");
  expect_page(client_->Get(Url("client_id=")), "AADSTS900144:", "no client");
  expect_page(client_->Get(Url("client_id=x")), "AADSTS700016:", "stranger");
  expect_page(client_->Get(Url("", "nobody.example")),
              "AADSTS90002:", "tenant");
}

TEST(ApplicationTest, WithoutRegisteredAddressesOnlyThisHostIsOne) {
  const Application application("id", "secret", {}, true);
  for (const char* uri :
       {"https://localhost/", "https://localhost:8443/back?x=1",
        "https://127.0.0.1:1/", "https://localhost:8443"}) {
    EXPECT_TRUE(application.IsRedirectUri(uri)) << uri;
  }
  for (const char* uri :
       {"https://localhost:1@evil.example/", "https://localhost:@evil.example",
        "https://localhost.evil.example/", "https://localhost:1.evil.example/",
        "https://localhost/#x", "http://localhost/", ""}) {
    EXPECT_FALSE(application.IsRedirectUri(uri)) << uri;
  }
}

TEST_F(LoginAuthorizeTest, AnyNameOfTheTenantSignsIn) {
  for (const char* tenant :
       {"common", "Organizations", "contoso.onmicrosoft.com"}) {
    const Reply reply = client_->Get(Url("", tenant));
    EXPECT_EQ(Redeem(Find(Returned(reply), "code"), "", tenant).status, 200)
        << tenant;
  }
}

TEST_F(LoginAuthorizeTest, ThePageCanWaitForAClick) {
  emulator_->faults().Add({.kind = FaultKind::kAskConsent});
  const Reply page = client_->Get(Url());
  EXPECT_EQ(page.status, 200);
  EXPECT_TRUE(absl::StrContains(page.body, "Accept</button>"));
  EXPECT_TRUE(absl::StrContains(page.body, "<li>User.Read</li>"));
  const Reply accepted = client_->Post(Url(), "answer=accept");
  EXPECT_EQ(Redeem(Find(Returned(accepted), "code")).status, 200);
  const Parameters declined = Returned(client_->Post(Url(), "answer=decline"));
  EXPECT_EQ(Find(declined, "error"), "access_denied");
  EXPECT_EQ(Find(declined, "error_subcode"), "cancel");
  EXPECT_EQ(Find(declined, "state"), kState);
}

TEST_F(LoginAuthorizeTest, ASilentSignInShowsNoPage) {
  const auto error = [this](absl::string_view edits) {
    const Reply reply = client_->Get(Url(edits));
    EXPECT_EQ(reply.status, 302);
    EXPECT_EQ(Find(Returned(reply), "state"), kState);
    return std::string(Find(Returned(reply), "error"));
  };
  EXPECT_EQ(error("prompt=none"), "");
  const int64_t asks =
      emulator_->faults().Add({.kind = FaultKind::kAskConsent});
  EXPECT_EQ(error("prompt=none"), "interaction_required");
  emulator_->faults().Remove(asks);
  emulator_->faults().Add({.kind = FaultKind::kLoginRequired});
  EXPECT_EQ(error("prompt=none"), "login_required");
  EXPECT_EQ(error("prompt=login"), "");
}

TEST_F(LoginAuthorizeTest, ADeclinedConsentIsAnError) {
  Faults& faults = emulator_->faults();
  faults.Add({.kind = FaultKind::kDeclineConsent, .times = 1});
  const Parameters denied = Returned(client_->Get(Url()));
  EXPECT_EQ(Find(denied, "error"), "access_denied");
  EXPECT_TRUE(
      absl::StartsWith(Find(denied, "error_description"), "AADSTS65004:"));
  faults.Add({.kind = FaultKind::kDeclineConsent, .code = "consent_required"});
  EXPECT_EQ(Find(Returned(client_->Get(Url())), "error"), "consent_required");
}

}  // namespace
}  // namespace rollcall::entra
