#include "tests/fakes/entra/authorization_code.h"

#include <openssl/rand.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/jwt.h"

namespace rollcall::entra {
namespace {

constexpr absl::Duration kCodeLife = absl::Minutes(10);
// Until then a code that is used again is known as such.
constexpr absl::Duration kCodeMemory = absl::Hours(24);
constexpr size_t kManyEntries = 1000;
// Real codes are long; a client that cuts them short shall notice it here.
constexpr size_t kCodeBytes = 600;

std::string RandomText() {
  std::string bytes(kCodeBytes, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
             static_cast<int>(bytes.size()));
  return Base64Url(bytes);
}

}  // namespace

bool IsProofText(absl::string_view text) {
  return text.size() >= 43 && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' ||
                  c == '~';
         });
}

bool MatchesChallenge(const SignIn& sign_in, absl::string_view verifier) {
  switch (sign_in.method) {
    case ChallengeMethod::kNone:
      return verifier.empty();
    case ChallengeMethod::kPlain:
      return IsProofText(verifier) && verifier == sign_in.challenge;
    case ChallengeMethod::kS256:
      return IsProofText(verifier) &&
             Base64Url(Sha256(verifier)) == sign_in.challenge;
  }
  return false;
}

std::string AuthorizationCodes::Issue(SignIn sign_in, absl::Time now) {
  std::string code = absl::StrCat("1.", RandomText());
  absl::MutexLock lock(&mutex_);
  if (entries_.size() >= kManyEntries) {
    absl::erase_if(entries_, [now](const auto& entry) {
      return entry.second.expires + kCodeMemory < now;
    });
  }
  entries_[code] = {.sign_in = std::move(sign_in), .expires = now + kCodeLife};
  return code;
}

std::variant<SignIn, int> AuthorizationCodes::Redeem(
    const Redemption& redemption, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  const auto it = entries_.find(redemption.code);
  if (it == entries_.end()) return 70000;
  Entry& entry = it->second;
  if (entry.redeemed) return 54005;
  if (now >= entry.expires) return 70008;
  if (redemption.redirect_uri != entry.sign_in.redirect_uri) return 500112;
  if (!MatchesChallenge(entry.sign_in, redemption.verifier)) return 501481;
  entry.redeemed = true;
  return entry.sign_in;
}

}  // namespace rollcall::entra
