#include "services/directory/source_id.h"

#include <array>
#include <bit>
#include <cstring>

namespace rollcall::directory {
namespace {

constexpr size_t kTextSize = 36;
constexpr char kHexDigits[] = "0123456789abcdef";

bool IsHyphenPlace(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

constexpr uint8_t kNoDigit = 0xff;

// The values of hexadecimal digits, by their bytes.
constexpr std::array<uint8_t, 256> MakeHexValues() {
  std::array<uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (uint8_t i = 0; i < 10; ++i) values['0' + i] = i;
  for (uint8_t i = 0; i < 6; ++i) values['a' + i] = values['A' + i] = 10 + i;
  return values;
}

constexpr std::array<uint8_t, 256> kHexValues = MakeHexValues();

// `value` with so many digits of the text behind it; `bad` gets bits if any of
// them is none.
uint64_t ReadHex(const char* text, int digits, uint64_t value, uint8_t& bad) {
  for (int i = 0; i < digits; ++i) {
    const uint8_t digit = kHexValues[static_cast<uint8_t>(text[i])];
    bad |= digit & 0xf0;
    value = value << 4 | (digit & 0xf);
  }
  return value;
}

// From big-endian to this machine's order of bytes, and back.
uint64_t ToBigEndian(uint64_t value) {
  return std::endian::native == std::endian::big ? value
                                                 : __builtin_bswap64(value);
}

uint64_t ReadBigEndian(absl::string_view bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return ToBigEndian(value);
}

void WriteBigEndian(uint64_t value, char* out) {
  value = ToBigEndian(value);
  std::memcpy(out, &value, sizeof(value));
}

}  // namespace

absl::optional<SourceId> SourceId::Parse(absl::string_view text) {
  if (text.size() != kTextSize || text[8] != '-' || text[13] != '-' ||
      text[18] != '-' || text[23] != '-') {
    return absl::nullopt;
  }
  const char* const begin = text.data();
  uint8_t bad = 0;
  uint64_t high = ReadHex(begin, 8, 0, bad);
  high = ReadHex(begin + 9, 4, high, bad);
  high = ReadHex(begin + 14, 4, high, bad);
  uint64_t low = ReadHex(begin + 19, 4, 0, bad);
  low = ReadHex(begin + 24, 12, low, bad);
  if (bad != 0) return absl::nullopt;
  return SourceId(high, low);
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
  AppendBytes(bytes);
  return bytes;
}

void SourceId::AppendBytes(std::string& out) const {
  char bytes[kSize];
  WriteBigEndian(high_, bytes);
  WriteBigEndian(low_, bytes + kSize / 2);
  out.append(bytes, kSize);
}

}  // namespace rollcall::directory
