#include "services/enrollment/display_name.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "common/identity/values.h"

namespace rollcall::enrollment {
namespace {

// One code point of valid UTF-8.
struct CodePoint {
  char32_t value;
  absl::string_view bytes;
};

CodePoint First(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  const size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t value = size == 1 ? lead : lead & (0xFF >> (size + 1));
  for (size_t i = 1; i < size; ++i) value = value << 6 | (byte(i) & 0x3F);
  return {value, text.substr(0, size)};
}

bool Between(char32_t c, char32_t first, char32_t last) {
  return c >= first && c <= last;
}

bool IsControl(char32_t c) {
  return c < 0x20 || Between(c, 0x7F, 0x9F) || Between(c, 0x2028, 0x2029);
}

// Characters that show nothing, or change the order in which others are shown.
bool IsInvisible(char32_t c) {
  return c == 0x00AD ||                 // Soft hyphen.
         c == 0x034F ||                 // Combining grapheme joiner.
         c == 0x061C ||                 // Arabic letter mark.
         Between(c, 0x115F, 0x1160) ||  // Hangul fillers.
         Between(c, 0x17B4, 0x17B5) ||  // Khmer inherent vowels.
         Between(c, 0x180B, 0x180F) ||  // Mongolian selectors and separator.
         Between(c, 0x200B, 0x200F) ||  // Zero width, direction marks.
         Between(c, 0x202A, 0x202E) ||  // Embeddings and overrides.
         Between(c, 0x2060, 0x206F) ||  // Word joiner, isolates.
         c == 0x3164 || c == 0xFFA0 ||  // Hangul fillers.
         Between(c, 0xFE00, 0xFE0F) ||  // Variation selectors.
         c == 0xFEFF ||                 // Byte order mark.
         Between(c, 0xFFF0, 0xFFFB) ||  // Unassigned, annotations.
         Between(c, 0x1BCA0, 0x1BCA3) || Between(c, 0x1D173, 0x1D17A) ||
         Between(c, 0xE0000, 0xE0FFF);  // Tags, selectors.
}

bool IsSpace(char32_t c) {
  return c == ' ' || c == 0xA0 || c == 0x1680 || Between(c, 0x2000, 0x200A) ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

// After these a link or an address would go on: `evil.example`, `https://`,
// `mailto:`, `a@b`. The dots are those that host names may be written with.
bool LeadsALinkOn(char32_t c) {
  return c == '.' || c == ':' || c == '/' || c == '@' || c == '\\' ||
         c == 0x2024 || c == 0x3002 || c == 0xFF0E || c == 0xFF1A ||
         c == 0xFF0F || c == 0xFF20 || c == 0xFF61 || c == 0xFE52;
}

}  // namespace

std::string CleanDisplayName(absl::string_view name) {
  if (!IsValidUtf8(name)) return "";
  if (name.find_first_of(absl::string_view("\r\n\0", 3)) !=
      absl::string_view::npos) {
    return "";
  }
  std::string clean;
  int length = 0;
  bool at_space = true;  // Leading and repeated spaces are dropped.
  bool link_led_on = false;
  const auto append = [&](absl::string_view bytes) {
    clean.append(bytes.data(), bytes.size());
    ++length;
  };
  while (!name.empty() && length < kMaxNameLength) {
    const CodePoint c = First(name);
    name.remove_prefix(c.bytes.size());
    if (IsControl(c.value) || IsInvisible(c.value)) continue;
    if (IsSpace(c.value)) {
      if (!at_space) append(" ");
      at_space = true;
      link_led_on = false;
      continue;
    }
    if (link_led_on) {
      append(" ");
      if (length == kMaxNameLength) break;
    }
    append(c.bytes);
    at_space = false;
    link_led_on = LeadsALinkOn(c.value);
  }
  absl::StripTrailingAsciiWhitespace(&clean);
  return clean;
}

}  // namespace rollcall::enrollment
