#include "services/authorization/entra_json.h"

#include <string>

#include "gtest/gtest.h"

namespace rollcall::authorization {
namespace {

TEST(TokenReply, ReadsAToken) {
  const TokenReply reply = ParseTokenReply(
      200, R"({"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,)"
           R"("access_token":"eyJ.x.y"})");
  EXPECT_EQ(Classify(reply.reply), ReplyClass::kOk);
  EXPECT_EQ(reply.access_token.Reveal(), "eyJ.x.y");
  EXPECT_EQ(reply.lifetime, absl::Seconds(3599));
}

TEST(TokenReply, NumbersMayBeTexts) {
  const TokenReply reply = ParseTokenReply(
      200, R"({"token_type":"bearer","expires_in":"60","access_token":"t"})");
  EXPECT_EQ(Classify(reply.reply), ReplyClass::kOk);
  EXPECT_EQ(reply.lifetime, absl::Minutes(1));
}

TEST(TokenReply, R12_ReadsARefusal) {
  const TokenReply reply = ParseTokenReply(
      401,
      R"({"error":"invalid_client","error_description":"AADSTS7000215: x",)"
      R"("error_codes":[7000215,"50012"],"suberror":"s","claims":"{}"})");
  EXPECT_EQ(reply.reply.error, "invalid_client");
  EXPECT_EQ(reply.reply.suberror, "s");
  EXPECT_EQ(reply.reply.codes, (std::vector<int64_t>{7000215, 50012}));
  EXPECT_TRUE(RequiresReauthorization(reply.reply));
}

// Nothing of this is a token, and nothing of it costs a connection.
TEST(TokenReply, R12_NonsenseIsTransient) {
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  const std::string bodies[] = {
      "",
      "<html>Bad gateway</html>",
      "[]",
      "null",
      "{",
      "{}",
      "{\"access_token\":\"t\"",
      R"({"access_token":"t","token_type":"Bearer"})",
      R"({"access_token":"","token_type":"Bearer","expires_in":60})",
      R"({"access_token":"a b","token_type":"Bearer","expires_in":60})",
      R"({"access_token":"a\r\nX: y","token_type":"Bearer","expires_in":60})",
      R"({"access_token":7,"token_type":"Bearer","expires_in":60})",
      R"({"access_token":"t","token_type":"mac","expires_in":60})",
      R"({"access_token":"t","token_type":"Bearer","expires_in":-1})",
      R"({"access_token":"t","token_type":"Bearer","expires_in":1e99})",
      R"({"error":null})",
      R"({"error":{"code":"invalid_grant"}})",
      "{\"error\":\"\xFF\"}",
      "{\"x\":" + deep + "}",
  };
  for (const std::string& body : bodies) {
    for (const int status : {200, 400, 401}) {
      const TokenReply reply = ParseTokenReply(status, body);
      EXPECT_EQ(Classify(reply.reply), ReplyClass::kTransient) << body;
      EXPECT_TRUE(reply.access_token.empty()) << body;
    }
  }
}

TEST(Organization, R3_ReadsItsIdAndName) {
  const auto organization = ParseOrganization(
      R"({"@odata.context":"x","value":[{"id":"t","displayName":"Contoso"}]})");
  ASSERT_TRUE(organization.has_value());
  EXPECT_EQ(organization->id, "t");
  EXPECT_EQ(organization->display_name, "Contoso");
}

TEST(Organization, LongNamesAreCut) {
  const auto organization =
      ParseOrganization(R"({"value":[{"id":"t","displayName":")" +
                        std::string(1 << 19, 'x') + R"("}]})");
  ASSERT_TRUE(organization.has_value());
  EXPECT_EQ(organization->display_name.size(), 256u);
}

TEST(Organization, ATenantIsExactlyOne) {
  for (const char* body :
       {"", "{}", R"({"value":[]})", R"({"value":[{}]})", R"({"value":[7]})",
        R"({"value":{"id":"t"}})", R"({"value":[{"displayName":"x"}]})",
        R"({"value":[{"id":"a"},{"id":"b"}]})"}) {
    EXPECT_FALSE(ParseOrganization(body).has_value()) << body;
  }
}

}  // namespace
}  // namespace rollcall::authorization
