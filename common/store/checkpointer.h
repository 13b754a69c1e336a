// Keeps verified copies of a store beside it: every hour a checkpoint is made
// and read to its end, the newest two stay. None counts that was not verified,
// and no older one goes before a newer one is.
#ifndef ROLLCALL_COMMON_STORE_CHECKPOINTER_H_
#define ROLLCALL_COMMON_STORE_CHECKPOINTER_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/store/rocksdb_store.h"
#include "common/time/clock.h"
#include "common/time/periodic_worker.h"

namespace rollcall::store {

struct CheckpointerOptions {
  RocksDbStore& store;
  std::string path;  // Of the store; checkpoints go to `<path>.checkpoints`.
  Clock& clock;
  absl::Duration interval = absl::Hours(1);
  // A disk reads several times as much, of which callers want most.
  int64_t max_bytes_per_second = int64_t{64} << 20;
};

// What a crash leaves, step by step:
//   - while RocksDB copies: `<time>.unverified.tmp`;
//   - while the copy is marked and verified: `<time>.unverified`;
//   - after that is renamed to `<time>`: a verified checkpoint, one too many
//     perhaps;
//   - while an old one goes: `<time>.removing`, renamed before the first of its
//     files goes.
// The next unit of work removes all of these but the checkpoint. So whatever is
// named by a time alone is whole.
//
// Metrics: `rollcall_store_checkpoint_timestamp_seconds`, when the newest
// verified one was made; `rollcall_store_checkpoint_damaged_total`. One thread,
// except for Stop.
class Checkpointer {
 public:
  // What `options` refers to must outlive this.
  explicit Checkpointer(CheckpointerOptions options);

  // Makes, verifies and keeps a checkpoint if one is due, and removes what is
  // too many. After an error the next try is an interval later: reading a
  // damaged store again and again helps nobody.
  absl::StatusOr<Pace> RunOnce(absl::Time now);

  // Lets a verification under way end at once. Thread-safe.
  void Stop() { is_stopping_ = true; }

 private:
  absl::Status Make(absl::Time now);
  absl::Status RemoveOutdated(absl::Time now);
  std::string PathOf(absl::string_view name) const;

  const CheckpointerOptions options_;
  const std::string folder_;
  absl::optional<absl::Time> failed_;  // When the last try began, if it failed.
  std::atomic<bool> is_stopping_ = false;
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_CHECKPOINTER_H_
