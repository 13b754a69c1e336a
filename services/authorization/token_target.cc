#include "services/authorization/token_target.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/http/url.h"
#include "common/status/errors.h"

namespace rollcall::authorization {

absl::StatusOr<std::string> ParseOrigin(absl::string_view text,
                                        absl::string_view field) {
  const auto url = http::Url::Parse(text);
  const bool is_origin = url.ok() && url->scheme == "https" &&
                         url->user.empty() && url->path == "/" &&
                         url->query.empty() && !absl::StrContains(text, '#') &&
                         !absl::StrContains(text, '?');
  if (!is_origin) {
    return InvalidArgument("ORIGIN_INVALID",
                           absl::StrCat(field,
                                        " must be an https origin such as "
                                        "https://login.microsoftonline.com."),
                           {{"field", std::string(field)}});
  }
  return url->Origin();
}

absl::Status CheckTokenTarget(absl::string_view url,
                              absl::string_view graph_origin) {
  const auto target = http::Url::Parse(url);
  if (target.ok() && target->scheme == "https" && target->user.empty() &&
      target->Origin() == graph_origin &&
      absl::StartsWith(target->path, "/v1.0/") &&
      !absl::StrContains(target->path, "/../")) {
    return absl::OkStatus();
  }
  return PermissionDenied(
      "TOKEN_TARGET_FOREIGN",
      absl::StrCat("An access token goes to ", graph_origin,
                   "/v1.0/ only; an address leads elsewhere."),
      {{"graph_origin", std::string(graph_origin)}});
}

}  // namespace rollcall::authorization
