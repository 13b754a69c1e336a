#include "tests/fakes/entra/objects.h"

namespace rollcall::entra {
namespace {

// Each text is its length plus one in base 128, then its bytes; null is 0.
void AppendLength(size_t length, std::string& out) {
  for (; length >= 0x80; length >>= 7) {
    out.push_back(static_cast<char>(length | 0x80));
  }
  out.push_back(static_cast<char>(length));
}

size_t TakeLength(const char*& at) {
  size_t length = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    length |= static_cast<size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return length;
  }
}

}  // namespace

PackedTexts::PackedTexts(const UserTexts& texts) {
  size_t size = 0;
  for (const auto& text : texts) size += 1 + (text ? text->size() : 0);
  bytes_.reserve(size);
  for (const auto& text : texts) {
    AppendLength(text ? text->size() + 1 : 0, bytes_);
    if (text) bytes_.append(text->data(), text->size());
  }
}

UserTexts PackedTexts::Unpack() const {
  UserTexts texts;
  if (bytes_.empty()) return texts;
  const char* at = bytes_.data();
  for (auto& text : texts) {
    const size_t length = TakeLength(at);
    if (length == 0) continue;
    text = absl::string_view(at, length - 1);
    at += length - 1;
  }
  return texts;
}

}  // namespace rollcall::entra
