#include "services/directory/mirror_keeper.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/time/proto_time.h"
#include "services/directory/change_cursor.h"
#include "services/directory/change_log.h"
#include "services/directory/deletion_watch.h"
#include "services/directory/mirror_audit.h"
#include "services/directory/source_user_answer.h"

namespace rollcall::directory {
namespace {

using store::StoredDirectory;
using store::StoredFacts;
using v1::StreamDesiredStateResponse;

// Graph may refuse a link that it gave itself, and not say that the link is to
// blame. So many times in a row, and everything is read again: once may be
// Graph's passing trouble, and a full read is dear.
constexpr int32_t kMaxRefusals = 3;

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

// Nobody waits for it.
std::function<void(const FullReadProgress&)> Quietly() {
  return [](const FullReadProgress&) {};
}

// The configuration as a stream that assumes normalization shows it (B10).
StoredDirectory AsAssumed(StoredDirectory directory, bool assumes) {
  if (assumes) directory.set_username_normalization_enabled(true);
  return directory;
}

}  // namespace

// What is under way about a directory; its slot is held meanwhile.
struct MirrorKeeper::Operation {
  DirectoryName name;
  std::string id;  // Names the read, if it becomes one.
  StoredDirectory directory;
  std::unique_ptr<GraphSession> graph;
  absl::Time time;
  Follow links = Follow::kOften;
  RoundDigest round;  // What the round told.

  std::string TenantKey() const {
    return absl::StrCat(directory.connection(), " ", graph->tenant_id());
  }
};

MirrorKeeper::MirrorKeeper(rollcall::store::Store& store,
                           AuthorizationClient& authorization,
                           GraphClient& graph, const Sealer& sealer,
                           Clock& clock, FullReadOptions options)
    : store_(store),
      directories_(store),
      view_(directories_, authorization),
      graph_(graph),
      clock_(clock),
      vault_(sealer),
      builder_(store, vault_, clock, options),
      rounds_(store, vault_, clock, options.parallelism, options.limits) {}

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
    ASSIGN_OR_RETURN(const std::unique_ptr<MirrorView> held, Show(name));
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
  RETURN_IF_ERROR(CheckReadable(name).status());
  std::unique_ptr<MirrorView> mirror;
  {
    DirectorySlots::Hold slot(slots_, name);
    RETURN_IF_ERROR(slot.Take(cancelled));
    ASSIGN_OR_RETURN(Operation operation, Begin(name, cancelled));
    header.set_read_id(operation.id);
    header.set_tenant_id(operation.graph->tenant_id());
    *header.mutable_read_time() = ToTimestamp(operation.time);
    RETURN_IF_ERROR(WriteHeader(header, name.account(),
                                AsAssumed(operation.directory, assumes),
                                write));
    ASSIGN_OR_RETURN(mirror, ReadEverythingAnew(operation, ProgressTo(write)));
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
  RETURN_IF_ERROR(CheckReadable(name).status());
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<MirrorView> known, Show(name));
    RETURN_IF_ERROR(
        CheckCursor(name, known.get(), request.change_cursor()).status());
  }
  std::unique_ptr<MirrorView> mirror;
  v1::DesiredStateHeader header;
  header.set_mode(v1::StreamDesiredStateRequest::CHANGES);
  {
    DirectorySlots::Hold slot(slots_, name);
    RETURN_IF_ERROR(slot.Take(cancelled));
    ASSIGN_OR_RETURN(Operation operation, Begin(name, cancelled));
    header.set_read_id(operation.id);
    header.set_tenant_id(operation.graph->tenant_id());
    *header.mutable_read_time() = ToTimestamp(operation.time);
    RETURN_IF_ERROR(
        WriteHeader(header, name.account(), operation.directory, write));
    ASSIGN_OR_RETURN(mirror, BringUpToDate(operation, ProgressTo(write)));
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
  ASSIGN_OR_RETURN(const std::unique_ptr<MirrorView> mirror, Show(name));
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
  ASSIGN_OR_RETURN(const Operation operation, Begin(name, cancelled));
  RETURN_IF_ERROR(VerifyTenant(operation));
  ASSIGN_OR_RETURN(const std::unique_ptr<MirrorView> mirror, Show(name));
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

absl::StatusOr<MirrorKeeper::Operation> MirrorKeeper::Begin(
    const DirectoryName& name, const std::function<bool()>& cancelled) {
  Operation operation{.name = name, .id = RandomId()};
  // Another operation may have taken long: what counts is the configuration
  // now.
  ASSIGN_OR_RETURN(operation.directory, CheckReadable(name));
  ASSIGN_OR_RETURN(const ConnectionName connection,
                   ConnectionName::Parse(operation.directory.connection()));
  absl::StatusOr<std::unique_ptr<GraphSession>> session =
      graph_.Open(connection, cancelled);
  if (!session.ok()) return Failed(name, session.status());
  operation.graph = *std::move(session);
  operation.time = clock_.TimeNow();
  return operation;
}

absl::StatusOr<std::unique_ptr<MirrorView>> MirrorKeeper::ReadEverythingAnew(
    Operation& operation, const Report& report) {
  const std::string token = operation.graph->TokenMark();
  const absl::Status built =
      builder_.Build(operation.name, operation.directory, operation.id,
                     *operation.graph, report);
  if (!built.ok()) return Failed(operation.name, built);
  {
    absl::MutexLock lock(&mutex_);
    verified_[operation.TenantKey()] = token;
  }
  ASSIGN_OR_RETURN(std::unique_ptr<MirrorView> mirror, Show(operation.name));
  if (mirror == nullptr) return MirrorDamaged("the mirror is gone");
  RETURN_IF_ERROR(LearnGroups(operation.name, *mirror));
  return mirror;
}

absl::StatusOr<std::unique_ptr<MirrorView>> MirrorKeeper::BringUpToDate(
    Operation& operation, const Report& report) {
  const absl::StatusOr<bool> folded = TryRound(operation);
  if (!folded.ok()) return Failed(operation.name, folded.status());
  if (!*folded) return ReadEverythingAnew(operation, report);
  ASSIGN_OR_RETURN(std::unique_ptr<MirrorView> mirror, Show(operation.name));
  if (mirror == nullptr) return MirrorDamaged("the mirror is gone");
  bool learn = !operation.round.empty();
  {
    absl::MutexLock lock(&mutex_);
    learn |= !learned_.contains(operation.name.ToString());
  }
  if (learn) RETURN_IF_ERROR(LearnGroups(operation.name, *mirror));
  return mirror;
}

absl::StatusOr<bool> MirrorKeeper::TryRound(Operation& operation) {
  ASSIGN_OR_RETURN(const std::unique_ptr<MirrorView> mirror,
                   Show(operation.name));
  if (mirror == nullptr ||
      !FollowsConfiguration(mirror->header().directory(),
                            operation.directory) ||
      mirror->header().tenant_id() != operation.graph->tenant_id()) {
    return false;
  }
  RETURN_IF_ERROR(VerifyTenant(operation));
  absl::StatusOr<RoundDigest> round =
      rounds_.Run(*mirror, operation.links, *operation.graph);
  bool is_given_up = CallsForFullRead(round.status());
  if (ReasonOf(round.status()) == "GRAPH_REFUSED") {
    ASSIGN_OR_RETURN(const absl::optional<store::StoredFailure> failure,
                     FindFailure(store_, operation.name));
    const int32_t before = failure.has_value() ? failure->refusals() : 0;
    is_given_up = before + 1 >= kMaxRefusals;
  }
  if (is_given_up) {
    LogInfo("mirror_rebuilt", {{"directory", operation.name.ToString()},
                               {"reason", ReasonOf(round.status())}});
    // A fresh link may look like the one that just failed.
    RETURN_IF_ERROR(operation.graph->Pause(1));
    return false;
  }
  RETURN_IF_ERROR(round.status());
  operation.round = *std::move(round);
  return true;
}

absl::StatusOr<bool> MirrorKeeper::Audit(
    const DirectoryName& name, absl::Time now,
    const std::function<bool()>& cancelled) {
  ASSIGN_OR_RETURN(const absl::optional<store::StoredMirror> mirror,
                   FindMirror(store_, name));
  if (!mirror.has_value()) return false;
  const bool slice_due = IsAuditDue(*mirror, now);
  const bool links_due = AreSeldomLinksDue(*mirror, now);
  if (!slice_due && !links_due) return false;
  DirectorySlots::Hold slot(slots_, name);
  if (!slot.TryTake()) return false;
  // A directory that cannot be read is not asked for in vain (R9).
  if (!CheckReadable(name).ok()) return false;
  DeletionWatch watch(directories_, name);
  ASSIGN_OR_RETURN(Operation operation, Begin(name, [&] {
                     return cancelled() || watch.IsDeleted();
                   }));
  if (links_due) operation.links = Follow::kAll;
  const absl::Status status =
      slice_due ? AuditOneSlice(operation) : FollowAllLinks(operation);
  if (!status.ok()) return Failed(name, status);
  return true;
}

absl::Status MirrorKeeper::FollowAllLinks(Operation& operation) {
  ASSIGN_OR_RETURN(const bool folded, TryRound(operation));
  if (folded) return absl::OkStatus();
  return ReadEverythingAnew(operation, Quietly()).status();
}

absl::Status MirrorKeeper::AuditOneSlice(Operation& operation) {
  RETURN_IF_ERROR(VerifyTenant(operation));
  MirrorAudit audit(
      rounds_, *operation.graph,
      {.show = [&] { return Show(operation.name); },
       .round = [&]() -> absl::StatusOr<absl::optional<RoundDigest>> {
         ASSIGN_OR_RETURN(const bool folded, TryRound(operation));
         if (!folded) return absl::optional<RoundDigest>();
         return absl::make_optional(std::move(operation.round));
       }},
      operation.time);
  ASSIGN_OR_RETURN(const bool verified, audit.VerifyNextSlice());
  if (verified) return absl::OkStatus();
  RETURN_IF_ERROR(ReadEverythingAnew(operation, Quietly()).status());
  return audit.EndCycle();
}

absl::StatusOr<bool> MirrorKeeper::Trim(const DirectoryName& name,
                                        absl::Time now) {
  DirectorySlots::Hold slot(slots_, name);
  if (!slot.TryTake()) return false;
  return TrimChangeLog(store_, name, now);
}

absl::Status MirrorKeeper::VerifyTenant(const Operation& operation) {
  const std::string token = operation.graph->TokenMark();
  {
    absl::MutexLock lock(&mutex_);
    const auto found = verified_.find(operation.TenantKey());
    if (found != verified_.end() && found->second == token) {
      return absl::OkStatus();
    }
  }
  RETURN_IF_ERROR(CheckTenant(*operation.graph));
  absl::MutexLock lock(&mutex_);
  verified_[operation.TenantKey()] = token;
  return absl::OkStatus();
}

absl::Status MirrorKeeper::Failed(const DirectoryName& name,
                                  absl::Status status) {
  // Nobody waited any more: that says nothing about the tenant.
  if (absl::IsCancelled(status)) return status;
  LogWarning("read_failed",
             {{"directory", name.ToString()}, {"status", status}});
  const absl::Status stored =
      PutFailure(store_, name, clock_.TimeNow(), status);
  if (!stored.ok()) LogError("failure_not_stored", {{"status", stored}});
  return status;
}

absl::StatusOr<std::unique_ptr<MirrorView>> MirrorKeeper::Show(
    const DirectoryName& name) {
  return MirrorView::Open(store_, name);
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

absl::Status MirrorKeeper::LearnGroups(const DirectoryName& name,
                                       const MirrorView& mirror) {
  StoredFacts learned;
  for (const std::string& bytes :
       mirror.header().directory().selected_groups()) {
    const SourceId id = SourceId::FromBytes(bytes).value_or(SourceId());
    ASSIGN_OR_RETURN(const absl::optional<store::StoredGroup> group,
                     mirror.rows().FindGroup(id));
    if (!group.has_value()) return MirrorDamaged("a group is gone");
    StoredFacts::Group& fact = *learned.add_groups();
    fact.set_source_id(bytes);
    fact.set_display_name(group->display_name());
    fact.set_missing(group->missing());
  }
  RETURN_IF_ERROR(directories_
                      .ChangeFacts(name,
                                   [&learned](StoredFacts& facts) {
                                     KeepNames(facts, learned);
                                     *facts.mutable_groups() = learned.groups();
                                   })
                      .status());
  absl::MutexLock lock(&mutex_);
  learned_.insert(name.ToString());
  return absl::OkStatus();
}

}  // namespace rollcall::directory
