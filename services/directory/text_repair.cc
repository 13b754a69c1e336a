#include "services/directory/text_repair.h"

#include <cstdint>

#include "absl/types/optional.h"

namespace rollcall::directory {
namespace {

constexpr absl::string_view kNul = "\\u0000";

// How many bytes the well-formed sequence at the beginning has (Unicode 15,
// table 3-7); 0 if it is not well-formed.
size_t SequenceLength(absl::string_view text) {
  const auto at = [text](size_t i) {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
  };
  const auto continues = [&at](size_t i) { return (at(i) & 0xc0) == 0x80; };
  const uint8_t first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (first == 0xe0 && at(1) < 0xa0) return 0;
    if (first == 0xed && at(1) > 0x9f) return 0;
    return continues(1) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (first == 0xf0 && at(1) < 0x90) return 0;
    if (first == 0xf4 && at(1) > 0x8f) return 0;
    return continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

// The code unit of a `\uXXXX` at the beginning; none if there is no such
// escape.
absl::optional<uint32_t> EscapedUnit(absl::string_view text) {
  uint32_t unit = 0;
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') {
    return absl::nullopt;
  }
  for (const char c : text.substr(2, 4)) {
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
                     (c >= 'A' && c <= 'F');
    if (!hex) return absl::nullopt;
    unit = unit << 4 |
           static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return unit;
}

bool IsHighSurrogate(uint32_t unit) { return unit >> 10 == 0xd800 >> 10; }
bool IsLowSurrogate(uint32_t unit) { return unit >> 10 == 0xdc00 >> 10; }

// Copies the escape at the beginning of `rest`; gives its length.
size_t CopyEscape(absl::string_view rest, std::string& out) {
  const absl::optional<uint32_t> unit = EscapedUnit(rest);
  size_t length = unit.has_value() ? 6 : 2;
  if (unit.has_value() && IsHighSurrogate(*unit)) {
    const absl::optional<uint32_t> next = EscapedUnit(rest.substr(6));
    if (!next.has_value() || !IsLowSurrogate(*next)) {
      out.append(kNul.data(), kNul.size());
      return length;
    }
    length = 12;
  } else if (unit.has_value() && IsLowSurrogate(*unit)) {
    out.append(kNul.data(), kNul.size());
    return length;
  }
  const absl::string_view escape = rest.substr(0, length);
  out.append(escape.data(), escape.size());
  return escape.size();
}

// Copies what stands at the beginning of `rest` inside a string; gives its
// length.
size_t CopyText(absl::string_view rest, std::string& out) {
  if (rest.front() == '\\') return CopyEscape(rest, out);
  const size_t length = SequenceLength(rest);
  const bool control = static_cast<uint8_t>(rest.front()) < 0x20;
  if (length == 0 || control) {
    out.append(kNul.data(), kNul.size());
    return 1;
  }
  out.append(rest.data(), length);
  return length;
}

}  // namespace

std::string MarkBrokenText(absl::string_view json) {
  std::string out;
  out.reserve(json.size() + 64);
  bool inside = false;
  for (size_t i = 0; i < json.size();) {
    const char c = json[i];
    if (c == '"') inside = !inside;
    if (!inside || c == '"') {
      out.push_back(c);
      ++i;
      continue;
    }
    i += CopyText(json.substr(i), out);
  }
  return out;
}

}  // namespace rollcall::directory
