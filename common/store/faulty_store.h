// A store whose n-th commit fails, for tests of what a caller does then. The
// failed batch is, as chosen, written or not: both happen in the world
// (reliability finding 3).
#ifndef ROLLCALL_COMMON_STORE_FAULTY_STORE_H_
#define ROLLCALL_COMMON_STORE_FAULTY_STORE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/store/store.h"

namespace rollcall::store {

// Thread-safe.
class FaultyStore : public Store {
 public:
  enum class Outcome { kNotWritten, kWritten };

  // `base` must outlive this.
  explicit FaultyStore(Store& base) : base_(base) {}

  // The `n`-th commit from now (1: the next) fails with UNAVAILABLE, reason
  // STORE_FAILED, and so does every later one until Heal().
  void FailCommit(int n, Outcome outcome);
  void Heal();
  // Batches that write this key are refused from now on with INTERNAL, reason
  // BATCH_REFUSED: it is they that are wrong, and not the store.
  void RefuseKey(std::string key);
  // Commits that were asked for so far.
  int commit_count() const;

  absl::StatusOr<absl::optional<std::string>> Get(
      absl::string_view partition, absl::string_view key) const override;
  std::unique_ptr<Cursor> Scan(absl::string_view partition,
                               const KeyRange& range) const override;
  absl::StatusOr<std::vector<std::string>> ListPartitions(
      absl::string_view after, int limit) const override;
  absl::Status Commit(const Batch& batch) override;
  // Its Finish counts as a commit.
  std::unique_ptr<BulkLoader> BeginBulkLoad(
      absl::string_view partition) override;
  std::unique_ptr<Reader> Snapshot() const override;
  const std::string& incarnation() const override;
  int64_t epoch() const override;

 private:
  class Loader;
  // Counts a commit, and carries it out or not.
  absl::Status CountCommit(const std::function<absl::Status()>& commit);

  Store& base_;
  mutable absl::Mutex mutex_;
  int commits_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string refused_key_ ABSL_GUARDED_BY(mutex_);
  int fail_at_ ABSL_GUARDED_BY(mutex_) = 0;
  Outcome outcome_ ABSL_GUARDED_BY(mutex_) = Outcome::kNotWritten;
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_FAULTY_STORE_H_
