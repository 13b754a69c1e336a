#include "common/store/row.h"

#include <array>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/store/crc32c.h"
#include "common/store/key.h"

namespace rollcall::store {
namespace {

constexpr char kFormat = '\x01';
constexpr size_t kChecksumBytes = 4;
constexpr size_t kHeaderBytes = 1 + kChecksumBytes;

template <size_t kBytes>
std::array<char, kBytes> LittleEndian(uint64_t number) {
  std::array<char, kBytes> bytes;
  for (size_t i = 0; i < kBytes; ++i) {
    bytes[i] = static_cast<char>(number >> (8 * i));
  }
  return bytes;
}

template <size_t kBytes>
absl::string_view View(const std::array<char, kBytes>& bytes) {
  return {bytes.data(), bytes.size()};
}

// The length in front keeps ("ab", "c") apart from ("a", "bc").
std::array<char, kChecksumBytes> Checksum(absl::string_view row_key,
                                          absl::string_view value) {
  uint32_t crc =
      ExtendCrc32c(0, View(LittleEndian<sizeof(uint64_t)>(row_key.size())));
  crc = ExtendCrc32c(crc, row_key);
  crc = ExtendCrc32c(crc, value);
  return LittleEndian<kChecksumBytes>(crc);
}

absl::Status Damaged(absl::string_view row_key, absl::string_view what) {
  const std::string name = absl::CHexEscape(row_key);
  return DataLoss("STORE_DAMAGED",
                  absl::StrCat("The stored row ", name, " ", what, "."),
                  {{"row", name}});
}

}  // namespace

std::string RowPrefix(absl::string_view partition) {
  return Key(partition).Build();
}

std::string RowKey(absl::string_view partition, absl::string_view key) {
  return absl::StrCat(RowPrefix(partition), key);
}

absl::StatusOr<std::string> PartitionOfRow(absl::string_view row_key) {
  std::string partition;
  if (!KeyReader(row_key).String(&partition).ok()) {
    return Damaged(row_key, "belongs to no partition");
  }
  return partition;
}

std::string RowValue(absl::string_view row_key, absl::string_view value) {
  std::string row_value;
  row_value.reserve(kHeaderBytes + value.size());
  AppendRowValue(row_key, value, row_value);
  return row_value;
}

void AppendRowValue(absl::string_view row_key, absl::string_view value,
                    std::string& out) {
  const std::array<char, kChecksumBytes> checksum = Checksum(row_key, value);
  out.push_back(kFormat);
  out.append(checksum.data(), checksum.size());
  out.append(value.data(), value.size());
}

absl::StatusOr<std::string> ValueOfRow(absl::string_view row_key,
                                       absl::string_view row_value) {
  if (row_value.size() < kHeaderBytes || row_value[0] != kFormat) {
    return Damaged(row_key, "has no checksum");
  }
  const absl::string_view value = row_value.substr(kHeaderBytes);
  if (row_value.substr(1, kChecksumBytes) != View(Checksum(row_key, value))) {
    return Damaged(row_key, "does not match its checksum");
  }
  return std::string(value);
}

}  // namespace rollcall::store
