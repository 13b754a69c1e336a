// Runs tasks on a few threads until none is left, or one fails.
#ifndef ROLLCALL_SERVICES_DIRECTORY_WORK_CREW_H_
#define ROLLCALL_SERVICES_DIRECTORY_WORK_CREW_H_

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace rollcall::directory {

// Thread-safe. The destructor drops the tasks that wait and lets those under
// way end.
class WorkCrew {
 public:
  using Task = std::function<absl::Status()>;

  explicit WorkCrew(int workers);
  ~WorkCrew();
  WorkCrew(const WorkCrew&) = delete;
  WorkCrew& operator=(const WorkCrew&) = delete;

  // Tasks may add tasks. After an error nothing more is begun.
  void Add(Task task);

  // Waits until no task is left and gives the first error. Calls `tick` now and
  // then meanwhile, on this thread. The crew may be used again if it was OK.
  absl::Status Wait(const std::function<void()>& tick);

 private:
  void Work();
  bool HasTask() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !tasks_.empty();
  }
  bool IsIdle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return tasks_.empty() && busy_ == 0;
  }

  absl::Mutex mutex_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mutex_);
  int busy_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status first_error_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> workers_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_WORK_CREW_H_
