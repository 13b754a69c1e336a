#include "common/store/disk_space.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"

namespace rollcall::store {
namespace {

uint64_t PercentOf(uint64_t total, int percent) {
  // In this order: the product could be too large for a very large disk.
  return total / 100 * static_cast<uint64_t>(percent);
}

}  // namespace

absl::Status CheckDiskSpace(const DiskSpace& space, const Watermark& watermark,
                            const std::string& path) {
  const uint64_t needed =
      std::max(watermark.min_free_bytes,
               PercentOf(space.total, watermark.min_free_percent));
  if (space.free >= needed) return absl::OkStatus();
  return ResourceExhausted(
      "STORE_DISK_LOW",
      absl::StrCat("Only ", space.free, " of ", space.total,
                   " bytes are free at ", path, "; nothing is written below ",
                   needed, ", the larger of ", watermark.min_free_percent,
                   " percent and ", watermark.min_free_bytes, " bytes."),
      {{"free_bytes", absl::StrCat(space.free)},
       {"total_bytes", absl::StrCat(space.total)},
       {"path", path},
       {"needed_bytes", absl::StrCat(needed)},
       {"min_free_percent", absl::StrCat(watermark.min_free_percent)},
       {"min_free_bytes", absl::StrCat(watermark.min_free_bytes)}});
}

absl::StatusOr<DiskSpace> ReadDiskSpace(const std::string& path) {
  struct statvfs disk = {};
  if (statvfs(path.c_str(), &disk) != 0) {
    const std::string cause = std::strerror(errno);
    return Unavailable("STORE_READ_FAILED",
                       absl::StrCat("How full the disk at ", path,
                                    " is cannot be found out: ", cause, "."),
                       {{"path", path}, {"cause", cause}});
  }
  const uint64_t for_root = disk.f_bfree - disk.f_bavail;
  return DiskSpace{.free = disk.f_bavail * disk.f_frsize,
                   .total = (disk.f_blocks - for_root) * disk.f_frsize};
}

}  // namespace rollcall::store
