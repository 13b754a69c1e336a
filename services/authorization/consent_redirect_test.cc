#include "services/authorization/consent_redirect.h"

#include <string>

#include "gtest/gtest.h"

namespace rollcall::authorization {
namespace {

using Kind = RedirectVerdict::Kind;

const absl::Time kNoon = absl::FromUnixSeconds(1772366400);
constexpr char kTenant[] = "11111111-2222-3333-4444-555555555555";
constexpr char kOther[] = "99999999-2222-3333-4444-555555555555";

ConsentRequest ARequest() {
  return {.login_origin = "https://login.microsoftonline.com",
          .graph_origin = "https://graph.microsoft.com",
          .tenant = kTenant,
          .client_id = "00000000-0000-0000-0000-00000000000c",
          .redirect_uri = "https://localhost:7443/oauth/callback",
          .state = "acme.p1.x"};
}

TEST(ConsentUri, R1_LeadsToMicrosoftsOwnPage) {
  EXPECT_EQ(
      ConsentUri(ARequest()),
      "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/"
      "v2.0/adminconsent?client_id=00000000-0000-0000-0000-00000000000c"
      "&redirect_uri=https%3A%2F%2Flocalhost%3A7443%2Foauth%2Fcallback"
      "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&state=acme.p1.x");
}

TEST(ConsentUri, WithoutATenantAnyOrganisationMaySignIn) {
  ConsentRequest request = ARequest();
  request.tenant = "";
  EXPECT_NE(ConsentUri(request).find(".com/organizations/v2.0/adminconsent?"),
            std::string::npos);
}

TEST(ConsentUri, NothingInItIsReadAsSyntax) {
  ConsentRequest request = ARequest();
  request.tenant = "../common?x=#";
  request.state = "a&admin_consent=True#";
  const std::string uri = ConsentUri(request);
  EXPECT_NE(uri.find("/..%2Fcommon%3Fx%3D%23/v2.0/"), std::string::npos);
  EXPECT_NE(uri.find("state=a%26admin_consent%3DTrue%23"), std::string::npos);
}

PendingFacts Waiting() {
  return {.state_matches = true, .expire_time = kNoon + kConsentTime};
}

TEST(JudgeRedirect, ClaimsATenant) {
  const auto verdict = JudgeRedirect(Waiting(), {.tenant = kTenant}, kNoon);
  EXPECT_EQ(verdict.kind, Kind::kClaims);
  EXPECT_EQ(verdict.tenant->value(), kTenant);
}

TEST(JudgeRedirect, R4_TheStateComesBeforeAnythingElse) {
  PendingFacts pending = Waiting();
  pending.state_matches = false;
  EXPECT_EQ(JudgeRedirect(pending, {.tenant = kTenant}, kNoon).kind,
            Kind::kNotOurs);
  EXPECT_EQ(JudgeRedirect(pending, {.error = "access_denied"}, kNoon).kind,
            Kind::kNotOurs);
}

TEST(JudgeRedirect, IsTakenOnce) {
  PendingFacts pending = Waiting();
  pending.state_used = true;
  EXPECT_EQ(JudgeRedirect(pending, {.tenant = kTenant}, kNoon).kind,
            Kind::kUsed);
}

TEST(JudgeRedirect, IsTakenForTenMinutes) {
  const PendingFacts pending = Waiting();
  EXPECT_EQ(JudgeRedirect(pending, {.tenant = kTenant},
                          kNoon + absl::Minutes(10) - absl::Nanoseconds(1))
                .kind,
            Kind::kClaims);
  EXPECT_EQ(
      JudgeRedirect(pending, {.tenant = kTenant}, kNoon + absl::Minutes(10))
          .kind,
      Kind::kExpired);
}

TEST(JudgeRedirect, AnErrorComesBeforeASuccess) {
  const auto verdict = JudgeRedirect(
      Waiting(),
      {.tenant = kTenant,
       .error = "consent_required",
       .error_description = "AADSTS65004: The resource owner ada@contoso.com "
                            "denied the request.\r\nTrace ID: 1"},
      kNoon);
  EXPECT_EQ(verdict.kind, Kind::kDeclined);
  EXPECT_EQ(verdict.sentence,
            "The administrator did not give consent (AADSTS65004).");
}

TEST(JudgeRedirect, RepeatsNothingOfTheirText) {
  const auto verdict = JudgeRedirect(
      Waiting(), {.error = "<script>", .error_description = "AADSTSx <b>"},
      kNoon);
  EXPECT_EQ(verdict.sentence, "The login page reported an error.");
}

TEST(JudgeRedirect, ATenantIsAGuid) {
  for (const char* tenant : {"", "contoso.com", "common", "{x}"}) {
    EXPECT_EQ(JudgeRedirect(Waiting(), {.tenant = tenant}, kNoon).kind,
              Kind::kDeclined)
        << tenant;
  }
}

TEST(JudgeRedirect, R4_AnotherTenantThanTheOneAskedForIsRefused) {
  PendingFacts pending = Waiting();
  pending.tenant = *ObjectId::Parse(kTenant);
  EXPECT_EQ(JudgeRedirect(pending, {.tenant = kOther}, kNoon).kind,
            Kind::kDeclined);
  EXPECT_EQ(JudgeRedirect(pending, {.tenant = kTenant}, kNoon).kind,
            Kind::kClaims);
}

}  // namespace
}  // namespace rollcall::authorization
