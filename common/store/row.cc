#include "common/store/row.h"

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

std::string LittleEndian(uint64_t number, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) {
    text.push_back(static_cast<char>(number >> (8 * i)));
  }
  return text;
}

// The length in front keeps ("ab", "c") apart from ("a", "bc").
std::string Checksum(absl::string_view row_key, absl::string_view value) {
  uint32_t crc =
      ExtendCrc32c(0, LittleEndian(row_key.size(), sizeof(uint64_t)));
  crc = ExtendCrc32c(crc, row_key);
  crc = ExtendCrc32c(crc, value);
  return LittleEndian(crc, kChecksumBytes);
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
  return absl::StrCat(absl::string_view(&kFormat, 1), Checksum(row_key, value),
                      value);
}

absl::StatusOr<std::string> ValueOfRow(absl::string_view row_key,
                                       absl::string_view row_value) {
  if (row_value.size() < kHeaderBytes || row_value[0] != kFormat) {
    return Damaged(row_key, "has no checksum");
  }
  const absl::string_view value = row_value.substr(kHeaderBytes);
  if (row_value.substr(1, kChecksumBytes) != Checksum(row_key, value)) {
    return Damaged(row_key, "does not match its checksum");
  }
  return std::string(value);
}

}  // namespace rollcall::store
