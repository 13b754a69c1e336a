#include "tests/fakes/entra/page_token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/guid.h"

namespace rollcall::entra {
namespace {

constexpr uint64_t kKeyStream = 200;  // of Guid::FromSeed
constexpr size_t kMacSize = 12;

void AppendNumber(uint64_t number, std::string& out) {
  for (; number >= 0x80; number >>= 7) {
    out.push_back(static_cast<char>(number | 0x80));
  }
  out.push_back(static_cast<char>(number));
}

std::optional<uint64_t> TakeNumber(absl::string_view& from) {
  uint64_t number = 0;
  for (int shift = 0; shift < 64 && !from.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(from.front());
    from.remove_prefix(1);
    number |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return number;
  }
  return std::nullopt;
}

}  // namespace

TokenSealer::TokenSealer(uint64_t seed)
    : key_(Guid::FromSeed(seed, kKeyStream, 0).ToString()) {}

std::string TokenSealer::Mac(absl::string_view payload) const {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(payload.data()), payload.size(),
       mac, &size);
  return std::string(reinterpret_cast<const char*>(mac), kMacSize);
}

std::string TokenSealer::Seal(const PageToken& token) const {
  std::string payload;
  AppendNumber(token.numbers.size(), payload);
  for (uint64_t number : token.numbers) AppendNumber(number, payload);
  payload += token.text;
  std::string sealed;
  absl::WebSafeBase64Escape(absl::StrCat(Mac(payload), payload), &sealed);
  return sealed;
}

std::optional<PageToken> TokenSealer::Open(absl::string_view sealed) const {
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(sealed, &bytes) ||
      bytes.size() <= kMacSize) {
    return std::nullopt;
  }
  absl::string_view payload = absl::string_view(bytes).substr(kMacSize);
  if (Mac(payload) != bytes.substr(0, kMacSize)) return std::nullopt;
  PageToken token;
  std::optional<uint64_t> count = TakeNumber(payload);
  while (count.has_value() && (*count)-- > 0) {
    const std::optional<uint64_t> number = TakeNumber(payload);
    if (!number.has_value()) return std::nullopt;
    token.numbers.push_back(*number);
  }
  if (!count.has_value()) return std::nullopt;
  token.text = std::string(payload);
  return token;
}

}  // namespace rollcall::entra
