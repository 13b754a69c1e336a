// The least work that a first read costs: the same requests, downloaded and
// unpacked, every field parsed, rows and members stored once and synced. No
// product logic, and none of its code.
#ifndef ROLLCALL_TESTS_BENCH_TUNED_FLOOR_H_
#define ROLLCALL_TESTS_BENCH_TUNED_FLOOR_H_

#include <cstdint>
#include <string>

#include "tests/bench/local_tenant.h"

namespace rollcall::bench {

struct FloorOptions {
  std::string token;
  std::string store_path;
  bool phones = true;
  int connections = 8;
};

// Reads all users and the members of all groups; gives the number of users.
// Ends the program if anything is not as expected.
int64_t RunTunedFloor(const TenantFacts& tenant, const FloorOptions& options);

}  // namespace rollcall::bench

#endif  // ROLLCALL_TESTS_BENCH_TUNED_FLOOR_H_
