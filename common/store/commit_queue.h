// Lets commits of several threads share one write to the disk: the first in the
// queue leads, and writes for those behind it too.
#ifndef ROLLCALL_COMMON_STORE_COMMIT_QUEUE_H_
#define ROLLCALL_COMMON_STORE_COMMIT_QUEUE_H_

#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/store/store.h"

namespace rollcall::store {

class BatchTables;

// Thread-safe. Keeps the order of arrival.
class CommitQueue {
 public:
  // One batch of a group; the writer of the group sets its outcome.
  struct Member {
    const Batch& batch;
    // The same batch as files, ready to be handed over; nullptr: it is small.
    // It goes alone.
    BatchTables* tables = nullptr;
    absl::Status outcome;
  };
  using Group = std::vector<Member*>;

  // Calls `write` with one group at a time, on the thread of its leader and
  // without a lock.
  explicit CommitQueue(std::function<void(const Group&)> write)
      : write_(std::move(write)) {}

  // Returns the outcome of the batch after the group that it was in.
  absl::Status Commit(const Batch& batch, BatchTables* tables = nullptr);

  // The batches that wait or are being written.
  size_t size() const;

 private:
  struct Waiter {
    Member member;
    bool done = false;
  };

  // The leader, which is the first of the queue, and those who go with it.
  Group FormGroup() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DismissGroup(size_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::function<void(const Group&)> write_;
  mutable absl::Mutex mutex_;
  std::deque<Waiter*> queue_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_COMMIT_QUEUE_H_
