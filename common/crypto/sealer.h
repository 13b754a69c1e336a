// Seals secrets for storage: AES-256-GCM under a key file that can be rotated.
//
// The key file holds one key a line, `<id> <base64 of 32 bytes>`; the first
// line seals, every line opens. Rotate by putting a new first line in,
// restarting, resealing, and only then dropping the old line. Lines beginning
// with # are comments.
#ifndef ROLLCALL_COMMON_CRYPTO_SEALER_H_
#define ROLLCALL_COMMON_CRYPTO_SEALER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/secret.h"

namespace rollcall {

// Immutable, thread-safe.
class Sealer {
 public:
  // Reads the key file. FAILED_PRECONDITION, reason KEY_FILE_MALFORMED or
  // KEY_FILE_UNREADABLE (also if others may read it); never repeats a key.
  static absl::StatusOr<Sealer> FromFile(const std::string& path);

  // A key file's text with one new key, for tests and tooling.
  static std::string GenerateKeyFile();
  static absl::StatusOr<Sealer> FromText(absl::string_view text);

  // Seals a secret for one place: `context` (the store key and field) is
  // authenticated, so a sealed value copied to another place does not open.
  std::string Seal(const Secret& secret, absl::string_view context) const;

  // Opens what Seal made. DATA_LOSS, reason SEAL_BROKEN, if it was changed or
  // moved; FAILED_PRECONDITION, reason SEAL_KEY_UNKNOWN, if its key is gone.
  absl::StatusOr<Secret> Open(absl::string_view sealed,
                              absl::string_view context) const;

  // Whether the value was sealed under the key that seals today; if not, seal
  // it again.
  bool IsCurrent(absl::string_view sealed) const;

  // A key of its own for one purpose, derived from the first key by HKDF-SHA256
  // with `purpose`; changes when the key is rotated.
  Secret DeriveKey(absl::string_view purpose) const;

 private:
  struct Key {
    std::string id;
    Secret bytes;
  };
  explicit Sealer(std::vector<Key> keys) : keys_(std::move(keys)) {}
  std::vector<Key> keys_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_CRYPTO_SEALER_H_
