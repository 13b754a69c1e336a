#include "services/reconciliation/watched_store.h"

#include <utility>

namespace rollcall::reconciliation {
namespace {

// Its rows are seen at the end, all at once; nobody counts them.
class WatchedLoader final : public rollcall::store::BulkLoader {
 public:
  WatchedLoader(std::unique_ptr<rollcall::store::BulkLoader> base,
                AccessCache& cache)
      : base_(std::move(base)), cache_(cache) {}

  absl::Status Add(absl::string_view key, absl::string_view value) override {
    return base_->Add(key, value);
  }
  absl::Status Finish() override {
    const absl::Status status = base_->Finish();
    cache_.ForgetAll();
    return status;
  }

 private:
  const std::unique_ptr<rollcall::store::BulkLoader> base_;
  AccessCache& cache_;
};

}  // namespace

std::unique_ptr<rollcall::store::BulkLoader> WatchedStore::BeginBulkLoad(
    absl::string_view partition) {
  return std::make_unique<WatchedLoader>(base_.BeginBulkLoad(partition),
                                         cache_);
}

}  // namespace rollcall::reconciliation
