// The phases READING and APPLYING of a run: the stream of desired state, from
// its header to its trailer, applied as it comes.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_READING_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_READING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/reconciliation/group_diff.h"
#include "services/reconciliation/run_applying.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/run_stream.h"
#include "services/reconciliation/run_work.h"

namespace rollcall::reconciliation {

// One thread, one use.
class RunReading {
 public:
  // Both must outlive this.
  RunReading(const RunEngineOptions& options, RunWork& work);

  // Until the trailer is stored, or the process is about to end, or the run is
  // cancelled, or the directory fails: see RunWork::source_error.
  absl::Status Read();

 private:
  using Message = directory::v1::StreamDesiredStateResponse;

  // True if the message was the last one.
  absl::StatusOr<bool> Handle(const Message& message);
  absl::Status OnHeader(const directory::v1::DesiredStateHeader& header);
  void OnProgress(const directory::v1::ReadProgress& progress);
  absl::Status OnGroup(const directory::v1::DesiredGroup& message);
  absl::Status OnUser(StreamedUser user);
  absl::Status OnTrailer(const directory::v1::DesiredStateTrailer& trailer);
  // Groups come before users: what they are is settled when the first user, or
  // the trailer, comes.
  absl::Status SettleGroups();
  absl::Status BeginAttempt(const directory::v1::DesiredStateHeader& header);
  absl::Status EndReading(const directory::v1::DesiredStateTrailer& trailer);

  const RunEngineOptions& options_;
  RunWork& work_;
  RunStream stream_;
  RunApplying applying_;
  std::vector<DesiredGroup> groups_;
  std::vector<StreamedUser> users_;
  size_t user_bytes_ = 0;  // Theirs, about.
  std::string last_user_;
  bool has_header_ = false;
  bool groups_are_settled_ = false;
  int64_t users_expected_ = 0;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_READING_H_
