#include "services/directory/mirror_updater.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/change_log.h"
#include "services/directory/deletion_watch.h"
#include "services/directory/mirror_audit.h"

namespace rollcall::directory {
namespace {

using store::StoredDirectory;
using store::StoredFacts;

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

// Nobody waits for it.
std::function<void(const FullReadProgress&)> Quietly() {
  return [](const FullReadProgress&) {};
}

}  // namespace

std::string MirrorUpdater::Operation::TenantKey() const {
  return absl::StrCat(directory.connection(), " ", graph->tenant_id());
}

MirrorUpdater::MirrorUpdater(rollcall::store::Store& store,
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

absl::StatusOr<MirrorUpdater::Operation> MirrorUpdater::Begin(
    const DirectoryName& name, const std::function<bool()>& cancelled) {
  auto slot = std::make_unique<DirectorySlots::Hold>(slots_, name);
  RETURN_IF_ERROR(slot->Take(cancelled));
  ASSIGN_OR_RETURN(Operation operation, Open(name, cancelled));
  operation.slot = std::move(slot);
  return operation;
}

absl::StatusOr<MirrorUpdater::Operation> MirrorUpdater::Open(
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

absl::StatusOr<std::unique_ptr<MirrorView>> MirrorUpdater::ReadEverythingAnew(
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

absl::StatusOr<std::unique_ptr<MirrorView>> MirrorUpdater::BringUpToDate(
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

absl::StatusOr<bool> MirrorUpdater::TryRound(Operation& operation) {
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

absl::StatusOr<bool> MirrorUpdater::Audit(
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
  const absl::Status readable = CheckReadable(name).status();
  if (absl::IsFailedPrecondition(readable)) return false;
  RETURN_IF_ERROR(readable);
  DeletionWatch watch(directories_, name);
  ASSIGN_OR_RETURN(Operation operation, Open(name, [&] {
                     return cancelled() || watch.IsDeleted();
                   }));
  if (links_due) operation.links = Follow::kAll;
  const absl::Status status =
      slice_due ? AuditOneSlice(operation) : FollowAllLinks(operation);
  if (!status.ok()) return Failed(name, status);
  return true;
}

absl::Status MirrorUpdater::FollowAllLinks(Operation& operation) {
  ASSIGN_OR_RETURN(const bool folded, TryRound(operation));
  if (folded) return absl::OkStatus();
  return ReadEverythingAnew(operation, Quietly()).status();
}

absl::Status MirrorUpdater::AuditOneSlice(Operation& operation) {
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

absl::StatusOr<bool> MirrorUpdater::Trim(const DirectoryName& name,
                                         absl::Time now) {
  DirectorySlots::Hold slot(slots_, name);
  if (!slot.TryTake()) return false;
  return TrimChangeLog(store_, name, now);
}

absl::StatusOr<StoredDirectory> MirrorUpdater::CheckReadable(
    const DirectoryName& name) {
  ASSIGN_OR_RETURN(StoredDirectory directory, directories_.GetLive(name));
  if (directory.selected_groups().empty()) return NoGroupSelected(name);  // A10
  ASSIGN_OR_RETURN(const ConnectionName connection,
                   ConnectionName::Parse(directory.connection()));
  RETURN_IF_ERROR(view_.CheckConnected(connection));  // R13
  return directory;
}

absl::Status MirrorUpdater::VerifyTenant(const Operation& operation) {
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

absl::Status MirrorUpdater::Failed(const DirectoryName& name,
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

absl::StatusOr<std::unique_ptr<MirrorView>> MirrorUpdater::Show(
    const DirectoryName& name) {
  return MirrorView::Open(store_, name);
}

absl::Status MirrorUpdater::LearnGroups(const DirectoryName& name,
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
