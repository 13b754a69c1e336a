// What the client proves itself with at the token endpoint: a secret, or a
// certificate with its key. Checked when it is made: a certificate is whole,
// has an RSA key, and the key is its own.
#ifndef ROLLCALL_SERVICES_AUTHORIZATION_CLIENT_CREDENTIAL_H_
#define ROLLCALL_SERVICES_AUTHORIZATION_CLIENT_CREDENTIAL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/crypto/secret.h"

namespace rollcall::authorization {

// A value, cheap to copy; thread-safe.
class ClientCredential {
 public:
  // INVALID_ARGUMENT, reason CREDENTIAL_INVALID; never repeats the credential.
  static absl::StatusOr<ClientCredential> FromSecret(Secret secret);
  static absl::StatusOr<ClientCredential> FromCertificate(
      absl::string_view certificate_pem, const Secret& private_key_pem);

  // From the bytes that Serialize made. DATA_LOSS, reason CREDENTIAL_MALFORMED.
  static absl::StatusOr<ClientCredential> Parse(const Secret& bytes);
  Secret Serialize() const;

  bool has_certificate() const { return certificate_ != nullptr; }
  // When the certificate ends; none for secrets.
  absl::optional<absl::Time> expire_time() const;

  // The secret; empty if there is a certificate.
  const Secret& secret() const { return secret_; }

  // A JWT that proves possession of the key to one token endpoint (protocol
  // §1.4): PS256, x5t#S256, good for ten minutes. Needs a certificate.
  Secret SignAssertion(absl::string_view client_id,
                       absl::string_view token_endpoint, absl::Time now) const;

 private:
  struct Certificate;
  Secret secret_;
  // Shared, because OpenSSL's objects are large and never change here.
  std::shared_ptr<const Certificate> certificate_;
};

}  // namespace rollcall::authorization

#endif  // ROLLCALL_SERVICES_AUTHORIZATION_CLIENT_CREDENTIAL_H_
