#include "common/http/url.h"

#include <string>

#include "common/status/errors.h"
#include "gtest/gtest.h"

namespace rollcall::http {
namespace {

TEST(Url, IsTakenApart) {
  const auto url = Url::Parse("HTTPS://Graph.Microsoft.com/v1.0/users?$top=9");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "graph.microsoft.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->path, "/v1.0/users");
  EXPECT_EQ(url->query, "$top=9");
  EXPECT_EQ(url->user, "");
  EXPECT_EQ(url->Origin(), "https://graph.microsoft.com");
}

struct OriginRow {
  std::string text;
  std::string origin;
};

TEST(Url, OriginTellsWhereItReallyLeads) {
  const OriginRow rows[] = {
      {"https://localhost:8443", "https://localhost:8443"},
      {"https://localhost:443/x", "https://localhost"},
      {"http://localhost:80/x", "http://localhost"},
      {"http://localhost:443/x", "http://localhost:443"},
      {"https://[::1]:8443/", "https://[::1]:8443"},
      // protocol §5.1: strings that look like Graph and are not.
      {"http://graph.microsoft.com/", "http://graph.microsoft.com"},
      {"https://graph.microsoft.com.evil.test/",
       "https://graph.microsoft.com.evil.test"},
      {"https://evil.test/?https://graph.microsoft.com", "https://evil.test"},
      {"https://evil.test#@graph.microsoft.com/", "https://evil.test"},
      {"https://evil.test?@graph.microsoft.com/", "https://evil.test"},
      {"https://graph.microsoft.com:443@evil.test/", "https://evil.test"},
      {"https://graph.microsoft.com%2eevil.test/",
       "https://graph.microsoft.com.evil.test"},
  };
  for (const OriginRow& row : rows) {
    const auto url = Url::Parse(row.text);
    ASSERT_TRUE(url.ok()) << row.text << ": " << url.status();
    EXPECT_EQ(url->Origin(), row.origin) << row.text;
  }
}

TEST(Url, ShowsUserinfo) {
  EXPECT_EQ(Url::Parse("https://graph.microsoft.com:443@evil.test/")->user,
            "graph.microsoft.com");
  EXPECT_NE(Url::Parse("https://:secret@evil.test/")->user, "");
}

TEST(Url, RefusesWhatParsersReadDifferently) {
  const std::string wrong[] = {
      "",
      "graph.microsoft.com",
      "//evil.test",
      "/v1.0/users",
      "https:graph.microsoft.com",
      "https:/graph.microsoft.com",
      "https:///graph.microsoft.com",
      "://graph.microsoft.com",
      "https://",
      "https://graph.microsoft.com\\@evil.test/",
      "https://graph.microsoft.com /",
      " https://graph.microsoft.com/",
      "https://graph.microsoft.com/\r\nX: y",
      "https://graph.microsoft.com/\t",
      std::string("https://graph.microsoft.com/\0", 29),
      "https://graph.microsoft.com:99999/",
      "https://graph.microsoft.com:x/",
      "https://gr\xC3\xA4ph.microsoft.com/",
      "https://host/" + std::string(70000, 'x'),
  };
  for (const std::string& text : wrong) {
    EXPECT_EQ(ReasonOf(Url::Parse(text).status()), "HTTP_URL_INVALID") << text;
  }
}

TEST(Url, ErrorsDoNotRepeatTheAddress) {
  const absl::Status refused =
      Url::Parse("https://host/?$skiptoken=hunter2 ").status();
  EXPECT_EQ(refused.ToString().find("hunter2"), std::string::npos);
}

TEST(Url, LinksKeepTheirWriting) {
  const auto url =
      Url::Parse("https://h/v1.0/../a//b/%2f?$skiptoken=X%2744%27&b=%c3");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->path, "/v1.0/../a//b/%2f");
  EXPECT_EQ(url->query, "$skiptoken=X%2744%27&b=%c3");
}

}  // namespace
}  // namespace rollcall::http
