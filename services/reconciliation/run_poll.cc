#include "services/reconciliation/run_poll.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/optional.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/run_scope.h"
#include "services/reconciliation/source_records.h"

namespace rollcall::reconciliation {
namespace {

using directory::v1::StreamDesiredStateRequest;
using directory::v1::StreamDesiredStateResponse;

// What the beginning of a stream of changes tells.
struct Peek {
  enum class News { kNothing, kUsers, kIncomplete };

  News news = News::kNothing;
  std::string read_id;
  std::string shape;
  google::protobuf::Timestamp read_time;
  std::string next_cursor;  // If there is no news.
};

// Reads up to the first user, or to the trailer.
absl::StatusOr<Peek> PeekAt(const DirectoryName& name,
                            const std::string& cursor,
                            DirectoryClient& client) {
  StreamDesiredStateRequest request;
  request.set_name(name.ToString());
  request.set_mode(StreamDesiredStateRequest::CHANGES);
  request.set_change_cursor(cursor);
  ASSIGN_OR_RETURN(auto stream, client.StreamDesiredState(request));
  Peek peek;
  store::ScopeRow scope;
  std::vector<DesiredGroup> groups;
  while (true) {
    ASSIGN_OR_RETURN(absl::optional<StreamDesiredStateResponse> message,
                     stream->Next());
    if (!message.has_value()) {
      return Unavailable(
          "STREAM_WITHOUT_TRAILER",
          "The directory ended the stream without saying what it is worth.");
    }
    if (message->has_header()) {
      peek.read_id = message->header().read_id();
      peek.read_time = message->header().read_time();
      scope = ScopeOf(message->header().directory());
    } else if (message->has_group()) {
      ASSIGN_OR_RETURN(DesiredGroup group, ReadDesiredGroup(message->group()));
      groups.push_back(std::move(group));
    } else if (message->has_user() || message->has_gone_user()) {
      peek.news = Peek::News::kUsers;
      return peek;
    } else if (message->has_trailer()) {
      peek.shape = ShapeOf(scope, groups);
      peek.next_cursor = message->trailer().change_cursor();
      if (!message->trailer().complete()) peek.news = Peek::News::kIncomplete;
      return peek;
    }
  }
}

// Remembers a poll that no run came of; `peek` is what it has told, if it has.
// Only if nobody has moved the cursor meanwhile.
absl::Status Remember(const DirectoryName& name,
                      const store::DirectoryRow& asked,
                      const absl::optional<Peek>& peek,
                      const RunEngineOptions& options) {
  const absl::Time now = options.clock.TimeNow();
  ASSIGN_OR_RETURN(auto transaction, options.store.Begin(name.account().id()));
  ASSIGN_OR_RETURN(store::DirectoryRow row,
                   transaction->runs().GetDirectory(name.id()));
  ASSIGN_OR_RETURN(const absl::optional<store::RunningRow> running,
                   transaction->runs().FindRunning(name.id()));
  if (running.has_value() || row.change_cursor() != asked.change_cursor()) {
    return absl::OkStatus();
  }
  row.set_last_poll_nanos(absl::ToUnixNanos(now));
  if (peek.has_value() && peek->news == Peek::News::kNothing) {
    row.set_change_cursor(peek->next_cursor);
    row.set_read_time_nanos(absl::ToUnixNanos(FromTimestamp(peek->read_time)));
  }
  if (peek.has_value() && peek->news == Peek::News::kIncomplete &&
      row.full_retry_nanos() == 0) {
    row.set_full_retry_nanos(absl::ToUnixNanos(now));
  }
  transaction->Put(keys::Directory(name.id()), row);
  return transaction->Commit();
}

absl::StatusOr<PollOutcome> Start(const DirectoryName& name, RunRequest request,
                                  const RunEngineOptions& options) {
  RETURN_IF_ERROR(StartRun(RunName(name, options.make_id()), request,
                           options.clock.TimeNow(), options.store)
                      .status());
  return PollOutcome::kRunStarted;
}

}  // namespace

absl::StatusOr<PollOutcome> PollChanges(const DirectoryName& directory,
                                        const RunEngineOptions& options) {
  const RunReader runs = options.store.Runs(directory.account().id());
  ASSIGN_OR_RETURN(const absl::optional<store::RunningRow> running,
                   runs.FindRunning(directory.id()));
  if (running.has_value()) return PollOutcome::kNotNow;
  ASSIGN_OR_RETURN(const store::DirectoryRow known,
                   runs.GetDirectory(directory.id()));
  absl::StatusOr<Peek> peek =
      PeekAt(directory, known.change_cursor(), options.directory);
  if (!peek.ok()) {
    if (ReasonOf(peek.status()) == "CHANGE_CURSOR_EXPIRED") {
      return Start(directory, {.kind = v1::Run::FULL}, options);
    }
    LogWarning("poll_failed",
               {{"directory", directory.ToString()}, {"error", peek.status()}});
    RETURN_IF_ERROR(Remember(directory, known, absl::nullopt, options));
    return PollOutcome::kNotNow;
  }
  const bool is_reshaped =
      peek->news == Peek::News::kNothing && peek->shape != known.shape();
  if (peek->news == Peek::News::kUsers || is_reshaped) {
    return Start(directory,
                 {.kind = v1::Run::CHANGES, .read_id = peek->read_id}, options);
  }
  RETURN_IF_ERROR(Remember(directory, known, *peek, options));
  return PollOutcome::kNothingNew;
}

}  // namespace rollcall::reconciliation
