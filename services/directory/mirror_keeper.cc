#include "services/directory/mirror_keeper.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/proto_time.h"
#include "services/directory/deletion_watch.h"

namespace rollcall::directory {
namespace {

using store::StoredDirectory;
using store::StoredFacts;
using store::StoredRead;
using v1::StreamDesiredStateResponse;

// How often somebody who waits for another read looks whether it may go on.
constexpr absl::Duration kSlotWait = absl::Milliseconds(100);

absl::Status NoGroupSelected(const DirectoryName& name) {
  return FailedPrecondition(
      "NO_GROUP_SELECTED",
      absl::StrCat(name.ToString(),
                   " has no selected group; a sync would remove everybody. "
                   "Select groups first."),
      {{"directory", name.ToString()}});
}

// A vanished group keeps the name that it had.
void KeepNames(const StoredFacts& known, StoredFacts& learned) {
  for (StoredFacts::Group& group : *learned.mutable_groups()) {
    for (const StoredFacts::Group& before : known.groups()) {
      if (group.display_name().empty() &&
          before.source_id() == group.source_id()) {
        group.set_display_name(before.display_name());
      }
    }
  }
}

}  // namespace

// Holds a directory while it is read.
class MirrorKeeper::ReadSlot {
 public:
  ReadSlot(MirrorKeeper& keeper, std::string directory)
      : keeper_(keeper), directory_(std::move(directory)) {}

  ~ReadSlot() {
    if (!held_) return;
    absl::MutexLock lock(&keeper_.mutex_);
    keeper_.being_read_.erase(directory_);
  }

  absl::Status Take(const std::function<bool()>& cancelled) {
    while (!held_) {
      if (cancelled()) {
        return Cancelled("READ_CANCELLED", "Nobody waits for this read.");
      }
      absl::MutexLock lock(&keeper_.mutex_);
      keeper_.mutex_.AwaitWithTimeout(absl::Condition(this, &ReadSlot::IsFree),
                                      kSlotWait);
      held_ = keeper_.being_read_.insert(directory_).second;
    }
    return absl::OkStatus();
  }

 private:
  bool IsFree() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return !keeper_.being_read_.contains(directory_);
  }

  MirrorKeeper& keeper_;
  const std::string directory_;
  bool held_ = false;
};

MirrorKeeper::MirrorKeeper(rollcall::store::Store& store,
                           AuthorizationClient& authorization,
                           GraphClient& graph, Clock& clock,
                           FullReadOptions options)
    : directories_(store),
      view_(directories_, authorization),
      reads_(store),
      graph_(graph),
      clock_(clock),
      options_(options) {}

absl::Status MirrorKeeper::StreamDesiredState(
    const v1::StreamDesiredStateRequest& request,
    const std::function<bool()>& cancelled, const WriteMessage& write) {
  ASSIGN_OR_RETURN(const DirectoryName name,
                   DirectoryName::Parse(request.name()));
  // A9: what is under way ends when the directory does.
  DeletionWatch watch(directories_, name);
  return watch.Explain(Stream(
      name, request, [&] { return cancelled() || watch.IsDeleted(); },
      [&](const StreamDesiredStateResponse& message) {
        return !watch.IsDeletedByNow() && write(message);
      }));
}

absl::Status MirrorKeeper::Stream(const DirectoryName& name,
                                  const v1::StreamDesiredStateRequest& request,
                                  const std::function<bool()>& cancelled,
                                  const WriteMessage& write) {
  if (request.mode() != v1::StreamDesiredStateRequest::FULL) {
    return InvalidArgument("MODE_INVALID", "The mode is FULL.",
                           {{"field", "mode"}});
  }
  absl::optional<SourceId> resume_key;
  if (!request.resume_key().empty()) {
    resume_key = SourceId::Parse(request.resume_key());
    if (!resume_key.has_value()) {
      return InvalidArgument("RESUME_KEY_INVALID",
                             "A resume key is the source id of a user.",
                             {{"field", "resume_key"}});
    }
  }
  RETURN_IF_ERROR(directories_.GetLive(name).status());
  if (!request.read_id().empty()) {
    ASSIGN_OR_RETURN(const std::unique_ptr<SealedRead> held,
                     reads_.Find(name, request.read_id()));
    if (held != nullptr) {
      RETURN_IF_ERROR(WriteHeader(name.account(), held->header(), write));
      return StreamRead(*held, resume_key, write);
    }
  }
  // A key means nothing in another read.
  ASSIGN_OR_RETURN(const std::unique_ptr<SealedRead> read,
                   ReadAnew(name, cancelled, write));
  return StreamRead(*read, absl::nullopt, write);
}

absl::StatusOr<std::unique_ptr<SealedRead>> MirrorKeeper::ReadAnew(
    const DirectoryName& name, const std::function<bool()>& cancelled,
    const WriteMessage& write) {
  RETURN_IF_ERROR(CheckReadable(name).status());
  ReadSlot slot(*this, name.ToString());
  RETURN_IF_ERROR(slot.Take(cancelled));
  // Another read may have taken long: what counts is the configuration now.
  ASSIGN_OR_RETURN(const StoredDirectory directory, CheckReadable(name));
  ASSIGN_OR_RETURN(const ConnectionName connection,
                   ConnectionName::Parse(directory.connection()));
  ASSIGN_OR_RETURN(const std::unique_ptr<GraphSession> session,
                   graph_.Open(connection, cancelled));

  StoredRead header;
  header.set_read_id(RandomId());
  *header.mutable_directory() = directory;
  header.set_tenant_id(session->tenant_id());
  *header.mutable_read_time() = ToTimestamp(clock_.TimeNow());
  ASSIGN_OR_RETURN(const std::unique_ptr<ReadWriter> writer,
                   reads_.Begin(name, std::move(header)));
  const absl::Status filled = FillAndSeal(name, *session, *writer, write);
  if (!filled.ok()) {
    LogWarning("read_failed",
               {{"directory", name.ToString()}, {"status", filled}});
    // Sweep removes it, now or, if this fails too, after the next start.
    const absl::Status abandoned = writer->Abandon();
    if (!abandoned.ok()) {
      LogError("read_not_abandoned", {{"status", abandoned}});
    }
    return filled;
  }
  ASSIGN_OR_RETURN(std::unique_ptr<SealedRead> read,
                   reads_.Find(name, writer->header().read_id()));
  if (read == nullptr) {
    return Aborted("READ_LOST", "The read was replaced meanwhile; read again.");
  }
  RETURN_IF_ERROR(LearnGroups(name, *read));
  return read;
}

absl::StatusOr<StoredDirectory> MirrorKeeper::CheckReadable(
    const DirectoryName& name) {
  ASSIGN_OR_RETURN(StoredDirectory directory, directories_.GetLive(name));
  if (directory.selected_groups().empty()) return NoGroupSelected(name);  // A10
  ASSIGN_OR_RETURN(const ConnectionName connection,
                   ConnectionName::Parse(directory.connection()));
  RETURN_IF_ERROR(view_.CheckConnected(connection));  // R13
  return directory;
}

absl::Status MirrorKeeper::FillAndSeal(const DirectoryName& name,
                                       GraphSession& session,
                                       ReadWriter& writer,
                                       const WriteMessage& write) {
  RETURN_IF_ERROR(WriteHeader(name.account(), writer.header(), write));
  ASSIGN_OR_RETURN(
      StoredRead result,
      ReadEverything(session, writer, options_,
                     [&write](const FullReadProgress& progress) {
                       StreamDesiredStateResponse response;
                       v1::ReadProgress& message = *response.mutable_progress();
                       message.set_objects_read(progress.objects_read);
                       message.set_objects_expected(progress.objects_expected);
                       message.set_requests(progress.requests);
                       // Whether anybody takes it is noticed by `cancelled`.
                       write(response);
                     }));
  LogInfo("read_ended", {{"directory", name.ToString()},
                         {"complete", result.complete()},
                         {"users", result.user_count()},
                         {"requests", result.requests()}});
  return writer.Seal(std::move(result));
}

absl::Status MirrorKeeper::WriteHeader(const AccountName& account,
                                       const StoredRead& read,
                                       const WriteMessage& write) {
  StreamDesiredStateResponse response;
  v1::DesiredStateHeader& header = *response.mutable_header();
  header.set_read_id(read.read_id());
  ASSIGN_OR_RETURN(*header.mutable_directory(),
                   view_.Show(account, read.directory()));
  header.set_tenant_id(read.tenant_id());
  *header.mutable_read_time() = read.read_time();
  if (write(response)) return absl::OkStatus();
  return Cancelled("READ_CANCELLED", "Nobody takes this stream any more.");
}

absl::Status MirrorKeeper::LearnGroups(const DirectoryName& name,
                                       const SealedRead& read) {
  StoredFacts learned;
  for (const std::string& bytes : read.header().directory().selected_groups()) {
    const SourceId id = SourceId::FromBytes(bytes).value_or(SourceId());
    ASSIGN_OR_RETURN(const store::StoredGroup group, read.GetGroup(id));
    StoredFacts::Group& fact = *learned.add_groups();
    fact.set_source_id(bytes);
    fact.set_display_name(group.display_name());
    fact.set_missing(group.missing());
  }
  return directories_
      .ChangeFacts(name,
                   [&learned](StoredFacts& facts) {
                     KeepNames(facts, learned);
                     *facts.mutable_groups() = learned.groups();
                   })
      .status();
}

}  // namespace rollcall::directory
