#include "common/rpc/tls.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "openssl/bio.h"
#include "openssl/err.h"
#include "openssl/evp.h"
#include "openssl/pem.h"
#include "openssl/x509.h"
#include "openssl/x509_vfy.h"
#include "openssl/x509v3.h"

namespace rollcall::rpc {
namespace {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using File = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using TrustStore = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using Verification =
    std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;

absl::Status Invalid(const std::string& file, absl::string_view why) {
  ERR_clear_error();
  return FailedPrecondition("TLS_FILES_INVALID",
                            absl::StrCat(file, " ", why, "."),
                            {{"file", file}, {"problem", std::string(why)}});
}

absl::StatusOr<File> OpenFile(const std::string& path) {
  if (path.empty()) return Invalid("A TLS file", "is not given");
  File file(BIO_new_file(path.c_str(), "r"));
  if (file == nullptr) return Invalid(path, "cannot be read");
  return file;
}

// All certificates of a PEM file, in its order; at least one.
absl::StatusOr<std::vector<Certificate>> ReadCertificates(
    const std::string& path) {
  ASSIGN_OR_RETURN(const File file, OpenFile(path));
  std::vector<Certificate> certificates;
  while (X509* certificate =
             PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  ERR_clear_error();  // The end of the file counts as an error.
  if (certificates.empty()) return Invalid(path, "holds no certificate");
  return certificates;
}

absl::StatusOr<PrivateKey> ReadKey(const std::string& path) {
  ASSIGN_OR_RETURN(const File file, OpenFile(path));
  // A passphrase would be asked for on a terminal: answer with an empty one.
  static constexpr char kNoPassphrase[] = "";
  PrivateKey key(PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr,
                                         const_cast<char*>(kNoPassphrase)));
  if (key == nullptr) {
    return Invalid(path, "holds no private key without a passphrase");
  }
  return key;
}

// The chain and its dates, as a handshake verifies them.
absl::Status VerifyChain(const TlsFiles& files,
                         const std::vector<Certificate>& chain) {
  ASSIGN_OR_RETURN(std::vector<Certificate> authorities,
                   ReadCertificates(files.ca_file));
  const TrustStore store(X509_STORE_new());
  for (const Certificate& authority : authorities) {
    X509_STORE_add_cert(store.get(), authority.get());
  }
  STACK_OF(X509)* intermediates = sk_X509_new_null();
  for (size_t i = 1; i < chain.size(); ++i) {
    sk_X509_push(intermediates, chain[i].get());
  }
  const Verification verification(X509_STORE_CTX_new());
  X509_STORE_CTX_init(verification.get(), store.get(), chain[0].get(),
                      intermediates);
  const bool verified = X509_verify_cert(verification.get()) == 1;
  sk_X509_free(intermediates);
  if (verified) return absl::OkStatus();
  return Invalid(
      files.certificate_file,
      absl::StrCat("is not accepted under ", files.ca_file, ": ",
                   X509_verify_cert_error_string(
                       X509_STORE_CTX_get_error(verification.get()))));
}

std::vector<std::string> UrisOf(X509* certificate) {
  std::vector<std::string> uris;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<size_t>(ASN1_STRING_length(uri)));
  }
  GENERAL_NAMES_free(names);
  return uris;
}

}  // namespace

absl::StatusOr<std::string> CheckTlsFiles(const TlsFiles& files) {
  ASSIGN_OR_RETURN(std::vector<Certificate> chain,
                   ReadCertificates(files.certificate_file));
  ASSIGN_OR_RETURN(PrivateKey key, ReadKey(files.key_file));
  if (X509_check_private_key(chain[0].get(), key.get()) != 1) {
    return Invalid(files.key_file,
                   absl::StrCat("is not the key of ", files.certificate_file));
  }
  RETURN_IF_ERROR(VerifyChain(files, chain));

  std::vector<std::string> uris = UrisOf(chain[0].get());
  if (uris.size() != 1 || !absl::StartsWith(uris[0], "spiffe://")) {
    return Invalid(files.certificate_file,
                   absl::StrCat("carries ", uris.size(),
                                " URIs instead of exactly one SPIFFE id"));
  }
  return std::move(uris[0]);
}

void RequireTls13() {
  // gRPC 1.51 has no setting for the lowest version. Its documented variable
  // sets the cipher suites of TLS 1.2 only; this one needs a pre-shared key,
  // which nobody has, so that 1.2 cannot be agreed on. Those of 1.3 stay.
  [[maybe_unused]] static const int once =
      setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", 1);
}

}  // namespace rollcall::rpc
