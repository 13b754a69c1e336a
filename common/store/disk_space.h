// How full a disk is, and from when on nothing more is written to it: before it
// is full (reliability.md B6), because an engine that meets a full disk may not
// survive it (finding 2).
#ifndef ROLLCALL_COMMON_STORE_DISK_SPACE_H_
#define ROLLCALL_COMMON_STORE_DISK_SPACE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rollcall::store {

// In bytes, as `df` counts them: what the system keeps for root is neither
// free nor part of the whole.
struct DiskSpace {
  uint64_t free = 0;
  uint64_t total = 0;
};

// How much has to stay free: the larger of the two.
struct Watermark {
  uint64_t min_free_bytes = 0;
  int min_free_percent = 0;
};

// RESOURCE_EXHAUSTED, reason STORE_DISK_LOW, if less is free at `path`.
absl::Status CheckDiskSpace(const DiskSpace& space, const Watermark& watermark,
                            const std::string& path);

// What the system says of the disk that `path` is on.
absl::StatusOr<DiskSpace> ReadDiskSpace(const std::string& path);

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_DISK_SPACE_H_
