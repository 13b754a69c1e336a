#include "common/rpc/process_store.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "common/status/status_macros.h"
#include "common/store/checkpointer.h"
#include "common/store/rocksdb_store.h"
#include "common/time/clock.h"
#include "common/time/periodic_worker.h"

namespace rollcall::rpc {
namespace {

// How late a checkpoint may be; a look costs one listing of a small folder.
constexpr absl::Duration kLookPeriod = absl::Minutes(1);

}  // namespace

struct ProcessStore::Kept {
  explicit Kept(std::unique_ptr<store::RocksDbStore> opened)
      : store(std::move(opened)) {}
  ~Kept() {
    if (checkpointer) checkpointer->Stop();
  }

  // Each uses those above it.
  const std::unique_ptr<store::RocksDbStore> store;
  std::unique_ptr<store::Checkpointer> checkpointer;  // Null: none are wanted.
  std::unique_ptr<PeriodicWorker> worker;
};

ProcessStore::ProcessStore(std::unique_ptr<Kept> kept)
    : kept_(std::move(kept)) {}
ProcessStore::ProcessStore(ProcessStore&&) noexcept = default;
ProcessStore::~ProcessStore() = default;

store::Store& ProcessStore::operator*() const { return *kept_->store; }

absl::StatusOr<ProcessStore> OpenStore(const ProcessOptions& options,
                                       Clock& clock, const std::string& owner,
                                       int format_version) {
  ASSIGN_OR_RETURN(
      std::unique_ptr<store::RocksDbStore> opened,
      store::OpenRocksDb({.path = options.data_directory,
                          .format_version = format_version,
                          .owner = owner,
                          .on_failure = ExitOnStoreFailure,
                          .min_free_percent = options.min_free_percent}));
  auto kept = std::make_unique<ProcessStore::Kept>(std::move(opened));
  if (options.checkpoint_interval > absl::ZeroDuration()) {
    kept->checkpointer = std::make_unique<store::Checkpointer>(
        store::CheckpointerOptions{.store = *kept->store,
                                   .path = options.data_directory,
                                   .clock = clock,
                                   .interval = options.checkpoint_interval});
    kept->worker = std::make_unique<PeriodicWorker>(
        PeriodicWorkerOptions{
            .name = "store-checkpoint",
            .period = std::min(kLookPeriod, options.checkpoint_interval)},
        clock, [checkpointer = kept->checkpointer.get()](absl::Time now) {
          return checkpointer->RunOnce(now);
        });
  }
  return ProcessStore(std::move(kept));
}

}  // namespace rollcall::rpc
