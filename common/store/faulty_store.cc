#include "common/store/faulty_store.h"

#include <utility>

#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::store {

void FaultyStore::FailCommit(int n, Outcome outcome) {
  absl::MutexLock lock(&mutex_);
  fail_at_ = commits_ + n;
  outcome_ = outcome;
}

void FaultyStore::Heal() {
  absl::MutexLock lock(&mutex_);
  fail_at_ = 0;
}

int FaultyStore::commit_count() const {
  absl::MutexLock lock(&mutex_);
  return commits_;
}

void FaultyStore::RefuseKey(std::string key) {
  absl::MutexLock lock(&mutex_);
  refused_key_ = std::move(key);
}

absl::Status FaultyStore::Commit(const Batch& batch) {
  {
    absl::MutexLock lock(&mutex_);
    for (const Batch::Operation& operation : batch.operations()) {
      if (!refused_key_.empty() && operation.key == refused_key_) {
        return Internal("BATCH_REFUSED", "The test refuses this batch.");
      }
    }
  }
  return CountCommit([&] { return base_.Commit(batch); });
}

class FaultyStore::Loader : public BulkLoader {
 public:
  Loader(FaultyStore& store, std::unique_ptr<BulkLoader> base)
      : store_(store), base_(std::move(base)) {}

  absl::Status Add(absl::string_view key, absl::string_view value) override {
    return base_->Add(key, value);
  }
  absl::Status Finish() override {
    return store_.CountCommit([this] { return base_->Finish(); });
  }

 private:
  FaultyStore& store_;
  const std::unique_ptr<BulkLoader> base_;
};

std::unique_ptr<BulkLoader> FaultyStore::BeginBulkLoad(
    absl::string_view partition) {
  return std::make_unique<Loader>(*this, base_.BeginBulkLoad(partition));
}

absl::Status FaultyStore::CountCommit(
    const std::function<absl::Status()>& commit) {
  bool fails = false;
  bool reaches_base = true;
  {
    absl::MutexLock lock(&mutex_);
    ++commits_;
    fails = fail_at_ > 0 && commits_ >= fail_at_;
    if (fails) {
      reaches_base = commits_ == fail_at_ && outcome_ == Outcome::kWritten;
    }
  }
  // What the base refuses was refused before any write could fail.
  if (reaches_base) RETURN_IF_ERROR(commit());
  if (!fails) return absl::OkStatus();
  return Unavailable("STORE_FAILED", "The store failed, as the test asked.");
}

absl::StatusOr<absl::optional<std::string>> FaultyStore::Get(
    absl::string_view partition, absl::string_view key) const {
  return base_.Get(partition, key);
}

std::unique_ptr<Cursor> FaultyStore::Scan(absl::string_view partition,
                                          const KeyRange& range) const {
  return base_.Scan(partition, range);
}

absl::StatusOr<std::vector<std::string>> FaultyStore::ListPartitions(
    absl::string_view after, int limit) const {
  return base_.ListPartitions(after, limit);
}

std::unique_ptr<Reader> FaultyStore::Snapshot() const {
  return base_.Snapshot();
}

const std::string& FaultyStore::incarnation() const {
  return base_.incarnation();
}

int64_t FaultyStore::epoch() const { return base_.epoch(); }

}  // namespace rollcall::store
