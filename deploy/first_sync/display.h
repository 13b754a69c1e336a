// Shows a sync while it runs, phase by phase. Every phase that had something to
// do keeps a line of its own.
#ifndef ROLLCALL_DEPLOY_FIRST_SYNC_DISPLAY_H_
#define ROLLCALL_DEPLOY_FIRST_SYNC_DISPLAY_H_

#include <cstdint>
#include <ostream>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "deploy/first_sync/progress.h"

namespace rollcall::deploy {

// On a terminal a line that changes while its phase lasts, and stays when it
// has ended; elsewhere a line when a phase begins, every few seconds, and when
// it has ended. One thread.
class Display {
 public:
  // `out` must outlive the display.
  Display(std::ostream& out, bool terminal) : out_(out), terminal_(terminal) {}

  void Show(const Sample& sample);

  // Nothing more is shown: the last line stays as it is.
  void End();

 private:
  void Draw(const Sample& sample);
  void Leave(const Sample& last);

  std::ostream& out_;
  const bool terminal_;
  ProgressLine line_;
  absl::optional<Sample> shown_;
  int64_t drawn_done_ = 0;
  absl::Time next_line_ = absl::InfinitePast();
};

}  // namespace rollcall::deploy

#endif  // ROLLCALL_DEPLOY_FIRST_SYNC_DISPLAY_H_
