#include "common/status/utf8.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr absl::string_view kEllipsis = "\xE2\x80\xA6";     // U+2026

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// The length of the well-formed sequence that `bytes` begins with, or 0.
size_t SequenceLength(absl::string_view bytes) {
  const auto at = [bytes](size_t i) -> unsigned char {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
  };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;

  // The second byte is what rules out overlong forms, surrogates and code
  // points past U+10FFFF.
  unsigned char low = 0x80, high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  if (at(1) < low || at(1) > high) return 0;

  const size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  for (size_t i = 2; i < length; ++i) {
    if (!IsContinuation(at(i))) return 0;
  }
  return length;
}

// How many bytes at the beginning are well-formed sequences.
size_t ValidPrefix(absl::string_view bytes) {
  size_t size = 0;
  while (size < bytes.size()) {
    const size_t length = SequenceLength(bytes.substr(size));
    if (length == 0) break;
    size += length;
  }
  return size;
}

}  // namespace

std::string ToValidUtf8(absl::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const size_t valid = ValidPrefix(bytes);
    text.append(bytes.data(), valid);
    bytes.remove_prefix(valid);
    if (bytes.empty()) break;
    text.append(kReplacement.data(), kReplacement.size());
    bytes.remove_prefix(1);
  }
  return text;
}

std::string CutUtf8(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  size_t end = max_bytes - kEllipsis.size();
  while (end > 0 && IsContinuation(static_cast<unsigned char>(text[end]))) {
    --end;
  }
  return absl::StrCat(text.substr(0, end), kEllipsis);
}

}  // namespace rollcall
