#include "tests/fakes/entra/jwt.h"

#include <openssl/rsa.h>

#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/entra/certificates.h"

namespace rollcall::entra {
namespace {

using DigestContext = std::unique_ptr<EVP_MD_CTX, OpenSslDeleter>;

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// PS256 is RSASSA-PSS with a salt as long as the digest (RFC 7518 section 3.5).
bool SetPadding(EVP_PKEY_CTX* context, JwtAlgorithm algorithm) {
  if (algorithm == JwtAlgorithm::kRs256) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

std::string Digest(const EVP_MD* algorithm, absl::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, algorithm, nullptr);
  return std::string(reinterpret_cast<const char*>(digest), size);
}

}  // namespace

std::string SignJwt(EVP_PKEY& key, JwtAlgorithm algorithm,
                    absl::string_view header, absl::string_view payload) {
  const std::string signed_part =
      absl::StrCat(Base64Url(header), ".", Base64Url(payload));
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  size_t size = 0;
  EVP_DigestSignInit(context.get(), &key_context, EVP_sha256(), nullptr, &key);
  SetPadding(key_context, algorithm);
  EVP_DigestSign(context.get(), nullptr, &size, Bytes(signed_part),
                 signed_part.size());
  std::string signature(size, '\0');
  EVP_DigestSign(context.get(),
                 reinterpret_cast<unsigned char*>(signature.data()), &size,
                 Bytes(signed_part), signed_part.size());
  signature.resize(size);
  return absl::StrCat(signed_part, ".", Base64Url(signature));
}

std::optional<ParsedJwt> ParseJwt(absl::string_view token) {
  const std::vector<absl::string_view> parts = absl::StrSplit(token, '.');
  if (parts.size() != 3) return std::nullopt;
  ParsedJwt jwt;
  if (!absl::WebSafeBase64Unescape(parts[0], &jwt.header) ||
      !absl::WebSafeBase64Unescape(parts[1], &jwt.payload) ||
      !absl::WebSafeBase64Unescape(parts[2], &jwt.signature)) {
    return std::nullopt;
  }
  jwt.signed_part = absl::StrCat(parts[0], ".", parts[1]);
  return jwt;
}

bool HasValidSignature(const ParsedJwt& jwt, JwtAlgorithm algorithm,
                       EVP_PKEY& public_key) {
  if (EVP_PKEY_get_base_id(&public_key) != EVP_PKEY_RSA) return false;
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  return EVP_DigestVerifyInit(context.get(), &key_context, EVP_sha256(),
                              nullptr, &public_key) == 1 &&
         SetPadding(key_context, algorithm) &&
         EVP_DigestVerify(context.get(), Bytes(jwt.signature),
                          jwt.signature.size(), Bytes(jwt.signed_part),
                          jwt.signed_part.size()) == 1;
}

std::string Base64Url(absl::string_view bytes) {
  return absl::WebSafeBase64Escape(bytes);
}

std::string Sha1Thumbprint(const X509& certificate) {
  return Base64Url(Digest(EVP_sha1(), ToDer(certificate)));
}

std::string Sha256Thumbprint(const X509& certificate) {
  return Base64Url(Digest(EVP_sha256(), ToDer(certificate)));
}

std::string Sha256(absl::string_view bytes) {
  return Digest(EVP_sha256(), bytes);
}

}  // namespace rollcall::entra
