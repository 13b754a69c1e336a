// Opens the store of a service's process as the flags of every service say, and
// keeps verified checkpoints of it.
#ifndef ROLLCALL_COMMON_RPC_PROCESS_STORE_H_
#define ROLLCALL_COMMON_RPC_PROCESS_STORE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/rpc/process.h"
#include "common/store/store.h"
#include "common/time/clock.h"

namespace rollcall::rpc {

// An open store. Closes it when it goes, after ending the work on a checkpoint.
class ProcessStore {
 public:
  ProcessStore(ProcessStore&&) noexcept;
  ~ProcessStore();

  store::Store& operator*() const;

 private:
  friend absl::StatusOr<ProcessStore> OpenStore(const ProcessOptions& options,
                                                Clock& clock,
                                                const std::string& owner,
                                                int format_version);
  struct Kept;
  explicit ProcessStore(std::unique_ptr<Kept> kept);
  std::unique_ptr<Kept> kept_;
};

// `clock` says when checkpoints are due and outlives the store. Errors are
// those of store::OpenRocksDb. The process ends with the first write that fails
// (ExitOnStoreFailure).
absl::StatusOr<ProcessStore> OpenStore(const ProcessOptions& options,
                                       Clock& clock, const std::string& owner,
                                       int format_version = 1);

}  // namespace rollcall::rpc

#endif  // ROLLCALL_COMMON_RPC_PROCESS_STORE_H_
