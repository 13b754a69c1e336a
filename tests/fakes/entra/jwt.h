// JSON Web Tokens (RFC 7519) signed with RSA: RS256 and PS256, nothing else.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_JWT_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_JWT_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace rollcall::entra {

enum class JwtAlgorithm { kRs256, kPs256 };

// Signs header and payload, both JSON.
std::string SignJwt(EVP_PKEY& key, JwtAlgorithm algorithm,
                    absl::string_view header, absl::string_view payload);

struct ParsedJwt {
  std::string header;   // JSON, not looked into
  std::string payload;  // likewise
  std::string signed_part;
  std::string signature;
};

// Takes a token apart; nothing if it is none.
std::optional<ParsedJwt> ParseJwt(absl::string_view token);

bool HasValidSignature(const ParsedJwt& jwt, JwtAlgorithm algorithm,
                       EVP_PKEY& public_key);

// base64url without padding, as all of this is written.
std::string Base64Url(absl::string_view bytes);

// Of the DER form of a certificate, in base64url: x5t and x5t#S256.
std::string Sha1Thumbprint(const X509& certificate);
std::string Sha256Thumbprint(const X509& certificate);

std::string Sha256(absl::string_view bytes);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_JWT_H_
