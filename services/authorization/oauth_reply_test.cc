#include "services/authorization/oauth_reply.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace rollcall::authorization {
namespace {

constexpr ReplyClass kReauth = ReplyClass::kReauth;
constexpr ReplyClass kConsent = ReplyClass::kConsent;
constexpr ReplyClass kConfig = ReplyClass::kConfig;
constexpr ReplyClass kTransient = ReplyClass::kTransient;

struct Row {
  const char* what;
  OAuthReply reply;
  ReplyClass reply_class;
  bool lost;  // Reauthorization is required.
};

Row Refusal(const char* what, int status, const char* error,
            const char* suberror, std::vector<int64_t> codes,
            ReplyClass reply_class, bool lost) {
  return {what,
          {status, true, error, suberror, std::move(codes)},
          reply_class,
          lost};
}

// Protocol §1.8, both tables, row by row.
std::vector<Row> Table() {
  std::vector<Row> rows = {
      Refusal("bad_token", 400, "invalid_grant", "bad_token", {}, kReauth,
              true),
      Refusal("basic_action", 400, "invalid_grant", "basic_action", {}, kReauth,
              true),
      Refusal("interaction", 400, "interaction_required", "", {}, kReauth,
              true),
      Refusal("login", 400, "login_required", "", {}, kReauth, true),
      Refusal("consent_required", 400, "consent_required", "", {}, kConsent,
              true),
      Refusal("suberror consent_required", 400, "invalid_grant",
              "consent_required", {}, kConsent, true),
      Refusal("invalid_scope", 400, "invalid_scope", "", {70011}, kConfig,
              false),
      Refusal("invalid_scope, several resources", 400, "invalid_scope", "",
              {28002}, kConfig, false),
      Refusal("invalid_resource", 400, "invalid_resource", "", {500011},
              kConfig, false),
      Refusal("invalid_resource, disabled", 400, "invalid_resource", "",
              {50001}, kConfig, false),
      Refusal("unsupported_grant_type", 400, "unsupported_grant_type", "", {},
              kConfig, false),
      Refusal("tenant not found", 400, "invalid_request", "", {90002}, kConfig,
              false),
      Refusal("tenant not found, openid form", 400, "invalid_tenant", "",
              {90002}, kConfig, false),
      Refusal("tenant of another cloud", 400, "invalid_request", "", {90038},
              kConfig, false),
      Refusal("parameter missing", 400, "invalid_request", "", {900144},
              kConfig, false),
      Refusal("unknown error", 400, "something_new", "", {}, kConfig, false),
      Refusal("wrong secret", 401, "invalid_client", "", {7000215}, kConfig,
              true),
      Refusal("expired secret", 401, "invalid_client", "", {7000222}, kConfig,
              true),
      Refusal("unknown certificate", 401, "invalid_client", "", {700027},
              kConfig, true),
      Refusal("no credential", 401, "invalid_client", "", {7000218}, kConfig,
              true),
      Refusal("bad client", 401, "invalid_client", "", {70002}, kConfig, true),
      Refusal("app not in the tenant", 400, "unauthorized_client", "", {700016},
              kConfig, true),
      Refusal("app disabled", 400, "unauthorized_client", "", {7000112},
              kConfig, true),
      Refusal("app unknown", 400, "unauthorized_client", "", {70001}, kConfig,
              true),
      Refusal("no service principal", 400, "unauthorized_client", "", {7000229},
              kConsent, true),
      Refusal("temporarily_unavailable", 400, "temporarily_unavailable", "", {},
              kTransient, false),
      Refusal("server_error", 400, "server_error", "", {}, kTransient, false),
  };
  for (const int64_t code :
       {50034, 50053, 50055, 50057, 50072, 50074, 50076, 50078, 50079, 50089,
        50132, 50133, 50173, 54005, 70000, 70008, 70043, 700082, 700084}) {
    rows.push_back(
        Refusal("user grant", 400, "invalid_grant", "", {code}, kReauth, true));
  }
  for (const int64_t code :
       {65001, 65004, 65005, 90094, 90095, 650052, 650056, 650057}) {
    rows.push_back(
        Refusal("consent", 400, "invalid_grant", "", {code}, kConsent, true));
  }
  for (const int64_t code :
       {53000, 53001, 53002, 53003, 53004, 53011, 530032, 530034, 530035}) {
    rows.push_back(Refusal("policy blocks the app", 400, "invalid_grant",
                           "message_only", {code}, kConfig, false));
  }
  for (const int64_t code :
       {50033, 50087, 50196, 90006, 90012, 90024, 90033, 90055, 90090}) {
    rows.push_back(Refusal("trouble at their side", 400, "invalid_grant", "",
                           {code}, kTransient, false));
    rows.push_back(Refusal("trouble at their side", 401, "invalid_client", "",
                           {code}, kTransient, false));
  }
  return rows;
}

TEST(OAuthReply, R12_EveryRowOfTheTableHasItsClass) {
  for (const Row& row : Table()) {
    SCOPED_TRACE(std::string(row.what) + ": " + Describe(row.reply));
    EXPECT_EQ(Classify(row.reply), row.reply_class);
    EXPECT_EQ(RequiresReauthorization(row.reply), row.lost);
  }
}

// Property: whatever the body of a 429, a 5xx or no answer says, it never asks
// for reauthorization.
TEST(OAuthReply, R12_BusyAndBrokenAreNeverDefinitive) {
  for (const Row& row : Table()) {
    for (const int status : {0, 408, 429, 500, 502, 503, 504, 599}) {
      OAuthReply reply = row.reply;
      reply.http_status = status;
      EXPECT_EQ(Classify(reply), kTransient) << Describe(reply);
      EXPECT_FALSE(RequiresReauthorization(reply)) << Describe(reply);
    }
    OAuthReply page = row.reply;
    page.well_formed = false;
    EXPECT_EQ(Classify(page), kTransient) << Describe(page);
    EXPECT_FALSE(RequiresReauthorization(page)) << Describe(page);
  }
}

TEST(OAuthReply, OnlyATokenIsASuccess) {
  EXPECT_EQ(Classify({.http_status = 200, .well_formed = true}),
            ReplyClass::kOk);
  EXPECT_EQ(Classify({.http_status = 200, .well_formed = false}), kTransient);
  EXPECT_EQ(Classify({.http_status = 302, .well_formed = true}), kTransient);
  EXPECT_EQ(Classify({.http_status = 400, .well_formed = true}), kTransient);
  EXPECT_EQ(
      Classify(
          {.http_status = 200, .well_formed = true, .error = "invalid_grant"}),
      kTransient);
}

TEST(OAuthReply, R12_AConsentJustGivenMayStillSettle) {
  for (const int64_t code : {65001, 700016, 7000229}) {
    EXPECT_TRUE(
        MayBeUnsettledConsent({400, true, "unauthorized_client", "", {code}}))
        << code;
  }
  // Declined, or waiting for somebody else: no time heals that.
  EXPECT_FALSE(
      MayBeUnsettledConsent({400, true, "invalid_grant", "", {65004}}));
  EXPECT_FALSE(
      MayBeUnsettledConsent({400, true, "invalid_grant", "", {90094}}));
  EXPECT_FALSE(
      MayBeUnsettledConsent({401, true, "invalid_client", "", {7000215}}));
  EXPECT_FALSE(MayBeUnsettledConsent({503, true, "", "", {700016}}));
}

TEST(OAuthReply, LeavesTheEndpointAloneAsAsked) {
  EXPECT_EQ(LeastWait({400, true, "invalid_grant", "", {50196}}),
            absl::Minutes(5));
  EXPECT_EQ(LeastWait({400, true, "invalid_scope", "", {}}), absl::Minutes(15));
  EXPECT_EQ(LeastWait({503, false, "", "", {}}), absl::ZeroDuration());
}

TEST(OAuthReply, DescribesWithoutTheirText) {
  EXPECT_EQ(Describe({401, true, "invalid_client", "", {7000215}}),
            "invalid_client (AADSTS7000215)");
  EXPECT_EQ(Describe({400, true, "access_denied", "", {}}), "access_denied");
  EXPECT_EQ(Describe({503, false, "", "", {}}), "HTTP 503");
  EXPECT_EQ(Describe({0, false, "", "", {}}), "no answer");
  EXPECT_EQ(Describe({400, true, "<b>ada@contoso.com</b>", "", {}}),
            "HTTP 400");
}

}  // namespace
}  // namespace rollcall::authorization
