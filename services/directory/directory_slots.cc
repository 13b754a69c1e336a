#include "services/directory/directory_slots.h"

#include "absl/time/time.h"
#include "common/status/errors.h"

namespace rollcall::directory {
namespace {

// How often somebody who waits for another looks whether it may go on.
constexpr absl::Duration kSlotWait = absl::Milliseconds(100);

}  // namespace

DirectorySlots::Hold::~Hold() {
  if (!held_) return;
  absl::MutexLock lock(&slots_.mutex_);
  slots_.held_.erase(directory_);
}

absl::Status DirectorySlots::Hold::Take(
    const std::function<bool()>& cancelled) {
  while (!held_) {
    if (cancelled()) {
      return Cancelled("READ_CANCELLED", "Nobody waits for this read.");
    }
    absl::MutexLock lock(&slots_.mutex_);
    slots_.mutex_.AwaitWithTimeout(absl::Condition(this, &Hold::IsFree),
                                   kSlotWait);
    held_ = slots_.held_.insert(directory_).second;
  }
  return absl::OkStatus();
}

bool DirectorySlots::Hold::TryTake() {
  absl::MutexLock lock(&slots_.mutex_);
  held_ = slots_.held_.insert(directory_).second;
  return held_;
}

}  // namespace rollcall::directory
