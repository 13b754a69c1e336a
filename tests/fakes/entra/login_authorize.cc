#include "tests/fakes/entra/login_authorize.h"

#include <utility>

#include "absl/strings/str_split.h"
#include "tests/fakes/entra/aad_error.h"
#include "tests/fakes/entra/login_page.h"

namespace rollcall::entra {
namespace {

// An error that the application gets, in the browser.
struct Refusal {
  int code = 0;             // of AADSTS; 0: nothing is wrong
  absl::string_view error;  // if not that of the code
  absl::string_view subcode;
};

// Whether the application is told anything at all; 0 if so.
int CheckReturn(const Application& application, const Parameters& parameters) {
  const absl::string_view client_id = Find(parameters, "client_id");
  const absl::string_view redirect_uri = Find(parameters, "redirect_uri");
  if (client_id.empty()) return 900144;
  if (client_id != application.client_id()) return 700016;
  if (redirect_uri.empty()) return 900971;
  return application.IsRedirectUri(redirect_uri) ? 0 : 50011;
}

int CheckParameters(const Parameters& parameters) {
  const absl::string_view type = Find(parameters, "response_type");
  if (type.empty() || Find(parameters, "scope").empty()) return 900144;
  // The hybrid and implicit flows exist, but not for this application.
  if (type != "code") return 700054;
  const absl::string_view challenge = Find(parameters, "code_challenge");
  const absl::string_view method = Find(parameters, "code_challenge_method");
  if (challenge.empty() && method.empty()) return 0;
  const bool known = method.empty() || method == "plain" || method == "S256";
  return known && IsProofText(challenge) ? 0 : 501491;
}

ChallengeMethod MethodOf(const Parameters& parameters) {
  if (Find(parameters, "code_challenge").empty()) return ChallengeMethod::kNone;
  return Find(parameters, "code_challenge_method") == "S256"
             ? ChallengeMethod::kS256
             : ChallengeMethod::kPlain;
}

HttpResponse Refuse(const LoginContext& context, const HttpRequest& request,
                    const Parameters& parameters, ResponseMode mode,
                    const Refusal& refusal) {
  const AadError error = FindAadError(refusal.code);
  return SendBack(
      Find(parameters, "redirect_uri"), mode,
      {{"error",
        std::string(refusal.error.empty() ? error.error : refusal.error)},
       {"error_subcode", std::string(refusal.subcode)},
       {"error_description",
        Describe(error, request.Header("client-request-id"), context.now())},
       {"state", std::string(Find(parameters, "state"))}});
}

}  // namespace

HttpResponse Authorize(const LoginContext& context, AuthorizationCodes& codes,
                       const HttpRequest& request) {
  const Parameters parameters = PageParameters(request);
  if (const int code = CheckReturn(context.application, parameters)) {
    return ErrorPage(code);
  }
  const auto mode = ParseResponseMode(Find(parameters, "response_mode"));
  const auto refuse = [&](const Refusal& refusal) {
    return Refuse(context, request, parameters,
                  mode.value_or(ResponseMode::kQuery), refusal);
  };
  if (!mode.has_value()) return refuse({.code = 70007});
  if (const int code = CheckParameters(parameters)) {
    return refuse({.code = code});
  }
  const bool silent = Find(parameters, "prompt") == "none";
  if (silent &&
      context.faults.Strike(FaultKind::kLoginRequired, request.path)) {
    return refuse({.code = 50058});
  }
  if (const auto fault =
          context.faults.Strike(FaultKind::kDeclineConsent, request.path)) {
    return refuse(
        {.code = 65004,
         .error = fault->code.empty() ? "access_denied" : fault->code});
  }
  if (Find(parameters, "answer") == "decline") {
    return refuse(
        {.code = 65004, .error = "access_denied", .subcode = "cancel"});
  }
  if (request.method == "GET" &&
      context.faults.Strike(FaultKind::kAskConsent, request.path)) {
    if (silent) return refuse({.code = 65001, .error = "interaction_required"});
    return AskConsent(
        request, "Permissions requested",
        absl::StrSplit(Find(parameters, "scope"), ' ', absl::SkipEmpty()));
  }
  SignIn sign_in{.redirect_uri = std::string(Find(parameters, "redirect_uri")),
                 .scope = std::string(Find(parameters, "scope")),
                 .nonce = std::string(Find(parameters, "nonce")),
                 .method = MethodOf(parameters),
                 .challenge = std::string(Find(parameters, "code_challenge"))};
  return SendBack(Find(parameters, "redirect_uri"), *mode,
                  {{"code", codes.Issue(std::move(sign_in), context.now())},
                   {"state", std::string(Find(parameters, "state"))}});
}

}  // namespace rollcall::entra
