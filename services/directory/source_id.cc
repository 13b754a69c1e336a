#include "services/directory/source_id.h"

#include "absl/strings/ascii.h"

namespace rollcall::directory {
namespace {

constexpr size_t kTextSize = 36;
constexpr char kHexDigits[] = "0123456789abcdef";

bool IsHyphenPlace(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(c);
  if (lower >= 'a' && lower <= 'f') return lower - 'a' + 10;
  return -1;
}

uint64_t ReadBigEndian(absl::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

void AppendBigEndian(uint64_t value, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift & 0xff));
  }
}

}  // namespace

absl::optional<SourceId> SourceId::Parse(absl::string_view text) {
  if (text.size() != kTextSize) return absl::nullopt;
  uint64_t halves[2] = {0, 0};
  int digits = 0;
  for (size_t i = 0; i < kTextSize; ++i) {
    if (IsHyphenPlace(i)) {
      if (text[i] != '-') return absl::nullopt;
      continue;
    }
    const int value = HexValue(text[i]);
    if (value < 0) return absl::nullopt;
    uint64_t& half = halves[digits++ / 16];
    half = half << 4 | static_cast<uint64_t>(value);
  }
  return SourceId(halves[0], halves[1]);
}

absl::optional<SourceId> SourceId::FromBytes(absl::string_view bytes) {
  if (bytes.size() != kSize) return absl::nullopt;
  return SourceId(ReadBigEndian(bytes.substr(0, 8)),
                  ReadBigEndian(bytes.substr(8)));
}

std::string SourceId::ToString() const {
  std::string text;
  text.reserve(kTextSize);
  for (int digit = 0; digit < 32; ++digit) {
    if (IsHyphenPlace(text.size())) text.push_back('-');
    const uint64_t half = digit < 16 ? high_ : low_;
    text.push_back(kHexDigits[half >> (60 - digit % 16 * 4) & 0xf]);
  }
  return text;
}

std::string SourceId::Bytes() const {
  std::string bytes;
  bytes.reserve(kSize);
  AppendBigEndian(high_, bytes);
  AppendBigEndian(low_, bytes);
  return bytes;
}

}  // namespace rollcall::directory
