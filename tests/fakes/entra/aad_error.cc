#include "tests/fakes/entra/aad_error.h"

#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/json_writer.h"

namespace rollcall::entra {
namespace {

constexpr AadError kErrors[] = {
    {50011, 400, "invalid_request", "",
     "The redirect URI specified in the request does not match the redirect "
     "URIs configured for the application."},
    {50027, 400, "invalid_request", "", "JWT token is invalid or malformed."},
    {50034, 400, "invalid_grant", "bad_token",
     "The user account does not exist in the directory."},
    {50048, 400, "invalid_client", "",
     "The subject of the assertion must match its issuer."},
    {50053, 400, "invalid_grant", "", "The account is locked."},
    {50055, 400, "invalid_grant", "user_password_expired",
     "The password is expired."},
    {50057, 400, "invalid_grant", "", "The user account is disabled."},
    {50058, 400, "login_required", "",
     "A silent sign-in request was sent but no user is signed in."},
    {50059, 400, "invalid_request", "",
     "No tenant-identifying information found in the request."},
    {50076, 400, "invalid_grant", "basic_action",
     "You must use multi-factor authentication to access the resource."},
    {50079, 400, "invalid_grant", "basic_action",
     "You must enroll in multi-factor authentication to access the resource."},
    {50173, 400, "invalid_grant", "bad_token",
     "The provided grant has expired due to it being revoked, a fresh auth "
     "token is needed."},
    {50196, 400, "invalid_grant", "",
     "The server terminated an operation because it encountered a client "
     "request loop."},
    {53003, 400, "invalid_grant", "message_only",
     "Access has been blocked by Conditional Access policies."},
    {54005, 400, "invalid_grant", "",
     "OAuth2 Authorization code was already redeemed."},
    {65001, 400, "invalid_grant", "consent_required",
     "The user or administrator has not consented to use the application."},
    {65004, 400, "consent_required", "",
     "The resource owner or authorization server denied the request."},
    {70000, 400, "invalid_grant", "", "The grant is not valid."},
    {70002, 401, "invalid_client", "", "The credentials are not valid."},
    {70003, 400, "unsupported_grant_type", "",
     "The application requested an unsupported grant type."},
    {70007, 400, "invalid_request", "",
     "The value of 'response_mode' is not supported."},
    {70008, 400, "invalid_grant", "",
     "The provided authorization code or refresh token has expired."},
    {70011, 400, "invalid_scope", "",
     "The provided value for the input parameter 'scope' is not valid."},
    {700016, 400, "unauthorized_client", "",
     "Application was not found in the directory. This can happen if the "
     "application has not been installed by the administrator of the tenant "
     "or consented to by any user in the tenant."},
    {700022, 400, "invalid_scope", "",
     "The provided value for the input parameter scope is not valid because "
     "it contains more than one resource."},
    {700024, 401, "invalid_client", "",
     "Client assertion is not within its valid time range."},
    {700027, 401, "invalid_client", "",
     "The certificate with identifier used to sign the client assertion is "
     "not registered on application, or the signature is not valid."},
    {700054, 400, "unsupported_response_type", "",
     "The response_type is not enabled for the application."},
    {700082, 400, "invalid_grant", "bad_token",
     "The refresh token has expired due to inactivity."},
    {7000112, 400, "unauthorized_client", "", "The application is disabled."},
    {7000215, 401, "invalid_client", "",
     "Invalid client secret provided. Ensure the secret being sent in the "
     "request is the client secret value, not the client secret ID, for a "
     "secret added to the app."},
    {7000218, 401, "invalid_client", "",
     "The request body must contain the following parameter: "
     "'client_assertion' or 'client_secret'."},
    {7000222, 401, "invalid_client", "",
     "The provided client secret keys for the app are expired."},
    {7000229, 400, "unauthorized_client", "",
     "The client application is missing service principal in the tenant."},
    {500011, 400, "invalid_resource", "",
     "The resource principal was not found in the tenant."},
    {500112, 400, "invalid_grant", "",
     "The reply address does not match the reply address provided when "
     "requesting the authorization code."},
    {501481, 400, "invalid_grant", "",
     "The Code_Verifier does not match the code_challenge supplied in the "
     "authorization request."},
    {501491, 400, "invalid_request", "",
     "The code_challenge or its method is not valid."},
    {90002, 400, "invalid_request", "",
     "Tenant not found. Check to make sure you have the correct tenant ID and "
     "are signing into the correct cloud."},
    {90006, 503, "server_error", "", "An unexpected, retryable error."},
    {90014, 400, "invalid_request", "",
     "A required field is missing from the request."},
    {90033, 503, "temporarily_unavailable", "",
     "A transient error has occurred. Please try again."},
    {90055, 429, "temporarily_unavailable", "",
     "The tenant is throttled due to too many requests."},
    {90094, 400, "invalid_grant", "consent_required",
     "The administrator has not consented to use the application."},
    {900144, 400, "invalid_request", "",
     "The request body must contain a parameter that is missing."},
    {900971, 400, "invalid_request", "", "No reply address provided."},
    {9001023, 400, "invalid_request", "",
     "The grant type is not supported over the /common or /consumers "
     "endpoints. Please use the /organizations or tenant-specific endpoint."},
};

constexpr absl::string_view kTimeFormat = "%Y-%m-%d %H:%M:%SZ";

std::string FormatNow(absl::Time now) {
  return absl::FormatTime(std::string(kTimeFormat), now, absl::UTCTimeZone());
}

}  // namespace

AadError FindAadError(int code) {
  for (const AadError& error : kErrors) {
    if (error.code == code) return error;
  }
  return {code, 400, "invalid_request", "", "The request is not valid."};
}

std::string Describe(const AadError& error, absl::string_view correlation_id,
                     absl::Time now) {
  return absl::StrCat("AADSTS", error.code, ": ", error.message,
                      "\r\nTrace ID: ", correlation_id,
                      "\r\nCorrelation ID: ", correlation_id,
                      "\r\nTimestamp: ", FormatNow(now));
}

HttpResponse AadErrorResponse(const AadError& error, const HttpRequest& request,
                              absl::Time now) {
  const absl::string_view id = request.Header("client-request-id");
  HttpResponse response{.status = error.http_status,
                        .content_type = "application/json; charset=utf-8"};
  JsonWriter json(response.body);
  json.BeginObject()
      .Member("error", error.error)
      .Member("error_description", Describe(error, id, now))
      .Key("error_codes")
      .BeginArray()
      .Int(error.code)
      .EndArray()
      .Member("timestamp", FormatNow(now))
      .Member("trace_id", id)
      .Member("correlation_id", id)
      .Member("error_uri",
              absl::StrCat("https://login.microsoftonline.com/error?code=",
                           error.code));
  if (!error.suberror.empty()) json.Member("suberror", error.suberror);
  if (error.code == 53003) {
    json.Member("claims",
                "{\"access_token\":{\"capolids\":{\"essential\":true,"
                "\"values\":[\"11111111-1111-1111-1111-111111111111\"]}}}");
  }
  json.EndObject();
  return response;
}

}  // namespace rollcall::entra
