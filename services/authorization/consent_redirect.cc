#include "services/authorization/consent_redirect.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/http/encoding.h"
#include "services/authorization/oauth_reply.h"

namespace rollcall::authorization {
namespace {

using Kind = RedirectVerdict::Kind;

// Their descriptions hold names of people; only the error's name and its number
// are repeated.
std::string AadstsCode(absl::string_view description) {
  const size_t at = description.find("AADSTS");
  if (at == absl::string_view::npos) return "";
  const absl::string_view digits = description.substr(at + 6);
  size_t length = 0;
  while (length < digits.size() && length < 12 &&
         absl::ascii_isdigit(digits[length])) {
    ++length;
  }
  return length == 0 ? ""
                     : absl::StrCat(" (AADSTS", digits.substr(0, length), ")");
}

std::string DeclinedSentence(const Redirect& redirect) {
  const std::string code = AadstsCode(redirect.error_description);
  if (redirect.error == "access_denied" ||
      redirect.error == "consent_required" ||
      redirect.error == "permission_denied") {
    return absl::StrCat("The administrator did not give consent", code, ".");
  }
  return absl::StrCat("The login page reported ",
                      IsErrorName(redirect.error) ? redirect.error : "an error",
                      code, ".");
}

}  // namespace

std::string ConsentUri(const ConsentRequest& request) {
  const std::string tenant =
      request.tenant.empty() ? "organizations" : request.tenant;
  return absl::StrCat(
      request.login_origin, "/", http::PercentEncode(tenant),
      "/v2.0/adminconsent?",
      http::FormEncode({{"client_id", request.client_id},
                        {"redirect_uri", request.redirect_uri},
                        {"scope", request.graph_origin + "/.default"},
                        {"state", request.state}}));
}

RedirectVerdict JudgeRedirect(const PendingFacts& pending,
                              const Redirect& redirect, absl::Time now) {
  if (!pending.state_matches) return {.kind = Kind::kNotOurs};
  if (pending.state_used) return {.kind = Kind::kUsed};
  if (now >= pending.expire_time) return {.kind = Kind::kExpired};
  if (!redirect.error.empty()) {
    return {.kind = Kind::kDeclined, .sentence = DeclinedSentence(redirect)};
  }
  const auto tenant = ObjectId::Parse(redirect.tenant);
  if (!tenant.ok()) {
    return {
        .kind = Kind::kDeclined,
        .sentence = "The login page did not say which tenant gave consent."};
  }
  if (pending.tenant.has_value() && *pending.tenant != *tenant) {
    return {.kind = Kind::kDeclined,
            .sentence = absl::StrCat("Consent was given for the tenant ",
                                     tenant->value(), " instead of ",
                                     pending.tenant->value(), ".")};
  }
  return {.kind = Kind::kClaims, .tenant = *tenant};
}

}  // namespace rollcall::authorization
