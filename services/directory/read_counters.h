// How far a read is, for those who watch it.
#ifndef ROLLCALL_SERVICES_DIRECTORY_READ_COUNTERS_H_
#define ROLLCALL_SERVICES_DIRECTORY_READ_COUNTERS_H_

#include <atomic>
#include <cstdint>

namespace rollcall::directory {

// Thread-safe.
struct ReadCounters {
  std::atomic<int64_t> objects_read{0};
  std::atomic<int64_t> objects_expected{0};  // 0 while it is not known.
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_READ_COUNTERS_H_
