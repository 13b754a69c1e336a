// Measures the floor of reading a tenant, step by step: what every benchmark
// that reads one prints beside the product.
#ifndef ROLLCALL_TESTS_BENCH_FLOOR_STEPS_H_
#define ROLLCALL_TESTS_BENCH_FLOOR_STEPS_H_

#include <vector>

#include "tests/bench/local_tenant.h"
#include "tests/bench/measure.h"
#include "tests/bench/tuned_floor.h"

namespace rollcall::bench {

inline constexpr char kFirstRead[] = "first read";
inline constexpr char kNoChange[] = "no change";
inline constexpr char kSomeChanged[] = "1 % changed";

// Changes one user in a hundred.
void ChangeSome(LocalTenant& tenant, int users);

// The three steps above, of a tenant with so many users.
std::vector<Figures> MeasureFloor(LocalTenant& tenant, int users,
                                  const FloorOptions& options);

}  // namespace rollcall::bench

#endif  // ROLLCALL_TESTS_BENCH_FLOOR_STEPS_H_
