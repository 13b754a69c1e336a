#include "common/store/key.h"

#include <limits>

#include "common/status/errors.h"

namespace rollcall::store {
namespace {

constexpr char kEscape = '\x00';       // Begins each of the two below.
constexpr char kEscapedZero = '\xFF';  // A zero byte of the string.
constexpr char kTerminator = '\x01';   // The end of the string.

constexpr size_t kIntegerBytes = 8;
constexpr uint64_t kSignBit = uint64_t{1} << 63;

}  // namespace

Key& Key::String(absl::string_view part) {
  for (size_t zero; (zero = part.find(kEscape)) != absl::string_view::npos;) {
    bytes_.append(part.data(), zero + 1);
    bytes_.push_back(kEscapedZero);
    part.remove_prefix(zero + 1);
  }
  bytes_.append(part.data(), part.size());
  bytes_.push_back(kEscape);
  bytes_.push_back(kTerminator);
  return *this;
}

Key& Key::Uint64(uint64_t part) {
  char bytes[kIntegerBytes];
  for (size_t i = 0; i < kIntegerBytes; ++i) {
    bytes[i] = static_cast<char>(part >> (8 * (kIntegerBytes - 1 - i)));
  }
  bytes_.append(bytes, kIntegerBytes);
  return *this;
}

Key& Key::Int64(int64_t part) {
  return Uint64(static_cast<uint64_t>(part) ^ kSignBit);
}

Key& Key::Time(absl::Time part) { return Int64(absl::ToUnixNanos(part)); }

KeyReader& KeyReader::Table(absl::string_view expected) {
  std::string table;
  String(&table);
  if (table != expected) failed_ = true;
  return *this;
}

KeyReader& KeyReader::String(std::string* part) {
  part->clear();
  while (!failed_) {
    const size_t zero = rest_.find(kEscape);
    if (zero == absl::string_view::npos || zero + 1 == rest_.size()) break;
    part->append(rest_.data(), zero);
    const char escaped = rest_[zero + 1];
    rest_.remove_prefix(zero + 2);
    if (escaped == kTerminator) return *this;
    if (escaped != kEscapedZero) break;
    part->push_back(kEscape);
  }
  failed_ = true;
  return *this;
}

KeyReader& KeyReader::Uint64(uint64_t* part) {
  *part = 0;
  if (rest_.size() < kIntegerBytes) failed_ = true;
  if (failed_) return *this;
  for (size_t i = 0; i < kIntegerBytes; ++i) {
    *part = *part << 8 | static_cast<unsigned char>(rest_[i]);
  }
  rest_.remove_prefix(kIntegerBytes);
  return *this;
}

KeyReader& KeyReader::Int64(int64_t* part) {
  uint64_t bits = 0;
  Uint64(&bits);
  *part = static_cast<int64_t>(bits ^ kSignBit);
  return *this;
}

KeyReader& KeyReader::Time(absl::Time* part) {
  int64_t nanoseconds = 0;
  Int64(&nanoseconds);
  if (nanoseconds == std::numeric_limits<int64_t>::max()) {
    *part = absl::InfiniteFuture();
  } else if (nanoseconds == std::numeric_limits<int64_t>::min()) {
    *part = absl::InfinitePast();
  } else {
    *part = absl::FromUnixNanos(nanoseconds);
  }
  return *this;
}

absl::Status KeyReader::Finish() const {
  if (!failed_ && rest_.empty()) return absl::OkStatus();
  return DataLoss("KEY_MALFORMED",
                  "A stored key does not have the parts that it should have.");
}

}  // namespace rollcall::store
