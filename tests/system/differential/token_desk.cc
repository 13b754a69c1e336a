#include "tests/system/differential/token_desk.h"

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "simdjson.h"

namespace rollcall::directory {

absl::StatusOr<AccessToken> TokenDesk::MintAccessToken(
    const ConnectionName& /*connection*/) {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.TimeNow();
  if (token_.has_value() && token_->expire_time > now + absl::Minutes(5)) {
    return *token_;
  }
  http::Request request;
  request.method = "POST";
  request.url = absl::StrCat(emulator_.origin(), "/", emulator_.tenant_id(),
                             "/oauth2/v2.0/token");
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body =
      http::FormEncode({{"grant_type", "client_credentials"},
                        {"client_id", emulator_.client_id()},
                        {"client_secret", emulator_.client_secret()},
                        {"scope", "https://graph.microsoft.com/.default"}});
  ASSIGN_OR_RETURN(const http::Response response, http_.Send(request));
  simdjson::dom::parser parser;
  const auto body = parser.parse(response.body);
  std::string_view token;
  int64_t expires_in = 0;
  if (response.status != 200 || body.at_key("access_token").get(token) ||
      body.at_key("expires_in").get(expires_in)) {
    return Unavailable("TOKEN_UNAVAILABLE",
                       "The token endpoint is in trouble; ask again later.");
  }
  token_ = AccessToken{.token = Secret(std::string(token)),
                       .expire_time = now + absl::Seconds(expires_in),
                       .graph_origin = emulator_.origin(),
                       .tenant_id = emulator_.tenant_id()};
  return *token_;
}

absl::Status TokenDesk::ReportRejectedToken(
    const ConnectionName& /*connection*/, const Secret& /*token*/) {
  absl::MutexLock lock(&mutex_);
  token_.reset();
  return absl::OkStatus();
}

absl::StatusOr<ConnectionFacts> TokenDesk::GetConnection(
    const ConnectionName& /*connection*/) {
  return ConnectionFacts{.tenant_id = emulator_.tenant_id()};
}

}  // namespace rollcall::directory
