#include "common/crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdlib>

#include "absl/strings/escaping.h"

namespace rollcall {
namespace {

constexpr size_t kSha256Size = 32;

const unsigned char* Bytes(absl::string_view data) {
  return reinterpret_cast<const unsigned char*>(data.data());
}

unsigned char* Bytes(std::string* data) {
  return reinterpret_cast<unsigned char*>(data->data());
}

}  // namespace

// Without a digest or a random generator nothing here keeps its promise, and
// they fail only in a process that is broken already: crash.

std::string Sha256(absl::string_view data) {
  std::string digest(kSha256Size, '\0');
  if (EVP_Digest(data.data(), data.size(), Bytes(&digest), nullptr,
                 EVP_sha256(), nullptr) != 1) {
    std::abort();
  }
  return digest;
}

std::string HmacSha256(const Secret& key, absl::string_view data) {
  std::string digest(kSha256Size, '\0');
  const absl::string_view key_bytes = key.Reveal();
  if (HMAC(EVP_sha256(), key_bytes.data(), static_cast<int>(key_bytes.size()),
           Bytes(data), data.size(), Bytes(&digest), nullptr) == nullptr) {
    std::abort();
  }
  return digest;
}

std::string RandomBytes(size_t size) {
  std::string bytes(size, '\0');
  if (RAND_bytes(Bytes(&bytes), static_cast<int>(size)) != 1) std::abort();
  return bytes;
}

std::string Base64Url(absl::string_view data) {
  return absl::WebSafeBase64Escape(data);
}

std::string RandomId() {
  constexpr absl::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
  constexpr absl::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  constexpr size_t kLength = 16;
  constexpr size_t kFair = 256 / kLetters.size() * kLetters.size();
  // 26 x 32^15: just under 80 bits. A first byte that would favour some letters
  // is drawn again.
  std::string id;
  do {
    id = RandomBytes(kLength);
  } while (static_cast<unsigned char>(id[0]) >= kFair);
  id[0] = kLetters[static_cast<unsigned char>(id[0]) % kLetters.size()];
  for (size_t i = 1; i < kLength; ++i) {
    id[i] = kAlphabet[static_cast<unsigned char>(id[i]) % kAlphabet.size()];
  }
  return id;
}

std::string RandomUuid() {
  std::string bytes = RandomBytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);  // RFC 9562 §5.4.
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  std::string text = absl::BytesToHexString(bytes);
  for (const size_t at : {8, 13, 18, 23}) text.insert(at, 1, '-');
  return text;
}

bool ConstantTimeEquals(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() &&
         CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace rollcall
