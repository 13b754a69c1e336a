// What carrying out runs needs: the world around it, and how large its batches
// are.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_OPTIONS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_OPTIONS_H_

#include <cstddef>
#include <functional>
#include <string>

#include "common/time/clock.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/run_progress.h"
#include "services/reconciliation/store.h"

namespace rollcall::reconciliation {

struct RunEngineOptions {
  IdentityStore& store;
  DirectoryClient& directory;
  RunProgressBoard& board;
  Clock& clock;
  std::function<std::string()> make_id;
  // Whether the process is about to end: a run then stays where its last commit
  // has left it, for the next process to go on.
  std::function<bool()> is_stopping = [] { return false; };
  // A batch is committed when it holds this many rows or bytes.
  size_t max_batch_rows = 64000;
  size_t max_batch_bytes = size_t{10} << 20;
  // Users who are compared between two looks at the size of the batch.
  size_t users_per_step = 4000;
  // Fewer, where they have so many bytes: of groups, or long names.
  size_t bytes_per_step = size_t{8} << 20;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_OPTIONS_H_
