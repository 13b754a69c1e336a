#include "tests/bench/floor_steps.h"

#include <algorithm>
#include <cstdint>

namespace rollcall::bench {

void ChangeSome(LocalTenant& tenant, int users) {
  tenant.ChangeUsers(std::max(users / 100, 1));
}

std::vector<Figures> MeasureFloor(LocalTenant& tenant, int users,
                                  const FloorOptions& options) {
  TunedFloor floor(tenant.facts(), options);
  std::vector<Figures> figures;
  StopWatch first(tenant);
  const int64_t read = floor.ReadEverything();
  figures.push_back(first.Stop(kFirstRead, read));

  StopWatch second(tenant);
  const int64_t unchanged = floor.ReadChanges();
  figures.push_back(second.Stop(kNoChange, unchanged));

  ChangeSome(tenant, users);
  StopWatch third(tenant);
  const int64_t changed = floor.ReadChanges();
  figures.push_back(third.Stop(kSomeChanged, changed));
  return figures;
}

}  // namespace rollcall::bench
