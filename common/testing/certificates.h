// A certificate authority for tests: makes the files that real processes read.
#ifndef ROLLCALL_COMMON_TESTING_CERTIFICATES_H_
#define ROLLCALL_COMMON_TESTING_CERTIFICATES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/rpc/tls.h"

namespace rollcall::testing {

// What a test certificate says; the defaults make a good one.
struct CertificateSpec {
  std::vector<std::string> uris;  // SPIFFE ids; one in a good certificate.
  std::vector<std::string> dns_names = {"localhost"};
  std::vector<std::string> ip_addresses = {"127.0.0.1"};
  absl::Duration valid_from = -absl::Hours(1);  // Relative to now.
  absl::Duration valid_until = absl::Hours(24);
};

// Makes certificates in a directory of its own, removed at the end. Crashes on
// failure: it is for tests.
class TestAuthority {
 public:
  explicit TestAuthority(std::string trust_domain = "test.rollcall");
  ~TestAuthority();

  const std::string& trust_domain() const { return trust_domain_; }
  const std::string& directory() const { return directory_; }
  std::string ca_file() const;

  // Files for a service of ours, for a person, or for anything. The same spec
  // under another `file_stem` gives another key.
  rpc::TlsFiles ForService(const std::string& service);
  rpc::TlsFiles ForPerson(const std::string& account, const std::string& role,
                          const std::string& who = "test");
  rpc::TlsFiles Issue(const std::string& file_stem,
                      const CertificateSpec& spec);

 private:
  struct Keys;
  std::string trust_domain_;
  std::string directory_;
  std::unique_ptr<Keys> keys_;
};

}  // namespace rollcall::testing

#endif  // ROLLCALL_COMMON_TESTING_CERTIFICATES_H_
