// The one registered application: its credentials, its redirect addresses,
// and whether an administrator has consented.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_APPLICATION_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_APPLICATION_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/certificates.h"
#include "tests/fakes/entra/jwt.h"

namespace rollcall::entra {

// All that Rollcall can ask for, and what consent grants.
std::vector<std::string> AllRoles();

enum class Consent {
  kNone,
  kSettling,  // given, and not known everywhere yet
  kGranted,
};

enum class SecretCheck { kRight, kWrong, kExpired };

// Thread-safe.
class Application {
 public:
  // With a `consent_file`, consent outlives the process, as a tenant keeps it:
  // the file is there while there is consent.
  Application(std::string client_id, std::string secret,
              std::vector<std::string> redirect_uris, bool consented,
              std::string consent_file = "");

  const std::string& client_id() const { return client_id_; }

  SecretCheck Check(absl::string_view secret) const;
  // The registered certificate with this thumbprint verifies this token.
  bool Verifies(const ParsedJwt& assertion, JwtAlgorithm algorithm,
                absl::string_view thumbprint) const;

  void AddSecret(std::string secret);
  // Known, but of no use any more.
  void ExpireSecret(absl::string_view secret);
  absl::Status AddCertificate(absl::string_view pem);
  void RemoveCertificates();

  // Without registered addresses, any https one at localhost or 127.0.0.1.
  bool IsRedirectUri(absl::string_view uri) const;

  // Consent becomes visible little by little until `settled`.
  void Grant(absl::Time settled);
  void Revoke();
  Consent ConsentAt(absl::Time now) const;

 private:
  struct Secret {
    std::string text;
    bool expired = false;
  };

  const std::string client_id_;
  const std::vector<std::string> redirect_uris_;
  const std::string consent_file_;
  mutable absl::Mutex mutex_;
  std::vector<Secret> secrets_ ABSL_GUARDED_BY(mutex_);
  std::vector<Certificate> certificates_ ABSL_GUARDED_BY(mutex_);
  // When consent is known everywhere; nothing without consent.
  std::optional<absl::Time> settled_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_APPLICATION_H_
