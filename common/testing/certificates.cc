#include "common/testing/certificates.h"

#include <stdlib.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "openssl/bio.h"
#include "openssl/ec.h"
#include "openssl/evp.h"
#include "openssl/pem.h"
#include "openssl/rand.h"
#include "openssl/x509.h"
#include "openssl/x509v3.h"

namespace rollcall::testing {
namespace {

constexpr absl::Duration kAuthorityLife = absl::Hours(24 * 365);

// It is for tests: whatever fails ends the process.
template <typename T>
T Must(T result, const char* what) {
  if (!result) {
    std::fprintf(stderr, "Cannot make a test certificate: %s\n", what);
    std::abort();
  }
  return result;
}

std::string MakeDirectory() {
  const char* base = std::getenv("TEST_TMPDIR");
  std::string path =
      absl::StrCat(base != nullptr ? base : "/tmp", "/certificates.XXXXXX");
  Must(mkdtemp(path.data()), "mkdtemp");
  return path;
}

// Written beside and renamed, as operators do: no reader sees half a file.
template <typename Write>
void WriteFile(const std::string& path, Write write) {
  const std::string fresh = absl::StrCat(path, ".new");
  BIO* file = Must(BIO_new_file(fresh.c_str(), "w"), "BIO_new_file");
  Must(write(file), "writing PEM");
  BIO_free_all(file);
  std::filesystem::rename(fresh, path);
}

void WriteKey(const std::string& path, EVP_PKEY* key) {
  WriteFile(path, [key](BIO* file) {
    return PEM_write_bio_PKCS8PrivateKey(file, key, nullptr, nullptr, 0,
                                         nullptr, nullptr);
  });
}

void WriteCertificate(const std::string& path, X509* certificate) {
  WriteFile(path, [certificate](BIO* file) {
    return PEM_write_bio_X509(file, certificate);
  });
}

EVP_PKEY* MakeKey() {
  return Must(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), "a key");
}

void AddExtension(X509* certificate, X509* issuer, int nid,
                  const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension =
      Must(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()),
           "an extension");
  Must(X509_add_ext(certificate, extension, -1), "adding an extension");
  X509_EXTENSION_free(extension);
}

// A certificate with everything but extensions and signature.
X509* MakeCertificate(const std::string& common_name, EVP_PKEY* key,
                      X509_NAME* issuer, absl::Duration from,
                      absl::Duration until) {
  X509* certificate = Must(X509_new(), "X509_new");
  X509_set_version(certificate, X509_VERSION_3);
  BIGNUM* serial = BN_new();
  Must(BN_rand(serial, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY), "a serial");
  BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate));
  BN_free(serial);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(
      subject, "CN", MBSTRING_UTF8,
      reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, issuer != nullptr ? issuer : subject);
  const absl::Time now = absl::Now();
  ASN1_TIME_set(X509_getm_notBefore(certificate), absl::ToTimeT(now + from));
  ASN1_TIME_set(X509_getm_notAfter(certificate), absl::ToTimeT(now + until));
  Must(X509_set_pubkey(certificate, key), "the public key");
  return certificate;
}

std::string AlternativeNames(const CertificateSpec& spec) {
  std::vector<std::string> names;
  for (const std::string& uri : spec.uris) {
    names.push_back(absl::StrCat("URI:", uri));
  }
  for (const std::string& name : spec.dns_names) {
    names.push_back(absl::StrCat("DNS:", name));
  }
  for (const std::string& address : spec.ip_addresses) {
    names.push_back(absl::StrCat("IP:", address));
  }
  return absl::StrJoin(names, ",");
}

}  // namespace

struct TestAuthority::Keys {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;

  ~Keys() {
    EVP_PKEY_free(key);
    X509_free(certificate);
  }
};

TestAuthority::TestAuthority(std::string trust_domain)
    : trust_domain_(std::move(trust_domain)),
      directory_(MakeDirectory()),
      keys_(std::make_unique<Keys>()) {
  keys_->key = MakeKey();
  keys_->certificate =
      MakeCertificate(absl::StrCat(trust_domain_, " test authority"),
                      keys_->key, nullptr, -absl::Hours(1), kAuthorityLife);
  X509* self = keys_->certificate;
  AddExtension(self, self, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(self, self, NID_subject_key_identifier, "hash");
  Must(X509_sign(self, keys_->key, EVP_sha256()), "signing");
  WriteCertificate(ca_file(), self);
}

TestAuthority::~TestAuthority() {
  std::error_code ignored;  // A directory that stays behind fails no test.
  std::filesystem::remove_all(directory_, ignored);
}

std::string TestAuthority::ca_file() const {
  return absl::StrCat(directory_, "/ca.pem");
}

rpc::TlsFiles TestAuthority::ForService(const std::string& service) {
  return Issue(absl::StrCat("service-", service),
               {.uris = {absl::StrCat("spiffe://", trust_domain_, "/service/",
                                      service)}});
}

rpc::TlsFiles TestAuthority::ForPerson(const std::string& account,
                                       const std::string& role,
                                       const std::string& who) {
  // As in auth.proto or as in a SPIFFE id: both are understood.
  const std::string segment =
      absl::AsciiStrToLower(absl::StrReplaceAll(role, {{"_", "-"}}));
  const std::string stem =
      absl::StrCat("person-", account == "*" ? "every-account" : account, "-",
                   segment, "-", who);
  return Issue(stem,
               {.uris = {absl::StrCat("spiffe://", trust_domain_, "/account/",
                                      account, "/role/", segment, "/", who)}});
}

rpc::TlsFiles TestAuthority::Issue(const std::string& file_stem,
                                   const CertificateSpec& spec) {
  EVP_PKEY* key = MakeKey();
  X509* issuer = keys_->certificate;
  X509* certificate =
      MakeCertificate(file_stem, key, X509_get_subject_name(issuer),
                      spec.valid_from, spec.valid_until);
  AddExtension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(certificate, issuer, NID_key_usage, "critical,digitalSignature");
  AddExtension(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth");
  AddExtension(certificate, issuer, NID_authority_key_identifier, "keyid");
  const std::string names = AlternativeNames(spec);
  if (!names.empty()) {
    AddExtension(certificate, issuer, NID_subject_alt_name, names);
  }
  Must(X509_sign(certificate, keys_->key, EVP_sha256()), "signing");

  const rpc::TlsFiles files{
      .ca_file = ca_file(),
      .certificate_file = absl::StrCat(directory_, "/", file_stem, ".pem"),
      .key_file = absl::StrCat(directory_, "/", file_stem, ".key")};
  WriteKey(files.key_file, key);
  WriteCertificate(files.certificate_file, certificate);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

}  // namespace rollcall::testing
