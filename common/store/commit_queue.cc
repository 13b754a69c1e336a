#include "common/store/commit_queue.h"

namespace rollcall::store {
namespace {

// Enough for the sync to be a small part of the work, little enough that nobody
// waits long behind others. A larger batch goes alone.
constexpr size_t kMaxGroupBytes = size_t{1} << 20;

}  // namespace

absl::Status CommitQueue::Commit(const Batch& batch, BatchTables* tables) {
  Waiter self{.member = {.batch = batch,
                         .tables = tables,
                         .outcome = absl::OkStatus()}};
  Group group;
  {
    absl::MutexLock lock(&mutex_);
    queue_.push_back(&self);
    const auto leads_or_done = [this,
                                &self]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return self.done || queue_.front() == &self;
    };
    mutex_.Await(absl::Condition(&leads_or_done));
    if (self.done) return self.member.outcome;
    group = FormGroup();
  }

  write_(group);

  absl::MutexLock lock(&mutex_);
  DismissGroup(group.size());
  return self.member.outcome;
}

size_t CommitQueue::size() const {
  absl::MutexLock lock(&mutex_);
  return queue_.size();
}

CommitQueue::Group CommitQueue::FormGroup() {
  Group group;
  size_t bytes = 0;
  for (Waiter* waiter : queue_) {
    const Member& member = waiter->member;
    bytes += member.batch.byte_size();
    const bool is_full = bytes > kMaxGroupBytes || member.tables != nullptr;
    if (is_full && !group.empty()) break;
    group.push_back(&waiter->member);
    if (is_full) break;
  }
  return group;
}

// Members wake up once they are done: their waiters live no longer than that.
void CommitQueue::DismissGroup(size_t size) {
  for (size_t i = 0; i < size; ++i) {
    queue_.front()->done = true;
    queue_.pop_front();
  }
}

}  // namespace rollcall::store
