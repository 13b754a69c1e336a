#include "tests/fakes/entra/application.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace rollcall::entra {

std::vector<std::string> AllRoles() {
  return {"User.Read.All",         "Group.Read.All",     "GroupMember.Read.All",
          "Organization.Read.All", "Directory.Read.All", "Member.Read.Hidden"};
}

Application::Application(std::string client_id, std::string secret,
                         std::vector<std::string> redirect_uris, bool consented,
                         std::string consent_file)
    : client_id_(std::move(client_id)),
      redirect_uris_(std::move(redirect_uris)),
      consent_file_(std::move(consent_file)),
      secrets_({Secret{.text = std::move(secret)}}) {
  if (consented || std::ifstream(consent_file_)) {
    settled_ = absl::InfinitePast();
  }
}

SecretCheck Application::Check(absl::string_view secret) const {
  absl::MutexLock lock(&mutex_);
  for (const Secret& known : secrets_) {
    if (known.text != secret) continue;
    return known.expired ? SecretCheck::kExpired : SecretCheck::kRight;
  }
  return SecretCheck::kWrong;
}

bool Application::Verifies(const ParsedJwt& assertion, JwtAlgorithm algorithm,
                           absl::string_view thumbprint) const {
  absl::MutexLock lock(&mutex_);
  for (const Certificate& certificate : certificates_) {
    const std::string known = algorithm == JwtAlgorithm::kPs256
                                  ? Sha256Thumbprint(*certificate)
                                  : Sha1Thumbprint(*certificate);
    if (known != thumbprint) continue;
    EVP_PKEY* key = X509_get0_pubkey(certificate.get());
    return key != nullptr && HasValidSignature(assertion, algorithm, *key);
  }
  return false;
}

void Application::AddSecret(std::string secret) {
  absl::MutexLock lock(&mutex_);
  secrets_.push_back({.text = std::move(secret)});
}

void Application::ExpireSecret(absl::string_view secret) {
  absl::MutexLock lock(&mutex_);
  for (Secret& known : secrets_) {
    if (known.text == secret) known.expired = true;
  }
}

absl::Status Application::AddCertificate(absl::string_view pem) {
  absl::StatusOr<Certificate> certificate = ParseCertificate(pem);
  if (!certificate.ok()) return certificate.status();
  absl::MutexLock lock(&mutex_);
  certificates_.push_back(*std::move(certificate));
  return absl::OkStatus();
}

void Application::RemoveCertificates() {
  absl::MutexLock lock(&mutex_);
  certificates_.clear();
}

bool Application::IsRedirectUri(absl::string_view uri) const {
  if (!redirect_uris_.empty()) {
    return std::find(redirect_uris_.begin(), redirect_uris_.end(), uri) !=
           redirect_uris_.end();
  }
  if (!absl::ConsumePrefix(&uri, "https://localhost") &&
      !absl::ConsumePrefix(&uri, "https://127.0.0.1")) {
    return false;
  }
  // After the port, if any, the path: "https://localhost:1@evil.example/" is
  // somewhere else.
  if (absl::ConsumePrefix(&uri, ":")) {
    uri.remove_prefix(
        std::min(uri.find_first_not_of("0123456789"), uri.size()));
    if (uri.empty()) return true;
  }
  return absl::StartsWith(uri, "/") && !absl::StrContains(uri, '#');
}

void Application::Grant(absl::Time settled) {
  absl::MutexLock lock(&mutex_);
  settled_ = settled;
  if (!consent_file_.empty()) std::ofstream(consent_file_) << "granted\n";
}

void Application::Revoke() {
  absl::MutexLock lock(&mutex_);
  settled_.reset();
  if (!consent_file_.empty()) std::remove(consent_file_.c_str());
}

Consent Application::ConsentAt(absl::Time now) const {
  absl::MutexLock lock(&mutex_);
  if (!settled_.has_value()) return Consent::kNone;
  return now < *settled_ ? Consent::kSettling : Consent::kGranted;
}

}  // namespace rollcall::entra
