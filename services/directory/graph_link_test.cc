#include "services/directory/graph_link.h"

#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

using ::rollcall::testing::StatusIs;

TEST(GraphLink, TheTenantsGraphIsFollowed) {
  for (const char* link : {
           "https://graph.microsoft.com/v1.0/users?$skiptoken=X%2744",
           "https://graph.microsoft.com:443/v1.0/users",
           "HTTPS://Graph.Microsoft.COM/v1.0/groups/x/members?$top=999",
           "https://graph.microsoft.com/v1.0/users/a@b.c/memberOf?x=//..",
       }) {
    EXPECT_OK(CheckGraphLink(link, "https://graph.microsoft.com")) << link;
  }
  EXPECT_OK(CheckGraphLink("https://localhost:8443/v1.0/users",
                           "https://localhost:8443"));
}

// The strings of section 5.1 of the protocol, and some more.
TEST(GraphLink, NothingElseIs) {
  for (const char* link : {
           "http://graph.microsoft.com/",
           "http://graph.microsoft.com/v1.0/users",
           "https://graph.microsoft.com.evil.test/",
           "https://graph.microsoft.com.evil.test/v1.0/users",
           "https://evil.test/?https://graph.microsoft.com",
           "https://evil.test/v1.0/?https://graph.microsoft.com/v1.0/",
           "https://graph.microsoft.com:443@evil.test/",
           "https://graph.microsoft.com:443@evil.test/v1.0/users",
           "https://graph.microsoft.com\\@evil.test/",
           "https://graph.microsoft.com\\@evil.test/v1.0/users",
           "//evil.test",
           "//graph.microsoft.com/v1.0/users",
           "/v1.0/users",
           "https://user@graph.microsoft.com/v1.0/users",
           "https://user:password@graph.microsoft.com/v1.0/users",
           "https://graph.microsoft.com:8443/v1.0/users",
           "https://graph.microsoft.com./v1.0/users",
           "https://xgraph.microsoft.com/v1.0/users",
           "https://graph.microsoft.com/beta/users",
           "https://graph.microsoft.com/v1.0",
           "https://graph.microsoft.com/v1.0/../beta/users",
           "https://@graph.microsoft.com/v1.0/users",
           "https://:@graph.microsoft.com/v1.0/users",
           "https://graph%2Emicrosoft.com/v1.0/users",
           "https://graph.microsoft.com%00.evil.test/v1.0/users",
           "https://graph.microsoft.com#@evil.test/v1.0/users",
           "https://graph.microsoft.com?@evil.test/v1.0/users",
           "https:///graph.microsoft.com/v1.0/users",
           "https:graph.microsoft.com/v1.0/users",
           "https://graph.microsoft.com:0443x/v1.0/users",
           "https://graph.microsoft.com/v1.0/%2e%2e/beta/users",
           "https://graph.microsoft.com/v1.0/.%2E/beta/users",
           "https://graph.microsoft.com/V1.0/users",
           "https://gr\xc3\xa4ph.microsoft.com/v1.0/users",
           "https://graph.microsoft.com/v1.0/users\r\nX-Injected: 1",
           "https://graph.microsoft.com/v1.0/us ers",
           "https://127.0.0.1/v1.0/users",
           "file:///etc/passwd",
           "",
       }) {
    EXPECT_THAT(CheckGraphLink(link, "https://graph.microsoft.com"),
                StatusIs(absl::StatusCode::kDataLoss, "GRAPH_LINK_ELSEWHERE"))
        << link;
  }
}

}  // namespace
}  // namespace rollcall::directory
