// Says how an entry of a partition looks in the engine: a row. A damaged or
// misplaced row is noticed, never read. Pure.
//
// The row key is the partition, encoded as the strings of `key.h` are, then the
// key: a partition's rows lie together, in the order of their keys, and
// partitions in the order of their names. The row value is a format byte, a
// checksum (CRC-32C, little-endian) and the value. The checksum covers the row
// key as well, so that a value under a wrong key is noticed without keeping
// every key twice.
#ifndef ROLLCALL_COMMON_STORE_ROW_H_
#define ROLLCALL_COMMON_STORE_ROW_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall::store {

// What the row keys of a partition, and no others, begin with.
std::string RowPrefix(absl::string_view partition);

std::string RowKey(absl::string_view partition, absl::string_view key);

// The partition of a row. DATA_LOSS if the row key has none.
absl::StatusOr<std::string> PartitionOfRow(absl::string_view row_key);

std::string RowValue(absl::string_view row_key, absl::string_view value);

// The same, behind what is in `out`; which may hold the row key.
void AppendRowValue(absl::string_view row_key, absl::string_view value,
                    std::string& out);

// The value in a row. DATA_LOSS, reason STORE_DAMAGED, unless it is what
// RowValue made for this row key.
absl::StatusOr<std::string> ValueOfRow(absl::string_view row_key,
                                       absl::string_view row_value);

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_ROW_H_
