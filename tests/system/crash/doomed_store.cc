#include "tests/system/crash/doomed_store.h"

#include <utility>

namespace rollcall::directory {

using ::rollcall::store::Batch;
using ::rollcall::store::BulkLoader;

absl::Status DoomedStore::Commit(const Batch& batch) {
  if (doom_.IsDue(Doom::kBeforeCommit)) Doom::Strike();
  if (doom_.IsDue(Doom::kTornCommit)) {
    Tear(batch);
    Doom::Strike();
  }
  absl::Status status = base_.Commit(batch);
  if (doom_.IsDue(Doom::kAfterCommit)) Doom::Strike();
  return status;
}

void DoomedStore::Tear(const Batch& batch) {
  Batch half(batch.partition());
  const auto& operations = batch.operations();
  for (size_t i = operations.size() / 2; i < operations.size(); ++i) {
    if (operations[i].value.has_value()) {
      half.Put(operations[i].key, *operations[i].value);
    } else {
      half.Delete(operations[i].key);
    }
  }
  base_.Commit(half).IgnoreError();  // Nobody will know.
}

class DoomedStore::Loader : public BulkLoader {
 public:
  Loader(std::unique_ptr<BulkLoader> base, Doom& doom)
      : base_(std::move(base)), doom_(doom) {}

  absl::Status Add(absl::string_view key, absl::string_view value) override {
    return base_->Add(key, value);
  }
  absl::Status Finish() override {
    if (doom_.IsDue(Doom::kBeforeCommit)) Doom::Strike();
    absl::Status status = base_->Finish();
    if (doom_.IsDue(Doom::kAfterCommit)) Doom::Strike();
    return status;
  }

 private:
  const std::unique_ptr<BulkLoader> base_;
  Doom& doom_;
};

std::unique_ptr<BulkLoader> DoomedStore::BeginBulkLoad(
    absl::string_view partition) {
  return std::make_unique<Loader>(base_.BeginBulkLoad(partition), doom_);
}

}  // namespace rollcall::directory
