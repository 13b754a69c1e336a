#include "common/store/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace rollcall::store {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;  // Reflected.

// kTables[k][b] is the checksum of byte b followed by k zero bytes, so that
// eight bytes are taken in one step ("slicing by 8").
using Tables = std::array<std::array<uint32_t, 256>, 8>;

constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc >> 1 ^ (crc & 1 ? kPolynomial : 0);
    }
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < tables.size(); ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t crc = tables[k - 1][byte];
      tables[k][byte] = crc >> 8 ^ tables[0][crc & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

uint32_t ByteAt(absl::string_view bytes, size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

#if defined(__x86_64__)

bool HasInstruction() {
  static const bool has = __builtin_cpu_supports("sse4.2") != 0;
  return has;
}

__attribute__((target("sse4.2"))) uint32_t ExtendByInstruction(
    uint32_t crc, absl::string_view bytes) {
  uint64_t state = ~crc;
  while (bytes.size() >= sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof(word));
    state = __builtin_ia32_crc32di(state, word);
    bytes.remove_prefix(sizeof(word));
  }
  auto narrow = static_cast<uint32_t>(state);
  for (const char c : bytes) {
    narrow = __builtin_ia32_crc32qi(narrow, static_cast<unsigned char>(c));
  }
  return ~narrow;
}

#else

bool HasInstruction() { return false; }

uint32_t ExtendByInstruction(uint32_t crc, absl::string_view bytes) {
  return ExtendCrc32cByTables(crc, bytes);
}

#endif

}  // namespace

uint32_t ExtendCrc32c(uint32_t crc, absl::string_view bytes) {
  return HasInstruction() ? ExtendByInstruction(crc, bytes)
                          : ExtendCrc32cByTables(crc, bytes);
}

uint32_t ExtendCrc32cByTables(uint32_t crc, absl::string_view bytes) {
  crc = ~crc;
  while (bytes.size() >= 8) {
    crc ^= ByteAt(bytes, 0) | ByteAt(bytes, 1) << 8 | ByteAt(bytes, 2) << 16 |
           ByteAt(bytes, 3) << 24;
    crc = kTables[7][crc & 0xFF] ^ kTables[6][crc >> 8 & 0xFF] ^
          kTables[5][crc >> 16 & 0xFF] ^ kTables[4][crc >> 24] ^
          kTables[3][ByteAt(bytes, 4)] ^ kTables[2][ByteAt(bytes, 5)] ^
          kTables[1][ByteAt(bytes, 6)] ^ kTables[0][ByteAt(bytes, 7)];
    bytes.remove_prefix(8);
  }
  for (; !bytes.empty(); bytes.remove_prefix(1)) {
    crc = crc >> 8 ^ kTables[0][(crc ^ ByteAt(bytes, 0)) & 0xFF];
  }
  return ~crc;
}

}  // namespace rollcall::store
