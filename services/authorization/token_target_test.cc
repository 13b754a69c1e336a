#include "services/authorization/token_target.h"

#include "common/status/errors.h"
#include "gtest/gtest.h"

namespace rollcall::authorization {
namespace {

constexpr char kGraph[] = "https://graph.microsoft.com";

TEST(TokenTarget, IsGraphOfTheRecord) {
  EXPECT_TRUE(
      CheckTokenTarget("https://graph.microsoft.com/v1.0/organization", kGraph)
          .ok());
  EXPECT_TRUE(CheckTokenTarget(
                  "https://GRAPH.microsoft.com:443/v1.0/users?$top=9", kGraph)
                  .ok());
  EXPECT_TRUE(CheckTokenTarget("https://localhost:8443/v1.0/organization",
                               "https://localhost:8443")
                  .ok());
}

// Protocol §5.1, all of its strings, and some more.
TEST(TokenTarget, R2_LinksToElsewhereGetNoToken) {
  for (const char* url : {
           "http://graph.microsoft.com/",
           "http://graph.microsoft.com/v1.0/organization",
           "https://graph.microsoft.com.evil.test/v1.0/organization",
           "https://evil.test/?https://graph.microsoft.com",
           "https://evil.test/v1.0/?https://graph.microsoft.com",
           "https://graph.microsoft.com:443@evil.test/v1.0/",
           "https://graph.microsoft.com\\@evil.test/v1.0/",
           "//evil.test",
           "//graph.microsoft.com/v1.0/",
           "https://user@graph.microsoft.com/v1.0/users",
           "https://graph.microsoft.com:8443/v1.0/users",
           "https://evilgraph.microsoft.com/v1.0/users",
           "https://graph.microsoft.com./v1.0/users",
           "https://graph.microsoft.com/beta/users",
           "https://graph.microsoft.com/v1.0/../beta/users",
           "https://graph.microsoft.com/v1.0",
           "",
       }) {
    EXPECT_EQ(ReasonOf(CheckTokenTarget(url, kGraph)), "TOKEN_TARGET_FOREIGN")
        << url;
  }
}

TEST(Origin, IsWhatIsCompared) {
  EXPECT_EQ(*ParseOrigin("https://Login.MicrosoftOnline.com/", "x"),
            "https://login.microsoftonline.com");
  EXPECT_EQ(*ParseOrigin("https://localhost:8443", "x"),
            "https://localhost:8443");
}

TEST(Origin, IsNothingElse) {
  for (const char* text :
       {"", "login.microsoftonline.com", "http://login.microsoftonline.com",
        "https://login.microsoftonline.com/common",
        "https://login.microsoftonline.com/?x=1",
        "https://login.microsoftonline.com/?",
        "https://login.microsoftonline.com/#x",
        "https://user@login.microsoftonline.com", "https://", "//evil.test"}) {
    EXPECT_EQ(ReasonOf(ParseOrigin(text, "cloud.login_origin").status()),
              "ORIGIN_INVALID")
        << text;
  }
}

}  // namespace
}  // namespace rollcall::authorization
