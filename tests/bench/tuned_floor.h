// The least work that reading a tenant costs: the same requests, downloaded and
// unpacked, every field parsed, rows and members stored once and synced. No
// product logic, and none of its code.
#ifndef ROLLCALL_TESTS_BENCH_TUNED_FLOOR_H_
#define ROLLCALL_TESTS_BENCH_TUNED_FLOOR_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/local_tenant.h"

namespace rollcall::bench {

struct FloorOptions {
  std::string token;
  std::string store_path;
  bool phones = true;
  int connections = 8;
};

// Ends the program if anything is not as expected. One thread.
class TunedFloor {
 public:
  // `tenant` must outlive this.
  TunedFloor(const TenantFacts& tenant, FloorOptions options);
  ~TunedFloor();

  // The store, the links that tell what changes from now on, the groups' names,
  // all users, the members of all groups; gives the number of users.
  int64_t ReadEverything();
  // What the links tell, over a fresh connection each, into the same store;
  // gives the number of users that changed.
  int64_t ReadChanges();

 private:
  class Store;

  const TenantFacts& tenant_;
  const FloorOptions options_;
  std::unique_ptr<Store> store_;
  std::vector<std::string> links_;  // Of users, of groups.
};

}  // namespace rollcall::bench

#endif  // ROLLCALL_TESTS_BENCH_TUNED_FLOOR_H_
