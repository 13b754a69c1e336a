// Hashes, random bytes and constant-time comparison, over OpenSSL.
#ifndef ROLLCALL_COMMON_CRYPTO_DIGEST_H_
#define ROLLCALL_COMMON_CRYPTO_DIGEST_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "common/crypto/secret.h"

namespace rollcall {

// SHA-256, 32 bytes.
std::string Sha256(absl::string_view data);

// HMAC-SHA-256, 32 bytes.
std::string HmacSha256(const Secret& key, absl::string_view data);

// `size` bytes of the system's random generator.
std::string RandomBytes(size_t size);

// base64url without padding (RFC 4648 §5).
std::string Base64Url(absl::string_view data);

// A random id of 16 characters of [a-z0-9], beginning with a letter, good for a
// resource name: 80 bits.
std::string RandomId();

// A random UUID, version 4.
std::string RandomUuid();

// Takes the same time for all texts of one length.
bool ConstantTimeEquals(absl::string_view a, absl::string_view b);

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_CRYPTO_DIGEST_H_
