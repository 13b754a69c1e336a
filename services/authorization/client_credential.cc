#include "services/authorization/client_credential.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <ctime>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"
#include "common/status/errors.h"
#include "services/authorization/store.pb.h"

namespace rollcall::authorization {
namespace {

constexpr size_t kMaxSecretSize = 1024;
constexpr size_t kMaxPemSize = 64 << 10;
constexpr int kMinRsaBits = 2048;
// The server sets no bound; its documentation asks for five to ten minutes.
constexpr absl::Duration kAssertionLifetime = absl::Minutes(10);

struct FreeOpenSsl {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeOpenSsl>;

absl::Status Invalid(absl::string_view what) {
  ERR_clear_error();
  return InvalidArgument("CREDENTIAL_INVALID",
                         absl::StrCat("The client credential ", what, "."),
                         {{"field", "client_credential"}});
}

// Keys are not asked a passphrase for: nobody sits there.
int NoPassphrase(char*, int, int, void*) { return -1; }

Owned<BIO> MemoryOf(absl::string_view text) {
  return Owned<BIO>(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string Thumbprint(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) std::abort();
  return Base64Url({reinterpret_cast<const char*>(digest), size});
}

absl::Time EndOf(const X509* certificate) {
  std::tm end = {};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) {
    return absl::InfinitePast();
  }
  return absl::FromTM(end, absl::UTCTimeZone());
}

// RSASSA-PSS with SHA-256 and a salt as long (RFC 7518 §3.5).
std::string SignPs256(EVP_PKEY* key, absl::string_view text) {
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;  // Owned by the context.
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  std::string signature;
  const bool ok =
      context != nullptr &&
      EVP_DigestSignInit(context.get(), &parameters, EVP_sha256(), nullptr,
                         key) == 1 &&
      EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
      EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) ==
          1 &&
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1;
  if (!ok) std::abort();  // The key was proved when it was read.
  signature.resize(size);
  if (EVP_DigestSign(context.get(),
                     reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes, text.size()) != 1) {
    std::abort();
  }
  signature.resize(size);
  return signature;
}

// Client ids are GUIDs and endpoints are addresses, checked when they came in;
// neither has anything that JSON would escape.
std::string AssertionClaims(absl::string_view client_id,
                            absl::string_view token_endpoint, absl::Time now) {
  return absl::StrCat(R"({"aud":")", token_endpoint, R"(","iss":")", client_id,
                      R"(","sub":")", client_id, R"(","jti":")", RandomUuid(),
                      R"(","nbf":)", absl::ToUnixSeconds(now), R"(,"iat":)",
                      absl::ToUnixSeconds(now), R"(,"exp":)",
                      absl::ToUnixSeconds(now + kAssertionLifetime), "}");
}

}  // namespace

struct ClientCredential::Certificate {
  std::string certificate_pem;
  Secret private_key_pem;
  Owned<EVP_PKEY> key;
  std::string thumbprint;
  absl::Time expire_time;
};

absl::StatusOr<ClientCredential> ClientCredential::FromSecret(Secret secret) {
  if (secret.empty()) return Invalid("is empty");
  if (secret.Reveal().size() > kMaxSecretSize) return Invalid("is too long");
  for (const char c : secret.Reveal()) {
    if (!absl::ascii_isprint(c)) {
      return Invalid("holds characters that no client secret has");
    }
  }
  ClientCredential credential;
  credential.secret_ = std::move(secret);
  return credential;
}

absl::StatusOr<ClientCredential> ClientCredential::FromCertificate(
    absl::string_view certificate_pem, const Secret& private_key_pem) {
  if (certificate_pem.size() > kMaxPemSize ||
      private_key_pem.Reveal().size() > kMaxPemSize) {
    return Invalid("is too long");
  }
  const Owned<X509> x509(PEM_read_bio_X509(MemoryOf(certificate_pem).get(),
                                           nullptr, NoPassphrase, nullptr));
  if (x509 == nullptr) return Invalid("holds no certificate in PEM");
  auto certificate = std::make_shared<Certificate>();
  certificate->key.reset(
      PEM_read_bio_PrivateKey(MemoryOf(private_key_pem.Reveal()).get(), nullptr,
                              NoPassphrase, nullptr));
  if (certificate->key == nullptr) {
    return Invalid("holds no private key in PEM that opens without a password");
  }
  if (EVP_PKEY_base_id(certificate->key.get()) != EVP_PKEY_RSA ||
      EVP_PKEY_bits(certificate->key.get()) < kMinRsaBits) {
    return Invalid(
        absl::StrCat("needs an RSA key of at least ", kMinRsaBits, " bits"));
  }
  if (X509_check_private_key(x509.get(), certificate->key.get()) != 1) {
    return Invalid("has a key that is not the certificate's");
  }
  certificate->certificate_pem = std::string(certificate_pem);
  certificate->private_key_pem = private_key_pem;
  certificate->thumbprint = Thumbprint(x509.get());
  certificate->expire_time = EndOf(x509.get());

  ClientCredential credential;
  credential.certificate_ = std::move(certificate);
  return credential;
}

absl::StatusOr<ClientCredential> ClientCredential::Parse(const Secret& bytes) {
  store::Credential stored;
  const absl::string_view text = bytes.Reveal();
  const bool parsed =
      stored.ParseFromArray(text.data(), static_cast<int>(text.size()));
  // The message's texts move into secrets, which wipe them.
  Secret client_secret(std::move(*stored.mutable_client_secret()));
  const Secret key(std::move(*stored.mutable_private_key_pem()));
  auto credential = stored.certificate_pem().empty()
                        ? FromSecret(std::move(client_secret))
                        : FromCertificate(stored.certificate_pem(), key);
  if (parsed && credential.ok()) return credential;
  return DataLoss("CREDENTIAL_MALFORMED",
                  "A stored client credential cannot be read.");
}

Secret ClientCredential::Serialize() const {
  store::Credential stored;
  if (certificate_ == nullptr) {
    stored.set_client_secret(std::string(secret_.Reveal()));
  } else {
    stored.set_certificate_pem(certificate_->certificate_pem);
    stored.set_private_key_pem(
        std::string(certificate_->private_key_pem.Reveal()));
  }
  Secret bytes(stored.SerializeAsString());
  for (std::string* text :
       {stored.mutable_client_secret(), stored.mutable_private_key_pem()}) {
    OPENSSL_cleanse(text->data(), text->size());
  }
  return bytes;
}

absl::optional<absl::Time> ClientCredential::expire_time() const {
  if (certificate_ == nullptr) return absl::nullopt;
  return certificate_->expire_time;
}

Secret ClientCredential::SignAssertion(absl::string_view client_id,
                                       absl::string_view token_endpoint,
                                       absl::Time now) const {
  const std::string header =
      absl::StrCat(R"({"alg":"PS256","typ":"JWT","x5t#S256":")",
                   certificate_->thumbprint, R"("})");
  const std::string text =
      absl::StrCat(Base64Url(header), ".",
                   Base64Url(AssertionClaims(client_id, token_endpoint, now)));
  return Secret(absl::StrCat(
      text, ".", Base64Url(SignPs256(certificate_->key.get(), text))));
}

}  // namespace rollcall::authorization
