#include "tests/fakes/entra/login_page.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/aad_error.h"

namespace rollcall::entra {
namespace {

constexpr char kHtml[] = "text/html; charset=utf-8";

HttpResponse SendForm(absl::string_view uri, const Parameters& parameters) {
  std::string body = absl::StrCat(
      "<!DOCTYPE html>\n<title>Working...</title>\n"
      "<form method=\"post\" name=\"hiddenform\" action=\"",
      EscapeHtml(uri), "\">\n");
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    absl::StrAppend(&body, "<input type=\"hidden\" name=\"", name,
                    "\" value=\"", EscapeHtml(value), "\">\n");
  }
  absl::StrAppend(&body,
                  "<button>Continue</button>\n</form>\n"
                  "<script>document.forms[0].submit();</script>\n");
  return {.headers = {{"Cache-Control", "no-store"}},
          .content_type = kHtml,
          .body = std::move(body)};
}

}  // namespace

std::optional<ResponseMode> ParseResponseMode(absl::string_view name) {
  if (name.empty() || name == "query") return ResponseMode::kQuery;
  if (name == "fragment") return ResponseMode::kFragment;
  if (name == "form_post") return ResponseMode::kFormPost;
  return std::nullopt;
}

HttpResponse ErrorPage(int code) {
  const AadError error = FindAadError(code);
  return {.status = 400,
          .content_type = kHtml,
          .body = absl::StrCat("<!DOCTYPE html><title>Sign in to your account"
                               "</title><h1>Sorry, but we're having trouble "
                               "signing you in.</h1><p>AADSTS",
                               error.code, ": ", EscapeHtml(error.message),
                               "</p>\n")};
}

HttpResponse SendBack(absl::string_view uri, ResponseMode mode,
                      const Parameters& parameters) {
  if (mode == ResponseMode::kFormPost) return SendForm(uri, parameters);
  std::string location(uri);
  char separator = absl::StrContains(uri, '?') ? '&' : '?';
  if (mode == ResponseMode::kFragment) separator = '#';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    location += separator;
    absl::StrAppend(&location, name, "=", EncodeComponent(value));
    separator = '&';
  }
  return {.status = 302,
          .headers = {{"Location", location}, {"Cache-Control", "no-store"}}};
}

HttpResponse AskConsent(const HttpRequest& request, absl::string_view question,
                        const std::vector<std::string>& permissions) {
  std::string body = absl::StrCat(
      "<!DOCTYPE html>\n<title>Permissions requested</title>\n<h1>",
      EscapeHtml(question), "</h1>\n<ul>\n");
  for (const std::string& permission : permissions) {
    absl::StrAppend(&body, "<li>", EscapeHtml(permission), "</li>\n");
  }
  absl::StrAppend(
      &body, "</ul>\n<form method=\"post\" action=\"",
      EscapeHtml(absl::StrCat(request.path, "?", request.query)), "\">\n",
      "<button name=\"answer\" value=\"accept\">Accept</button>\n"
      "<button name=\"answer\" value=\"decline\">Cancel</button>\n</form>\n");
  return {.content_type = kHtml, .body = std::move(body)};
}

Parameters PageParameters(const HttpRequest& request) {
  Parameters parameters = ParseQuery(request.query);
  if (request.method != "POST") return parameters;
  for (auto& parameter : ParseQuery(request.body)) {
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

}  // namespace rollcall::entra
