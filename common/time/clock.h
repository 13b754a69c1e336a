// Tells the time. Only `main.cc` names the real clock; everything else is
// handed one, so that thirty days fit in a test (B9).
#ifndef ROLLCALL_COMMON_TIME_CLOCK_H_
#define ROLLCALL_COMMON_TIME_CLOCK_H_

#include "absl/time/time.h"

namespace rollcall {

// Thread-safe. Named after the Clock of upstream Abseil.
class Clock {
 public:
  virtual ~Clock() = default;

  // The wall clock of this machine. Lives for ever.
  static Clock& GetRealClock();

  // The time now, UTC. May jump either way: what must not go back has to be
  // stored.
  virtual absl::Time TimeNow() = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_TIME_CLOCK_H_
