#include "services/directory/mirror_keeper.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/proto_time.h"
#include "services/directory/change_cursor.h"
#include "services/directory/deletion_watch.h"
#include "services/directory/source_user_answer.h"

namespace rollcall::directory {
namespace {

using store::StoredDirectory;
using v1::StreamDesiredStateResponse;

absl::StatusOr<absl::optional<SourceId>> ParseResumeKey(
    const v1::StreamDesiredStateRequest& request) {
  if (request.resume_key().empty()) return absl::optional<SourceId>();
  const absl::optional<SourceId> key = SourceId::Parse(request.resume_key());
  if (key.has_value()) return key;
  return InvalidArgument("RESUME_KEY_INVALID",
                         "A resume key is the source id of a user.",
                         {{"field", "resume_key"}});
}

absl::Status NobodyTakesIt() {
  return Cancelled("READ_CANCELLED", "Nobody takes this stream any more.");
}

// The same read can be streamed again while nothing was folded into it.
bool IsHeld(const MirrorView& mirror, absl::string_view read_id) {
  return mirror.header().read_id() == read_id &&
         mirror.header().first_sequence() == mirror.mirror().sequence();
}

std::function<void(const FullReadProgress&)> ProgressTo(
    const WriteMessage& write) {
  return [&write](const FullReadProgress& progress) {
    StreamDesiredStateResponse response;
    v1::ReadProgress& message = *response.mutable_progress();
    message.set_objects_read(progress.objects_read);
    message.set_objects_expected(progress.objects_expected);
    message.set_requests(progress.requests);
    // Whether anybody takes it is noticed by `cancelled`.
    write(response);
  };
}

// The configuration as a stream that assumes normalization shows it (B10).
StoredDirectory AsAssumed(StoredDirectory directory, bool assumes) {
  if (assumes) directory.set_username_normalization_enabled(true);
  return directory;
}

}  // namespace

MirrorKeeper::MirrorKeeper(rollcall::store::Store& store,
                           AuthorizationClient& authorization,
                           GraphClient& graph, const Sealer& sealer,
                           Clock& clock, FullReadOptions options)
    : store_(store),
      directories_(store),
      view_(directories_, authorization),
      updater_(store, authorization, graph, sealer, clock, options) {}

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
  if (request.mode() == v1::StreamDesiredStateRequest::FULL) {
    return StreamFull(request, name, cancelled, write);
  }
  if (request.username_normalization_assumed()) {
    return InvalidArgument("NORMALIZATION_NOT_ASSUMABLE",
                           "Only in mode FULL can usernames be told in a form "
                           "that is not configured.",
                           {{"field", "username_normalization_assumed"}});
  }
  if (request.mode() == v1::StreamDesiredStateRequest::CHANGES) {
    return StreamChangesSince(request, name, cancelled, write);
  }
  return InvalidArgument("MODE_INVALID", "The mode is FULL or CHANGES.",
                         {{"field", "mode"}});
}

absl::Status MirrorKeeper::StreamFull(
    const v1::StreamDesiredStateRequest& request, const DirectoryName& name,
    const std::function<bool()>& cancelled, const WriteMessage& write) {
  ASSIGN_OR_RETURN(const absl::optional<SourceId> resume_key,
                   ParseResumeKey(request));
  RETURN_IF_ERROR(directories_.GetLive(name).status());
  const bool assumes = request.username_normalization_assumed();
  v1::DesiredStateHeader header;
  header.set_mode(v1::StreamDesiredStateRequest::FULL);
  if (!request.read_id().empty()) {
    ASSIGN_OR_RETURN(const std::unique_ptr<MirrorView> held,
                     updater_.Show(name));
    if (held != nullptr && IsHeld(*held, request.read_id())) {
      header.set_read_id(held->header().read_id());
      header.set_tenant_id(held->header().tenant_id());
      *header.mutable_read_time() = held->header().read_time();
      RETURN_IF_ERROR(
          WriteHeader(header, name.account(),
                      AsAssumed(held->header().directory(), assumes), write));
      return StreamEverything(*held, resume_key, CursorOf(*held), write,
                              assumes);
    }
  }
  RETURN_IF_ERROR(updater_.CheckReadable(name).status());
  std::unique_ptr<MirrorView> mirror;
  {
    ASSIGN_OR_RETURN(MirrorUpdater::Operation operation,
                     updater_.Begin(name, cancelled));
    header.set_read_id(operation.id);
    header.set_tenant_id(operation.graph->tenant_id());
    *header.mutable_read_time() = ToTimestamp(operation.time);
    RETURN_IF_ERROR(WriteHeader(header, name.account(),
                                AsAssumed(operation.directory, assumes),
                                write));
    ASSIGN_OR_RETURN(mirror,
                     updater_.ReadEverythingAnew(operation, ProgressTo(write)));
  }
  // A key means nothing in another read.
  return StreamEverything(*mirror, absl::nullopt, CursorOf(*mirror), write,
                          assumes);
}

absl::Status MirrorKeeper::StreamChangesSince(
    const v1::StreamDesiredStateRequest& request, const DirectoryName& name,
    const std::function<bool()>& cancelled, const WriteMessage& write) {
  ASSIGN_OR_RETURN(const absl::optional<SourceId> resume_key,
                   ParseResumeKey(request));
  RETURN_IF_ERROR(directories_.GetLive(name).status());
  ASSIGN_OR_RETURN(const bool resumed,
                   ResumeChanges(request, name, resume_key, write));
  if (resumed) return absl::OkStatus();
  RETURN_IF_ERROR(updater_.CheckReadable(name).status());
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<MirrorView> known,
                     updater_.Show(name));
    RETURN_IF_ERROR(
        CheckCursor(name, known.get(), request.change_cursor()).status());
  }
  std::unique_ptr<MirrorView> mirror;
  v1::DesiredStateHeader header;
  header.set_mode(v1::StreamDesiredStateRequest::CHANGES);
  {
    ASSIGN_OR_RETURN(MirrorUpdater::Operation operation,
                     updater_.Begin(name, cancelled));
    header.set_read_id(operation.id);
    header.set_tenant_id(operation.graph->tenant_id());
    *header.mutable_read_time() = ToTimestamp(operation.time);
    RETURN_IF_ERROR(
        WriteHeader(header, name.account(), operation.directory, write));
    ASSIGN_OR_RETURN(mirror,
                     updater_.BringUpToDate(operation, ProgressTo(write)));
  }
  // So much may have changed that the log of it was not kept.
  ASSIGN_OR_RETURN(const uint64_t after,
                   CheckCursor(name, mirror.get(), request.change_cursor()));
  change_reads_.Remember(name, {.header = std::move(header),
                                .after = after,
                                .sequence = mirror->mirror().sequence()});
  // A key means nothing in another read.
  return StreamChanges(*mirror, after, absl::nullopt, CursorOf(*mirror), write);
}

// Users come in the order of their ids, and who changed between two states is
// always the same: whoever was told may be left out.
absl::StatusOr<bool> MirrorKeeper::ResumeChanges(
    const v1::StreamDesiredStateRequest& request, const DirectoryName& name,
    const absl::optional<SourceId>& resume_key, const WriteMessage& write) {
  const absl::optional<ChangeRead> held =
      change_reads_.Find(name, request.read_id());
  if (!held.has_value()) return false;
  ASSIGN_OR_RETURN(const std::unique_ptr<MirrorView> mirror,
                   updater_.Show(name));
  ASSIGN_OR_RETURN(const uint64_t after,
                   CheckCursor(name, mirror.get(), request.change_cursor()));
  if (after != held->after || mirror->mirror().sequence() != held->sequence) {
    return false;
  }
  StreamDesiredStateResponse response;
  *response.mutable_header() = held->header;
  if (!write(response)) return NobodyTakesIt();
  RETURN_IF_ERROR(
      StreamChanges(*mirror, after, resume_key, CursorOf(*mirror), write));
  return true;
}

absl::StatusOr<v1::ReadSourceUserResponse> MirrorKeeper::ReadSourceUser(
    const v1::ReadSourceUserRequest& request,
    const std::function<bool()>& cancelled) {
  ASSIGN_OR_RETURN(const DirectoryName name,
                   DirectoryName::Parse(request.name()));
  UserToRead whom{.user_principal_name = request.user_principal_name()};
  if (request.has_source_id()) {
    whom.id = SourceId::Parse(request.source_id());
    if (!whom.id.has_value()) {
      return InvalidArgument("SOURCE_ID_INVALID", "A source id is a GUID.",
                             {{"field", "source_id"}});
    }
  } else if (!request.has_user_principal_name()) {
    return InvalidArgument("USER_MISSING",
                           "Name a user by its user principal name or its "
                           "source id.",
                           {{"field", "user"}});
  }
  // Nothing is written: it need not wait for its turn.
  ASSIGN_OR_RETURN(const MirrorUpdater::Operation operation,
                   updater_.Open(name, cancelled));
  RETURN_IF_ERROR(updater_.VerifyTenant(operation));
  ASSIGN_OR_RETURN(const std::unique_ptr<MirrorView> mirror,
                   updater_.Show(name));
  ASSIGN_OR_RETURN(v1::ReadSourceUserResponse response,
                   AnswerSourceUser(*operation.graph, whom, operation.directory,
                                    mirror.get()));
  ASSIGN_OR_RETURN(*response.mutable_directory(),
                   view_.Show(name.account(), operation.directory));
  response.set_tenant_id(operation.graph->tenant_id());
  *response.mutable_read_time() = ToTimestamp(operation.time);
  response.set_requests(operation.graph->answers());
  return response;
}

std::string MirrorKeeper::CursorOf(const MirrorView& mirror) const {
  return ChangeCursor{.incarnation = store_.incarnation(),
                      .directory = mirror.rows().place().directory.id(),
                      .sequence = mirror.mirror().sequence()}
      .ToString();
}

absl::StatusOr<uint64_t> MirrorKeeper::CheckCursor(
    const DirectoryName& name, const MirrorView* mirror,
    const std::string& text) const {
  const absl::optional<ChangeCursor> cursor = ChangeCursor::Parse(text);
  if (!cursor.has_value()) {
    return InvalidArgument("CHANGE_CURSOR_INVALID",
                           "The change cursor is not one of a trailer.",
                           {{"field", "change_cursor"}});
  }
  if (mirror != nullptr && cursor->incarnation == store_.incarnation() &&
      cursor->directory == name.id() &&
      cursor->sequence >= mirror->mirror().log_floor() &&
      cursor->sequence <= mirror->mirror().sequence()) {
    return cursor->sequence;
  }
  return FailedPrecondition(
      "CHANGE_CURSOR_EXPIRED",
      absl::StrCat("What changed in ", name.ToString(),
                   " since that cursor is not known any more; ask for "
                   "everything."),
      {{"directory", name.ToString()}});
}

absl::Status MirrorKeeper::WriteHeader(v1::DesiredStateHeader& header,
                                       const AccountName& account,
                                       const StoredDirectory& directory,
                                       const WriteMessage& write) {
  ASSIGN_OR_RETURN(*header.mutable_directory(), view_.Show(account, directory));
  StreamDesiredStateResponse response;
  *response.mutable_header() = header;
  return write(response) ? absl::OkStatus() : NobodyTakesIt();
}

}  // namespace rollcall::directory
