// Draws how far a sync is: one line of phase, bar, done of total, rate and
// time left. Pure.
#ifndef ROLLCALL_DEPLOY_FIRST_SYNC_PROGRESS_H_
#define ROLLCALL_DEPLOY_FIRST_SYNC_PROGRESS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall::deploy {

// What is known at one instant. `total` is 0 while it is not known; a phase has
// a higher `step` than those that come before it.
struct Sample {
  std::string phase;
  int64_t done = 0;
  int64_t total = 0;
  absl::Time time;
  int step = 0;
};

// Remembers when the phase began, so that it knows the rate. One thread.
class ProgressLine {
 public:
  // The line for the newest sample, without a line end:
  // `applying   [#########.....]  61 %  6,100 of 10,000   3,210/s   1 s left`.
  std::string Render(const Sample& sample);

 private:
  std::string phase_;
  absl::Time phase_start_;
  int64_t start_done_ = 0;
};

// 1234567 -> "1,234,567".
std::string WithThousands(int64_t number);

}  // namespace rollcall::deploy

#endif  // ROLLCALL_DEPLOY_FIRST_SYNC_PROGRESS_H_
