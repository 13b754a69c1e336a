#include "services/reconciliation/run_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::reconciliation {

using directory::v1::StreamDesiredStateRequest;
using directory::v1::StreamDesiredStateResponse;

absl::Status OutOfOrder(absl::string_view what) {
  return DataLoss("STREAM_OUT_OF_ORDER",
                  absl::StrCat("The directory streamed ", what, "."));
}

RunStream::RunStream(DirectoryClient& directory, const RunWork& work) {
  const bool changes = work.run.kind() == v1::Run::CHANGES;
  StreamDesiredStateRequest request;
  request.set_name(work.name.directory().ToString());
  request.set_mode(changes ? StreamDesiredStateRequest::CHANGES
                           : StreamDesiredStateRequest::FULL);
  request.set_read_id(work.place.read_id());
  request.set_resume_key(work.place.through());
  if (changes) request.set_change_cursor(work.place.change_cursor());
  request.set_username_normalization_assumed(
      work.run.username_normalization_assumed());
  auto stream = directory.StreamDesiredState(request);
  if (stream.ok()) {
    stream_ = *std::move(stream);
  } else {
    error_ = stream.status();
  }
}

absl::StatusOr<StreamDesiredStateResponse> RunStream::Next() {
  RETURN_IF_ERROR(error_);
  auto message = stream_->Next();
  if (!message.ok()) return Failed(message.status());
  if (!message->has_value()) {
    return Failed(Unavailable(
        "STREAM_WITHOUT_TRAILER",
        "The directory ended the stream without saying what it is worth."));
  }
  return **std::move(message);
}

absl::Status RunStream::ExpectEnd() {
  auto message = stream_->Next();
  if (!message.ok()) return Failed(message.status());
  if (message->has_value()) return Failed(OutOfOrder("on after its trailer"));
  return absl::OkStatus();
}

absl::Status RunStream::Failed(absl::Status status) {
  error_ = std::move(status);
  return error_;
}

}  // namespace rollcall::reconciliation
