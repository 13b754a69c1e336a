#include "common/crypto/secret.h"

#include <openssl/crypto.h>

#include <utility>

namespace rollcall {

// A std::string that is moved from may leave its bytes behind (short ones live
// inside the object), so moves wipe what they took from.

Secret::Secret(std::string text) : text_(text) {
  OPENSSL_cleanse(text.data(), text.size());
}

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
  other.Wipe();
}

Secret& Secret::operator=(const Secret& other) {
  if (this == &other) return *this;
  Wipe();
  text_ = other.text_;
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  Wipe();
  text_ = std::move(other.text_);
  other.Wipe();
  return *this;
}

Secret::~Secret() { Wipe(); }

bool Secret::Equals(const Secret& other) const {
  return text_.size() == other.text_.size() &&
         CRYPTO_memcmp(text_.data(), other.text_.data(), text_.size()) == 0;
}

void Secret::Wipe() {
  // The whole buffer: what was there before may have been longer.
  OPENSSL_cleanse(text_.data(), text_.capacity());
  text_.clear();
}

}  // namespace rollcall
