#include "tests/fakes/entra/guid.h"

#include "tests/fakes/entra/prng.h"

namespace rollcall::entra {
namespace {

constexpr size_t kLength = 36;

bool IsDashAt(size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

std::optional<uint64_t> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

}  // namespace

std::optional<Guid> Guid::Parse(absl::string_view text) {
  if (text.size() != kLength) return std::nullopt;
  Guid guid;
  int digits = 0;
  for (size_t i = 0; i < kLength; ++i) {
    if (IsDashAt(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const std::optional<uint64_t> digit = HexDigit(text[i]);
    if (!digit.has_value()) return std::nullopt;
    uint64_t& half = digits++ < 16 ? guid.high : guid.low;
    half = half << 4 | *digit;
  }
  return guid;
}

Guid Guid::FromSeed(uint64_t seed, uint64_t stream, uint64_t ordinal) {
  const uint64_t base = Mix(Mix(seed) ^ Mix(~stream)) + 2 * ordinal;
  Guid guid{.high = Mix(base), .low = Mix(base + 1)};
  guid.high = (guid.high & ~uint64_t{0xf000}) | 0x4000;  // version 4
  guid.low = (guid.low & ~(uint64_t{3} << 62)) | uint64_t{2} << 62;  // variant
  return guid;
}

std::array<char, kLength> Guid::Characters() const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::array<char, kLength> text;
  int digits = 0;
  for (size_t i = 0; i < kLength; ++i) {
    if (IsDashAt(i)) {
      text[i] = '-';
      continue;
    }
    const uint64_t half = digits < 16 ? high : low;
    text[i] = kHex[half >> (60 - 4 * (digits % 16)) & 15];
    ++digits;
  }
  return text;
}

std::string Guid::ToString() const {
  const std::array<char, kLength> text = Characters();
  return std::string(text.data(), text.size());
}

}  // namespace rollcall::entra
