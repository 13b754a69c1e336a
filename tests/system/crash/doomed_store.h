// For tests of crashes: a store whose process dies at a commit.
#ifndef ROLLCALL_TESTS_SYSTEM_CRASH_DOOMED_STORE_H_
#define ROLLCALL_TESTS_SYSTEM_CRASH_DOOMED_STORE_H_

#include <memory>
#include <string>
#include <vector>

#include "common/store/store.h"
#include "tests/system/crash/doom.h"

namespace rollcall::directory {

// Thread-safe. The end of a bulk load counts as a commit.
class DoomedStore : public rollcall::store::Store {
 public:
  // Both must outlive this.
  DoomedStore(rollcall::store::Store& base, Doom& doom)
      : base_(base), doom_(doom) {}

  absl::Status Commit(const rollcall::store::Batch& batch) override;
  std::unique_ptr<rollcall::store::BulkLoader> BeginBulkLoad(
      absl::string_view partition) override;

  absl::StatusOr<absl::optional<std::string>> Get(
      absl::string_view partition, absl::string_view key) const override {
    return base_.Get(partition, key);
  }
  std::unique_ptr<rollcall::store::Cursor> Scan(
      absl::string_view partition,
      const rollcall::store::KeyRange& range) const override {
    return base_.Scan(partition, range);
  }
  absl::StatusOr<std::vector<std::string>> ListPartitions(
      absl::string_view after, int limit) const override {
    return base_.ListPartitions(after, limit);
  }
  std::unique_ptr<rollcall::store::Reader> Snapshot() const override {
    return base_.Snapshot();
  }
  const std::string& incarnation() const override {
    return base_.incarnation();
  }
  int64_t epoch() const override { return base_.epoch(); }

 private:
  class Loader;
  // What no real store does: half of a batch reaches the disk. For negative
  // controls.
  void Tear(const rollcall::store::Batch& batch);

  rollcall::store::Store& base_;
  Doom& doom_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_CRASH_DOOMED_STORE_H_
