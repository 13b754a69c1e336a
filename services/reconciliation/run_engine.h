// Carries a run out, from wherever it is to its end.
//
// It walks the directory's users in the store beside the stream of desired
// state, both in the order of source ids: a merge join, whose memory does not
// grow with the directory. Whatever gives (creating, updating, restoring,
// enabling, joining a group) is applied as it comes. Whatever takes (going to
// the trash, being disabled, leaving a group) is withheld, as a row in the same
// batch as the run's place, because the proof of completeness comes last (R30):
// then the withheld rows are carried out, or dropped.
//
// Killed at any moment, it goes on from its place: README.md says why the end
// is the same.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_ENGINE_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/time/clock.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/group_diff.h"
#include "services/reconciliation/run_progress.h"
#include "services/reconciliation/run_state.h"
#include "services/reconciliation/run_work.h"
#include "services/reconciliation/store.h"
#include "services/reconciliation/user_diff.h"

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
  size_t max_batch_rows = 4000;
  size_t max_batch_bytes = size_t{1} << 20;
  // Users who are compared between two looks at the size of the batch.
  size_t users_per_step = 500;
};

// One thread. Several engines may work on one store, but not on one run.
class RunEngine {
 public:
  explicit RunEngine(RunEngineOptions options) : options_(std::move(options)) {}

  // OK when the run has ended, whichever way, or waits: for its next try, for
  // its directory failed and might not, or for the next process. An error is
  // the store's; the run is then where its last commit has left it.
  absl::Status Execute(const RunName& name);

 private:
  class Reading;

  // What is stored of the run itself; LoadRules reads the groups on top of it.
  absl::StatusOr<RunWork> Load(const RunName& name);
  absl::Status LoadRules(RunWork& work);

  // From the run's place to its end or wait.
  absl::Status Carry(RunWork& work);

  // The phases.
  absl::Status Read(RunWork& work);
  absl::Status Remove(RunWork& work);
  absl::Status Release(RunWork& work);
  absl::Status Finish(v1::Run::State state, RunWork& work);

  // Steps of reading.
  absl::Status BeginAttempt(const directory::v1::DesiredStateHeader& header,
                            RunWork& work);
  absl::Status BeginApplying(const std::vector<DesiredGroup>& groups,
                             int64_t users_expected, RunWork& work);
  absl::Status ApplyUsers(const std::vector<DesiredUser>& users, bool to_end,
                          RunWork& work);
  absl::StatusOr<bool> ApplySome(const std::vector<DesiredUser>& users,
                                 bool to_end, size_t* next, RunWork& work);
  absl::Status EndReading(const directory::v1::DesiredStateTrailer& trailer,
                          const std::vector<DesiredGroup>& groups,
                          RunWork& work);

  // Takes the members for whom `leaves` says so out of a group, in batches.
  absl::Status EmptyGroup(const std::string& group, const std::string& rule,
                          const std::function<bool(const User&)>& leaves,
                          RunWork& work);
  absl::Status DropWithheld(absl::optional<std::string> kept,
                            const RunWork& work);
  // Commits that a phase is over; `next_total` is what the next one has to do.
  absl::Status EndPhase(int64_t next_total, RunWork& work);
  absl::Status OnSourceError(const absl::Status& status, RunWork& work);
  absl::Status Fail(const absl::Status& status, RunWork& work);
  absl::StatusOr<std::unique_ptr<Transaction>> Begin(const RunWork& work);
  void Show(const RunWork& work) const;

  RunEngineOptions options_;
  absl::BitGen random_;
  // Steps whose progress is in memory only, because they changed nothing.
  size_t uncommitted_steps_ = 0;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_ENGINE_H_
