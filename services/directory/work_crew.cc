#include "services/directory/work_crew.h"

#include <algorithm>
#include <utility>

namespace rollcall::directory {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(200);

}  // namespace

WorkCrew::WorkCrew(int workers) {
  for (int i = 0; i < std::max(workers, 1); ++i) {
    workers_.emplace_back([this] { Work(); });
  }
}

WorkCrew::~WorkCrew() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    tasks_.clear();
  }
  for (std::thread& worker : workers_) worker.join();
}

void WorkCrew::Add(Task task) {
  absl::MutexLock lock(&mutex_);
  if (first_error_.ok() && !stopping_) tasks_.push_back(std::move(task));
}

absl::Status WorkCrew::Wait(const std::function<void()>& tick) {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(this, &WorkCrew::IsIdle),
                                  kTick)) {
        return first_error_;
      }
    }
    tick();
  }
}

void WorkCrew::Work() {
  while (true) {
    Task task;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &WorkCrew::HasTask));
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
      ++busy_;
    }
    absl::Status status = task();
    task = nullptr;  // What it holds is let go before the crew is idle.
    absl::MutexLock lock(&mutex_);
    --busy_;
    if (!status.ok()) {
      first_error_.Update(status);
      tasks_.clear();
    }
  }
}

}  // namespace rollcall::directory
