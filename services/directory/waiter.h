// Waits, so that tests need not.
#ifndef ROLLCALL_SERVICES_DIRECTORY_WAITER_H_
#define ROLLCALL_SERVICES_DIRECTORY_WAITER_H_

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace rollcall::directory {

// Thread-safe.
class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual void Wait(absl::Duration duration) = 0;
};

class RealWaiter : public Waiter {
 public:
  void Wait(absl::Duration duration) override { absl::SleepFor(duration); }
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_WAITER_H_
