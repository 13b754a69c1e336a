#include "common/time/clock.h"

#include "absl/time/clock.h"

namespace rollcall {
namespace {

class RealClock : public Clock {
 public:
  absl::Time TimeNow() override { return absl::Now(); }
};

}  // namespace

Clock& Clock::GetRealClock() {
  static RealClock& clock = *new RealClock();  // Outlives every other static.
  return clock;
}

}  // namespace rollcall
