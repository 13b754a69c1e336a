// The stream of desired state that one run reads, checked message by message: a
// stream may not end before its trailer, and nothing may come in the wrong
// order.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_STREAM_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_STREAM_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/reconciliation/client.h"
#include "services/reconciliation/run_work.h"

namespace rollcall::reconciliation {

// DATA_LOSS, reason STREAM_OUT_OF_ORDER.
absl::Status OutOfOrder(absl::string_view what);

// One thread. Remembers the first error of the directory.
class RunStream {
 public:
  // Opens the stream from the run's place.
  RunStream(DirectoryClient& directory, const RunWork& work);

  // The next message, which must be there.
  absl::StatusOr<directory::v1::StreamDesiredStateResponse> Next();
  absl::Status ExpectEnd();

  // What came is no good.
  absl::Status Failed(absl::Status status);

  // OK: the directory has not failed so far.
  const absl::Status& error() const { return error_; }

 private:
  std::unique_ptr<DesiredStateStream> stream_;
  absl::Status error_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_STREAM_H_
