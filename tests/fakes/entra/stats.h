// Counts of what the emulator has served.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_STATS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_STATS_H_

#include <atomic>
#include <cstdint>

namespace rollcall::entra {

struct Stats {
  std::atomic<int64_t> graph_requests = 0;
  std::atomic<int64_t> login_requests = 0;
  std::atomic<int64_t> bytes_sent = 0;  // bodies, as compressed
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_STATS_H_
