// What a browser sees of the redirect page.
#include "services/authorization/callback_page.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "tests/system/authorization/world.h"

namespace rollcall::authorization {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::Not;

std::string AddressOf(const World& world, const std::string& target) {
  return absl::StrCat("https://localhost:", world.page().port(), target);
}

void ExpectSafeHeaders(const http::Response& response) {
  EXPECT_THAT(response.Header("content-security-policy").value_or(""),
              HasSubstr("default-src 'none'"));
  EXPECT_EQ(response.Header("x-content-type-options").value_or(""), "nosniff");
  EXPECT_EQ(response.Header("referrer-policy").value_or(""), "no-referrer");
  EXPECT_EQ(response.Header("cache-control").value_or(""), "no-store");
}

TEST(CallbackPage, SaysHowItWent) {
  World world;
  const http::Response page =
      world.Open(world.Consent(world.Begin().consent_uri()));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.Header("content-type").value_or(""), HasSubstr("text/html"));
  ExpectSafeHeaders(page);
}

TEST(CallbackPage, SendsTheBrowserOnWhereTheOperatorCameFrom) {
  World world;
  v1::BeginAuthorizationRequest request = world.BeginRequest();
  request.set_return_uri("https://panel.test/directories/new?step=2");
  const http::Response page =
      world.Open(world.Consent(world.Begin(request).consent_uri()));
  EXPECT_EQ(page.status, 303);
  EXPECT_EQ(page.Header("location").value_or(""),
            "https://panel.test/directories/new?step=2");
  ExpectSafeHeaders(page);
}

TEST(CallbackPage, TellsStrangersNothing) {
  World world;
  const std::string id = world.Begin().name().substr(36);
  std::string first;
  for (const std::string& query :
       {std::string(""), std::string("?state="), std::string("?state=x"),
        std::string("?state=acme.nothing.x&tenant=y"),
        absl::StrCat("?state=acme.", id, ".x&error=access_denied"),
        std::string("?state=%00%0d%0a&tenant=%3Cscript%3E"),
        std::string("?admin_consent=True&tenant=x")}) {
    const http::Response page =
        world.Open(AddressOf(world, "/oauth/callback") + query);
    EXPECT_EQ(page.status, 400) << query;
    EXPECT_THAT(page.body, Not(HasSubstr("<script>")));
    ExpectSafeHeaders(page);
    // The same words, whether there is such a pending authorization or not.
    if (first.empty()) first = page.body;
    EXPECT_EQ(page.body, first) << query;
  }
}

TEST(CallbackPage, EscapesWhatOthersWrote) {
  World world;
  const v1::PendingAuthorization begun = world.Begin();
  const std::string redirect =
      absl::StrCat(AddressOf(world, "/oauth/callback"),
                   "?state=", World::Parameter(begun.consent_uri(), "state"),
                   "&error=%3Cimg%20src%3Dx%3E&error_description="
                   "AADSTS1%3Cscript%3Ealert(1)%3C%2Fscript%3E");
  const http::Response page = world.Open(redirect);
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, Not(HasSubstr("<img")));
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
}

TEST(CallbackPage, HasNothingElse) {
  World world;
  for (const char* target : {"/", "/oauth", "/oauth/callback/x", "/metrics"}) {
    const http::Response page = world.Open(AddressOf(world, target));
    EXPECT_EQ(page.status, 404) << target;
    ExpectSafeHeaders(page);
  }
}

TEST(CallbackPage, TakesNewCertificatesWithoutARestart) {
  World world;
  const std::string address = AddressOf(world, "/");
  EXPECT_EQ(world.Open(address).status, 404);
  // In the place of the old ones: for another name than the page has.
  world.authority().Issue(
      "callback", {.dns_names = {"elsewhere.test"}, .ip_addresses = {}});
  EXPECT_FALSE(world.OpenAnew(address).ok());
  world.authority().Issue("callback", {});
  EXPECT_OK(world.OpenAnew(address));
}

TEST(CallbackPage, NeedsItsAddressAndItsCertificate) {
  World world;
  EXPECT_THAT(
      CallbackPage::Start({.listen = "localhost"}, world.authorizer()),
      StatusIs(StatusCode::kFailedPrecondition, "CALLBACK_ADDRESS_INVALID"));
  EXPECT_THAT(CallbackPage::Start({.listen = "localhost:0",
                                   .certificate_file = "/nonexistent",
                                   .key_file = "/nonexistent"},
                                  world.authorizer()),
              StatusIs(StatusCode::kFailedPrecondition,
                       "CALLBACK_CERTIFICATE_INVALID"));
}

}  // namespace
}  // namespace rollcall::authorization
