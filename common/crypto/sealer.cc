#include "common/crypto/sealer.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "common/crypto/digest.h"
#include "common/status/errors.h"

namespace rollcall {
namespace {

constexpr size_t kKeySize = 32;  // AES-256.
// Random, so that no counter has to be kept. One key seals some credentials a
// tenant, far from the 2^32 of NIST SP 800-38D §8.3.
constexpr size_t kNonceSize = 12;
constexpr size_t kTagSize = 16;
constexpr size_t kMaxIdSize = 32;
constexpr size_t kMaxKeyFileSize = 64 << 10;
constexpr char kVersion = 1;

// A sealed value: version (1), length of the key id (1), key id, nonce (12),
// ciphertext, tag (16).
struct Envelope {
  absl::string_view key_id;
  absl::string_view nonce;
  absl::string_view ciphertext;
  absl::string_view tag;
};

absl::optional<Envelope> ReadEnvelope(absl::string_view sealed) {
  if (sealed.size() < 2 || sealed[0] != kVersion) return absl::nullopt;
  const size_t id_size = static_cast<unsigned char>(sealed[1]);
  if (sealed.size() < 2 + id_size + kNonceSize + kTagSize) return absl::nullopt;
  sealed.remove_prefix(2);
  Envelope envelope;
  envelope.key_id = sealed.substr(0, id_size);
  sealed.remove_prefix(id_size);
  envelope.nonce = sealed.substr(0, kNonceSize);
  sealed.remove_prefix(kNonceSize);
  envelope.ciphertext = sealed.substr(0, sealed.size() - kTagSize);
  envelope.tag = sealed.substr(sealed.size() - kTagSize);
  return envelope;
}

const unsigned char* Bytes(absl::string_view data) {
  return reinterpret_cast<const unsigned char*>(data.data());
}

unsigned char* Bytes(std::string* data) {
  return reinterpret_cast<unsigned char*>(data->data());
}

// OpenSSL fails here only if the process is out of memory or was built without
// AES: a broken promise of our own.
void Require(bool ok) {
  if (!ok) std::abort();
}

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* cipher) const { EVP_CIPHER_CTX_free(cipher); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

// What is authenticated besides the secret: where it belongs, and under which
// key. The length keeps the two apart.
std::string AssociatedData(absl::string_view key_id,
                           absl::string_view context) {
  return absl::StrCat(key_id.size(), ":", key_id, context);
}

absl::Status SealBroken() {
  return DataLoss("SEAL_BROKEN",
                  "A sealed value does not open: it was changed, or it was "
                  "sealed for another place.");
}

bool IsKeyId(absl::string_view id) {
  if (id.empty() || id.size() > kMaxIdSize) return false;
  for (const char c : id) {
    if (!absl::ascii_isalnum(c) && c != '-' && c != '_') return false;
  }
  return true;
}

absl::Status Malformed(int line, absl::string_view what) {
  return FailedPrecondition(
      "KEY_FILE_MALFORMED",
      absl::StrCat("Line ", line, " of the key file ", what,
                   "; a line is `<id> <base64 of 32 bytes>`."),
      {{"line", absl::StrCat(line)}});
}

absl::Status Unreadable(const std::string& path, absl::string_view what) {
  return FailedPrecondition("KEY_FILE_UNREADABLE",
                            absl::StrCat("The key file ", path, " ", what, "."),
                            {{"path", path}});
}

struct FileDescriptor {
  explicit FileDescriptor(int number_in) : number(number_in) {}
  ~FileDescriptor() {
    if (number >= 0) close(number);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  const int number;
};

}  // namespace

absl::StatusOr<Sealer> Sealer::FromFile(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number < 0) return Unreadable(path, "cannot be opened");
  // The open file is asked, not the path, which may point elsewhere by now.
  struct stat about;
  if (fstat(file.number, &about) != 0 || !S_ISREG(about.st_mode)) {
    return Unreadable(path, "is not a regular file");
  }
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Unreadable(path, "may be used by others than its owner; chmod 600");
  }
  if (about.st_size > static_cast<off_t>(kMaxKeyFileSize)) {
    return Unreadable(path, "is too large");
  }
  std::string text(static_cast<size_t>(about.st_size), '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = read(file.number, &text[size], text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Unreadable(path, "cannot be read");
    size += static_cast<size_t>(n);
  }
  absl::StatusOr<Sealer> sealer = FromText(text);
  OPENSSL_cleanse(text.data(), text.size());
  if (!sealer.ok()) return Annotate(sealer.status(), path);
  return sealer;
}

std::string Sealer::GenerateKeyFile() {
  return absl::StrCat(RandomId(), " ",
                      absl::Base64Escape(RandomBytes(kKeySize)), "\n");
}

absl::StatusOr<Sealer> Sealer::FromText(absl::string_view text) {
  std::vector<Key> keys;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    if (!IsKeyId(parts.first)) {
      return Malformed(
          number, absl::StrCat("does not begin with an id of 1 to ", kMaxIdSize,
                               " letters, digits, - or _"));
    }
    std::string bytes;
    const bool decoded =
        absl::Base64Unescape(absl::StripAsciiWhitespace(parts.second), &bytes);
    const bool right_size = bytes.size() == kKeySize;
    Key key{std::string(parts.first), Secret(std::move(bytes))};
    OPENSSL_cleanse(bytes.data(), bytes.size());
    if (!decoded || !right_size) {
      return Malformed(number, "does not hold 32 bytes in base64");
    }
    for (const Key& other : keys) {
      if (other.id == key.id) return Malformed(number, "repeats an id");
    }
    keys.push_back(std::move(key));
  }
  if (keys.empty()) {
    return FailedPrecondition("KEY_FILE_MALFORMED",
                              "The key file holds no key.");
  }
  return Sealer(std::move(keys));
}

std::string Sealer::Seal(const Secret& secret,
                         absl::string_view context) const {
  const Key& key = keys_.front();
  const std::string nonce = RandomBytes(kNonceSize);
  const std::string associated = AssociatedData(key.id, context);
  const absl::string_view text = secret.Reveal();
  std::string ciphertext(text.size(), '\0');
  std::string tag(kTagSize, '\0');

  const Cipher cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  Require(cipher != nullptr);
  Require(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                             Bytes(key.bytes.Reveal()), Bytes(nonce)) == 1);
  Require(EVP_EncryptUpdate(cipher.get(), nullptr, &size, Bytes(associated),
                            static_cast<int>(associated.size())) == 1);
  Require(EVP_EncryptUpdate(cipher.get(), Bytes(&ciphertext), &size,
                            Bytes(text), static_cast<int>(text.size())) == 1);
  Require(EVP_EncryptFinal_ex(cipher.get(), nullptr, &size) == 1);
  Require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagSize,
                              tag.data()) == 1);

  return absl::StrCat(absl::string_view(&kVersion, 1),
                      std::string(1, static_cast<char>(key.id.size())), key.id,
                      nonce, ciphertext, tag);
}

absl::StatusOr<Secret> Sealer::Open(absl::string_view sealed,
                                    absl::string_view context) const {
  const absl::optional<Envelope> envelope = ReadEnvelope(sealed);
  if (!envelope.has_value()) return SealBroken();
  const Key* key = nullptr;
  for (const Key& candidate : keys_) {
    if (candidate.id == envelope->key_id) key = &candidate;
  }
  if (key == nullptr) {
    // The id is shown only as what it claims to be: it is not authenticated.
    if (!IsKeyId(envelope->key_id)) return SealBroken();
    return FailedPrecondition(
        "SEAL_KEY_UNKNOWN",
        absl::StrCat("A value was sealed under key ", envelope->key_id,
                     ", which the key file does not hold any more."),
        {{"key", std::string(envelope->key_id)}});
  }

  const std::string associated = AssociatedData(key->id, context);
  std::string text(envelope->ciphertext.size(), '\0');
  std::string tag(envelope->tag);
  const Cipher cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  Require(cipher != nullptr);
  Require(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr,
                             Bytes(key->bytes.Reveal()),
                             Bytes(envelope->nonce)) == 1);
  Require(EVP_DecryptUpdate(cipher.get(), nullptr, &size, Bytes(associated),
                            static_cast<int>(associated.size())) == 1);
  Require(EVP_DecryptUpdate(cipher.get(), Bytes(&text), &size,
                            Bytes(envelope->ciphertext),
                            static_cast<int>(text.size())) == 1);
  Require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagSize,
                              tag.data()) == 1);
  const bool genuine = EVP_DecryptFinal_ex(cipher.get(), nullptr, &size) == 1;
  Secret secret(text);
  OPENSSL_cleanse(text.data(), text.size());
  if (!genuine) return SealBroken();
  return secret;
}

bool Sealer::IsCurrent(absl::string_view sealed) const {
  const absl::optional<Envelope> envelope = ReadEnvelope(sealed);
  return envelope.has_value() && envelope->key_id == keys_.front().id;
}

Secret Sealer::DeriveKey(absl::string_view purpose) const {
  const absl::string_view key = keys_.front().bytes.Reveal();
  std::string derived(kKeySize, '\0');
  size_t size = derived.size();
  EVP_PKEY_CTX* const context =
      EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, /*engine=*/nullptr);
  Require(context != nullptr);
  Require(EVP_PKEY_derive_init(context) == 1);
  Require(EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha256()) == 1);
  Require(EVP_PKEY_CTX_set1_hkdf_key(context, Bytes(key),
                                     static_cast<int>(key.size())) == 1);
  Require(EVP_PKEY_CTX_add1_hkdf_info(context, Bytes(purpose),
                                      static_cast<int>(purpose.size())) == 1);
  Require(EVP_PKEY_derive(context, Bytes(&derived), &size) == 1);
  EVP_PKEY_CTX_free(context);
  Secret secret(derived);
  OPENSSL_cleanse(derived.data(), derived.size());
  return secret;
}

}  // namespace rollcall
