// Access tokens for Graph: JWTs signed with the emulator's own key, which
// /discovery/v2.0/keys publishes.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_ACCESS_TOKEN_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_ACCESS_TOKEN_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/certificates.h"

namespace rollcall::entra {

struct AccessClaims {
  std::string tenant_id;
  std::string client_id;
  std::vector<std::string> roles;
  std::string user_id;  // empty: for the application itself
  std::string scope;    // with a user
  absl::Time not_before;
  absl::Time expires;
  bool takes_challenges = false;  // the client declared the capability cp1
};

// Thread-safe.
class AccessTokens {
 public:
  explicit AccessTokens(Identity signer);

  std::string Mint(const AccessClaims& claims);

  // The claims of a token signed here, which may be expired by now; null for
  // any other text.
  std::shared_ptr<const AccessClaims> Open(absl::string_view token);

  // The key as {"keys": [...]}.
  std::string JsonWebKeySet(absl::string_view issuer) const;
  // Signs any other token, such as an id_token.
  std::string Sign(absl::string_view payload) const;

 private:
  const Identity signer_;
  const std::string key_id_;
  absl::Mutex mutex_;
  // Tokens whose signature was found valid.
  absl::flat_hash_map<std::string, std::shared_ptr<const AccessClaims>> opened_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_ACCESS_TOKEN_H_
