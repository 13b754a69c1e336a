// Proves how commits share a write: who goes together, and who hears what.
#include "common/store/commit_queue.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/synchronization/notification.h"
#include "common/status/errors.h"
#include "common/testing/status_matchers.h"

namespace rollcall::store {
namespace {

using ::rollcall::testing::StatusIs;

Batch Put(const std::string& key, size_t bytes = 1) {
  Batch batch("acme");
  batch.Put(key, std::string(bytes, 'x'));
  return batch;
}

// Commits one batch per thread while the first write is held up, and tells
// which batches were written together.
class Groups {
 public:
  // Queues the batches one after the other behind the first.
  std::vector<std::vector<std::string>> Commit(
      const std::vector<Batch>& batches) {
    std::vector<std::thread> threads;
    for (size_t i = 0; i < batches.size(); ++i) {
      threads.emplace_back(
          [this, &batch = batches[i]] { EXPECT_OK(queue_.Commit(batch)); });
      while (queue_.size() < i + 1) std::this_thread::yield();
    }
    all_queued_.Notify();
    for (std::thread& thread : threads) thread.join();
    return groups_;
  }

 private:
  void Write(const CommitQueue::Group& group) {
    all_queued_.WaitForNotification();
    std::vector<std::string> keys;
    for (const CommitQueue::Member* member : group) {
      keys.push_back(member->batch.operations()[0].key);
    }
    groups_.push_back(std::move(keys));
  }

  absl::Notification all_queued_;
  std::vector<std::vector<std::string>> groups_;
  CommitQueue queue_{[this](const CommitQueue::Group& group) { Write(group); }};
};

TEST(CommitQueue, ThoseWhoWaitGoTogetherInOrder) {
  const std::vector<std::vector<std::string>> expected = {{"a"},
                                                          {"b", "c", "d"}};
  EXPECT_EQ(Groups().Commit({Put("a"), Put("b"), Put("c"), Put("d")}),
            expected);
}

TEST(CommitQueue, LargeBatchesGoAlone) {
  constexpr size_t kLarge = size_t{3} << 20;
  const std::vector<std::vector<std::string>> expected = {
      {"a"}, {"b"}, {"large"}, {"c", "d"}};
  EXPECT_EQ(Groups().Commit(
                {Put("a"), Put("b"), Put("large", kLarge), Put("c"), Put("d")}),
            expected);
}

TEST(CommitQueue, EveryoneHearsTheirOwnOutcome) {
  CommitQueue queue([](const CommitQueue::Group& group) {
    for (CommitQueue::Member* member : group) {
      if (member->batch.operations()[0].key == "bad") {
        member->outcome = Aborted("STORE_CONFLICT", "No.");
      }
    }
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&queue, t] {
      for (int i = 0; i < 200; ++i) {
        if ((i + t) % 3 == 0) {
          EXPECT_THAT(queue.Commit(Put("bad")),
                      StatusIs(absl::StatusCode::kAborted));
        } else {
          EXPECT_OK(queue.Commit(Put("good")));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(queue.size(), 0u);
}

}  // namespace
}  // namespace rollcall::store
