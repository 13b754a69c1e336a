#include "tests/fakes/entra/certificates.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "absl/strings/str_cat.h"

namespace rollcall::entra {
namespace {

constexpr long kSecondsValid = 10L * 365 * 24 * 3600;
// Certificates are valid from before now, for tests that turn the clock back.
constexpr long kSecondsBefore = 2L * 365 * 24 * 3600;

using Bio = std::unique_ptr<BIO, OpenSslDeleter>;

absl::Status Failed(absl::string_view what) {
  return absl::InternalError(absl::StrCat("OpenSSL cannot ", what, "."));
}

std::string ContentsOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

bool AddExtension(X509* certificate, X509* issuer, int nid,
                  const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

// A certificate without extensions and signature.
Certificate NewCertificate(absl::string_view common_name, EVP_PKEY* key) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial));
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()),
                          serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kSecondsBefore);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kSecondsValid);
  X509_NAME_add_entry_by_txt(
      X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
      reinterpret_cast<const unsigned char*>(common_name.data()),
      static_cast<int>(common_name.size()), -1, 0);
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

bool Sign(X509* certificate, const X509* issuer, EVP_PKEY* issuer_key) {
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  return X509_sign(certificate, issuer_key, EVP_sha256()) != 0;
}

absl::StatusOr<Identity> MakeCa() {
  PrivateKey key(EVP_EC_gen("P-256"));
  if (key == nullptr) return Failed("make a key");
  Certificate certificate = NewCertificate("Entra emulator test CA", key.get());
  if (!AddExtension(certificate.get(), certificate.get(), NID_basic_constraints,
                    "critical,CA:TRUE") ||
      !AddExtension(certificate.get(), certificate.get(), NID_key_usage,
                    "critical,keyCertSign,cRLSign") ||
      !AddExtension(certificate.get(), certificate.get(),
                    NID_subject_key_identifier, "hash") ||
      !Sign(certificate.get(), certificate.get(), key.get())) {
    return Failed("make a CA certificate");
  }
  return Identity{std::move(key), std::move(certificate)};
}

absl::StatusOr<Identity> MakeLeaf(absl::string_view host, const Identity& ca) {
  PrivateKey key(EVP_EC_gen("P-256"));
  if (key == nullptr) return Failed("make a key");
  Certificate certificate = NewCertificate(host, key.get());
  std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
  if (host != "localhost" && host != "127.0.0.1") {
    absl::StrAppend(&names, ",DNS:", host);
  }
  if (!AddExtension(certificate.get(), ca.certificate.get(),
                    NID_basic_constraints, "critical,CA:FALSE") ||
      !AddExtension(certificate.get(), ca.certificate.get(), NID_ext_key_usage,
                    "serverAuth") ||
      !AddExtension(certificate.get(), ca.certificate.get(),
                    NID_subject_alt_name, names) ||
      !AddExtension(certificate.get(), ca.certificate.get(),
                    NID_authority_key_identifier, "keyid:always") ||
      !Sign(certificate.get(), ca.certificate.get(), ca.key.get())) {
    return Failed("make a server certificate");
  }
  return Identity{std::move(key), std::move(certificate)};
}

}  // namespace

absl::StatusOr<Identity> MakeRsaIdentity(absl::string_view common_name) {
  PrivateKey key(EVP_RSA_gen(2048));
  if (key == nullptr) return Failed("make an RSA key");
  Certificate certificate = NewCertificate(common_name, key.get());
  if (!Sign(certificate.get(), certificate.get(), key.get())) {
    return Failed("sign a certificate");
  }
  return Identity{std::move(key), std::move(certificate)};
}

absl::StatusOr<Identity> SharedRsaIdentity() {
  static const auto& shared =
      *new absl::StatusOr<Identity>(MakeRsaIdentity("Entra emulator tokens"));
  if (!shared.ok()) return shared.status();
  EVP_PKEY_up_ref(shared->key.get());
  X509_up_ref(shared->certificate.get());
  return Identity{PrivateKey(shared->key.get()),
                  Certificate(shared->certificate.get())};
}

absl::StatusOr<ServerTls> MakeServerTls(absl::string_view host) {
  absl::StatusOr<Identity> ca = MakeCa();
  if (!ca.ok()) return ca.status();
  absl::StatusOr<Identity> leaf = MakeLeaf(host, *ca);
  if (!leaf.ok()) return leaf.status();
  SslContext context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr ||
      SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_use_certificate(context.get(), leaf->certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), leaf->key.get()) != 1) {
    return Failed("set up TLS");
  }
  return ServerTls{ToPem(*ca->certificate), std::move(context)};
}

std::string ToPem(const X509& certificate) {
  Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), const_cast<X509*>(&certificate));
  return ContentsOf(bio.get());
}

std::string ToPem(const EVP_PKEY& private_key) {
  Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), const_cast<EVP_PKEY*>(&private_key),
                           nullptr, nullptr, 0, nullptr, nullptr);
  return ContentsOf(bio.get());
}

absl::StatusOr<Certificate> ParseCertificate(absl::string_view pem) {
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Certificate certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) {
    return absl::InvalidArgumentError("This is no certificate in PEM form.");
  }
  return certificate;
}

std::string ToDer(const X509& certificate) {
  const int size = i2d_X509(&certificate, nullptr);
  std::string der(static_cast<size_t>(size), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509(&certificate, &out);
  return der;
}

}  // namespace rollcall::entra
