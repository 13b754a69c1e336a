// The CRC-32C checksum (Castagnoli, RFC 3720 appendix B.4). Pure.
#ifndef ROLLCALL_COMMON_STORE_CRC32C_H_
#define ROLLCALL_COMMON_STORE_CRC32C_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace rollcall::store {

// The checksum of the bytes that gave `crc` followed by `bytes`; 0 begins.
uint32_t ExtendCrc32c(uint32_t crc, absl::string_view bytes);

// The same for processors that have no instruction for it.
uint32_t ExtendCrc32cByTables(uint32_t crc, absl::string_view bytes);

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_CRC32C_H_
