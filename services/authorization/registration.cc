#include "services/authorization/registration.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "common/crypto/digest.h"
#include "common/http/url.h"
#include "common/identity/resource_name.h"
#include "common/identity/values.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/proto_time.h"
#include "services/authorization/token_target.h"

namespace rollcall::authorization {
namespace {

constexpr size_t kMaxTenantLength = 253;  // A domain name.
constexpr size_t kMaxReturnUriLength = 2000;

absl::Status Invalid(absl::string_view reason, absl::string_view field,
                     absl::string_view message) {
  return InvalidArgument(reason, message, {{"field", std::string(field)}});
}

absl::StatusOr<ClientCredential> CheckCredential(
    const v1::ClientCredential& credential, absl::Time now) {
  switch (credential.kind_case()) {
    case v1::ClientCredential::kClientSecret:
      return ClientCredential::FromSecret(Secret(credential.client_secret()));
    case v1::ClientCredential::kClientCertificate: {
      ASSIGN_OR_RETURN(
          ClientCredential checked,
          ClientCredential::FromCertificate(
              credential.client_certificate().certificate_pem(),
              Secret(credential.client_certificate().private_key_pem())));
      if (*checked.expire_time() <= now) {
        return Invalid("CERTIFICATE_EXPIRED", "client_credential",
                       "The certificate of the client has expired.");
      }
      return checked;
    }
    case v1::ClientCredential::KIND_NOT_SET:
      break;
  }
  return Invalid("CREDENTIAL_INVALID", "client_credential",
                 "A client secret or a certificate is needed.");
}

// A GUID or a domain; the names that stand for any tenant are none (protocol
// §1.3).
bool IsTenant(absl::string_view tenant) {
  if (ObjectId::Parse(tenant).ok()) return true;
  return tenant.size() <= kMaxTenantLength && absl::StrContains(tenant, '.') &&
         EmailAddress::Parse(absl::StrCat("x@", tenant)).ok();
}

bool IsReturnUri(absl::string_view text) {
  if (text.size() > kMaxReturnUriLength) return false;
  const auto url = http::Url::Parse(text);
  return url.ok() && url->scheme == "https" && url->user.empty();
}

}  // namespace

absl::StatusOr<CheckedRequest> CheckRequest(
    const v1::BeginAuthorizationRequest& request, absl::Time now) {
  CheckedRequest checked;
  ASSIGN_OR_RETURN(
      *checked.registration.mutable_login_origin(),
      ParseOrigin(request.cloud().login_origin(), "cloud.login_origin"));
  ASSIGN_OR_RETURN(
      *checked.registration.mutable_graph_origin(),
      ParseOrigin(request.cloud().graph_origin(), "cloud.graph_origin"));
  const auto client_id = ObjectId::Parse(request.client_id());
  if (!client_id.ok()) {
    return Invalid("CLIENT_ID_INVALID", "client_id",
                   "The client (application) id is a GUID.");
  }
  checked.registration.set_client_id(client_id->value());
  ASSIGN_OR_RETURN(checked.credential,
                   CheckCredential(request.client_credential(), now));
  checked.registration.set_has_certificate(
      checked.credential.has_certificate());
  if (const auto end = checked.credential.expire_time(); end.has_value()) {
    *checked.registration.mutable_credential_expire_time() = ToTimestamp(*end);
  }

  if (!request.tenant().empty() && !IsTenant(request.tenant())) {
    return Invalid("TENANT_INVALID", "tenant",
                   "A tenant is a GUID or a verified domain.");
  }
  checked.tenant = absl::AsciiStrToLower(request.tenant());
  if (request.connection_id().empty()) {
    checked.connection_id = RandomId();
  } else {
    RETURN_IF_ERROR(ValidateId(request.connection_id(), "connection_id"));
    checked.connection_id = request.connection_id();
  }
  if (!request.return_uri().empty() && !IsReturnUri(request.return_uri())) {
    return Invalid("RETURN_URI_INVALID", "return_uri",
                   "The return address must be an https address.");
  }
  checked.return_uri = request.return_uri();
  return checked;
}

}  // namespace rollcall::authorization
