// Certificates of the emulator: a new CA for every start, and a server
// certificate of that CA.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_CERTIFICATES_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_CERTIFICATES_H_

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall::entra {

struct OpenSslDeleter {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using PrivateKey = std::unique_ptr<EVP_PKEY, OpenSslDeleter>;
using Certificate = std::unique_ptr<X509, OpenSslDeleter>;
using SslContext = std::unique_ptr<SSL_CTX, OpenSslDeleter>;

struct Identity {
  PrivateKey key;
  Certificate certificate;
};

// A self-signed certificate with an RSA key of 2048 bits: what signs tokens,
// and what an application proves itself with.
absl::StatusOr<Identity> MakeRsaIdentity(absl::string_view common_name);

// The same for the whole process: an RSA key takes longer to make than all of
// the rest of an emulator, and tests start many.
absl::StatusOr<Identity> SharedRsaIdentity();

struct ServerTls {
  std::string ca_pem;
  SslContext context;
};

// TLS 1.2 and later for `localhost`, 127.0.0.1 and, if it is another, `host`.
absl::StatusOr<ServerTls> MakeServerTls(absl::string_view host);

std::string ToPem(const X509& certificate);
std::string ToPem(const EVP_PKEY& private_key);
absl::StatusOr<Certificate> ParseCertificate(absl::string_view pem);

// The DER form as bytes.
std::string ToDer(const X509& certificate);

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_CERTIFICATES_H_
