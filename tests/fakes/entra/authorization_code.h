// Authorization codes and the proof that comes with them (RFC 6749 section
// 4.1, RFC 7636). A code is redeemed at most once, and only by who asked.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_AUTHORIZATION_CODE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_AUTHORIZATION_CODE_H_

#include <string>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace rollcall::entra {

enum class ChallengeMethod { kNone, kPlain, kS256 };

// What was asked for, and what the code stands for.
struct SignIn {
  std::string redirect_uri;
  std::string scope;
  std::string nonce;
  ChallengeMethod method = ChallengeMethod::kNone;
  std::string challenge;
};

// A verifier that was not asked for does not match either: else a code that
// was stolen before the challenge was added would do.
bool MatchesChallenge(const SignIn& sign_in, absl::string_view verifier);

// 43 to 128 unreserved characters, as verifiers and challenges are.
bool IsProofText(absl::string_view text);

// What comes with a code.
struct Redemption {
  absl::string_view code;
  absl::string_view redirect_uri;
  absl::string_view verifier;
};

// Thread-safe.
class AuthorizationCodes {
 public:
  std::string Issue(SignIn sign_in, absl::Time now);

  // Or the AADSTS code of what is wrong. A refused attempt does not use the
  // code up.
  std::variant<SignIn, int> Redeem(const Redemption& redemption,
                                   absl::Time now);

 private:
  struct Entry {
    SignIn sign_in;
    absl::Time expires;
    bool redeemed = false;
  };

  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_AUTHORIZATION_CODE_H_
