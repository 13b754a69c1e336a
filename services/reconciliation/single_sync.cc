#include "services/reconciliation/single_sync.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/identity/values.h"
#include "common/log/log.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/held_batches.h"
#include "services/reconciliation/principal_names.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_ending.h"
#include "services/reconciliation/run_requests.h"
#include "services/reconciliation/run_scope.h"
#include "services/reconciliation/run_steps.h"
#include "services/reconciliation/user_sync.h"

namespace rollcall::reconciliation {
namespace {

using directory::v1::ReadSourceUserRequest;
using directory::v1::ReadSourceUserResponse;

// Readings that may be overtaken before the caller has to ask again: by runs,
// which are few, or by others who sync the same user at the same time.
constexpr int kMaxReadings = 5;

v1::SyncUserResponse::Outcome OutcomeOf(const UserOutcome& outcome) {
  switch (outcome.fate) {
    case Fate::kCreate:
      return v1::SyncUserResponse::CREATED;
    case Fate::kMerge:
      return v1::SyncUserResponse::MERGED;
    case Fate::kUpdate:
    case Fate::kDropClaim:
      return v1::SyncUserResponse::UPDATED;
    case Fate::kRestore:
      return v1::SyncUserResponse::RESTORED;
    case Fate::kRemove:
      return v1::SyncUserResponse::REMOVED;
    case Fate::kSkip:
    case Fate::kWait:  // Nobody waits in a sync of one user.
      return v1::SyncUserResponse::SKIPPED;
    case Fate::kHold:
      return v1::SyncUserResponse::KEPT;
    case Fate::kUnchanged:
      break;
  }
  return outcome.kept ? v1::SyncUserResponse::KEPT
                      : v1::SyncUserResponse::UNCHANGED;
}

// Why something was kept.
std::string ReasonOfKeeping(const SourceView& view, const RunWork& work) {
  if (!view.evidence.complete() && !view.proves_absence()) {
    return "READ_INCOMPLETE";
  }
  return work.rules.missing_groups.empty() ? "" : "GROUP_MISSING";
}

// Our ids of the selected groups that the tenant does not know any more (A7).
void NoteMissingGroups(const directory::v1::Directory& directory,
                       RunWork& work) {
  for (const auto& selected : directory.selected_groups()) {
    auto group = work.group_ids.find(selected.source_id());
    if (!selected.missing() || group == work.group_ids.end()) continue;
    work.rules.missing_groups.insert(group->second);
  }
}

// Puts the run that tells of the change, and the event that releases this
// user's mail (R72).
absl::Status Record(const std::string& user_id, absl::Time now, RunWork& work,
                    Transaction& transaction) {
  work.run.set_state(v1::Run::SUCCEEDED);
  work.run.set_phase(v1::Run::ENDED);
  SetProgress(1, 1, work);
  *work.run.mutable_end_time() = ToTimestamp(now);
  RETURN_IF_ERROR(PutNewRun(work.name, work.run, now, transaction));
  v1::ChangeEvent event = RunFinishedEvent(work, now);
  event.mutable_run_finished()->set_user(
      UserName(work.name.account(), user_id).ToString());
  transaction.AppendEvent(std::move(event));
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckReady(const directory::v1::Directory& directory) {
  using directory::v1::Directory;
  switch (directory.state()) {
    case Directory::CONNECTED:
    case Directory::NEEDS_ATTENTION:
      return absl::OkStatus();
    case Directory::SETUP_INCOMPLETE:
      return FailedPrecondition(
          "DIRECTORY_SETUP_INCOMPLETE",
          absl::StrCat("No group is selected in ", directory.name(),
                       ": select one before a sync."),
          {{"directory", directory.name()}});
    case Directory::REAUTHORIZATION_REQUIRED:
      return FailedPrecondition(
          "REAUTHORIZATION_REQUIRED",
          absl::StrCat("The connection of ", directory.name(),
                       " must be authorized again before a sync."),
          {{"directory", directory.name()}});
    case Directory::DELETED:
      return FailedPrecondition(
          "DIRECTORY_DELETED",
          absl::StrCat(directory.name(), " was deleted and is not read."),
          {{"directory", directory.name()}});
    default:
      return FailedPrecondition(
          "DIRECTORY_NOT_READY",
          absl::StrCat(directory.name(), " cannot be synchronized."),
          {{"directory", directory.name()}});
  }
}

absl::StatusOr<v1::SyncUserResponse> SingleSync::Sync(
    const directory::v1::Directory& directory, const SingleTarget& target) {
  RETURN_IF_ERROR(CheckReady(directory));
  ASSIGN_OR_RETURN(const DirectoryName name,
                   DirectoryName::Parse(directory.name()));
  ASSIGN_OR_RETURN(const ReadSourceUserRequest question,
                   Question(directory, name, target));
  for (int reading = 0; reading < kMaxReadings; ++reading) {
    const BeforeAsking before(options_.store, name);
    ASSIGN_OR_RETURN(const ReadSourceUserResponse answer, Ask(name, question));
    RETURN_IF_ERROR(CheckReady(answer.directory()));
    std::string asked = question.source_id();
    if (asked.empty() && !answer.found()) {
      ASSIGN_OR_RETURN(const absl::optional<std::string> linked,
                       LinkedObject(name, question.user_principal_name()));
      asked = linked.value_or("");
    }
    ASSIGN_OR_RETURN(absl::optional<v1::SyncUserResponse> response,
                     Apply(before, name, asked, answer));
    if (response.has_value()) return *std::move(response);
  }
  return Aborted("SOURCE_READ_OVERTAKEN",
                 "Newer readings of the source were applied meanwhile; the "
                 "user is as they say. Ask again if that is not enough.");
}

absl::StatusOr<ReadSourceUserRequest> SingleSync::Question(
    const directory::v1::Directory& directory, const DirectoryName& name,
    const SingleTarget& target) const {
  ReadSourceUserRequest question;
  question.set_name(name.ToString());
  if (!target.user.has_value()) {
    ASSIGN_OR_RETURN(const UserPrincipalName upn,
                     UserPrincipalName::Parse(target.user_principal_name));
    question.set_user_principal_name(upn.value());
    return question;
  }
  const std::string user_name = target.user->ToString();
  if (directory.username_normalization_enabled()) {  // R35
    return FailedPrecondition(
        "USERNAMES_NORMALIZED",
        absl::StrCat("The usernames of ", directory.name(),
                     " are shortened: name the user by its whole user "
                     "principal name."),
        {{"directory", directory.name()}, {"user", user_name}});
  }
  ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                   options_.store.Identities(name.account().id())
                       .FindUser(target.user->id()));
  if (!record.has_value()) {
    return NotFound("USER_NOT_FOUND",
                    absl::StrCat("There is no user ", user_name, "."),
                    {{"user", user_name}});
  }
  const Claim* claim = record->user.ClaimOf(name.id());
  if (claim == nullptr) {
    return FailedPrecondition(
        "USER_NOT_MANAGED",
        absl::StrCat(user_name, " is not managed by ", directory.name(), "."),
        {{"directory", directory.name()}, {"user", user_name}});
  }
  question.set_source_id(claim->source_id);
  return question;
}

absl::StatusOr<ReadSourceUserResponse> SingleSync::Ask(
    const DirectoryName& name, const ReadSourceUserRequest& question) const {
  ASSIGN_OR_RETURN(ReadSourceUserResponse answer,
                   options_.directory.ReadSourceUser(question));
  if (answer.found() || question.has_source_id()) return answer;
  ASSIGN_OR_RETURN(const absl::optional<std::string> linked,
                   LinkedObject(name, question.user_principal_name()));
  if (!linked.has_value()) return answer;
  ReadSourceUserRequest by_id;
  by_id.set_name(question.name());
  by_id.set_source_id(*linked);
  return options_.directory.ReadSourceUser(by_id);
}

// Whoever has this name here, now or when his username was made.
absl::StatusOr<absl::optional<std::string>> SingleSync::LinkedObject(
    const DirectoryName& name, const std::string& user_principal_name) const {
  ASSIGN_OR_RETURN(
      const absl::optional<UserRecord> record,
      FindUserByPrincipalName(options_.store.rows(), name.account().id(),
                              name.id(), user_principal_name));
  if (!record.has_value()) return absl::optional<std::string>();
  return absl::make_optional(record->user.ClaimOf(name.id())->source_id);
}

absl::StatusOr<absl::optional<v1::SyncUserResponse>> SingleSync::Apply(
    const BeforeAsking& before, const DirectoryName& name,
    const std::string& asked_source_id,
    const ReadSourceUserResponse& answer) const {
  const absl::Time now = options_.clock.TimeNow();
  RunWork work{.name = RunName(name, options_.make_id())};
  work.run.set_name(work.name.ToString());
  work.run.set_kind(v1::Run::SINGLE_USER);
  *work.run.mutable_create_time() = ToTimestamp(now);
  *work.run.mutable_read_time() = answer.read_time();
  work.scope = ScopeOf(answer.directory());
  RETURN_IF_ERROR(LoadRules(options_.store, work));
  NoteMissingGroups(answer.directory(), work);
  work.at_once = true;
  work.rules.may_rename = false;
  work.place.set_complete(answer.complete());
  ASSIGN_OR_RETURN(work.has_held, HoldsAnything(options_.store, name));
  ASSIGN_OR_RETURN(const SourceView view,
                   ReadSourceView(answer, work.group_ids));

  v1::SyncUserResponse response;
  *response.mutable_evidence() = view.evidence;
  const std::string source_id =
      view.user.has_value() ? view.user->source_id : asked_source_id;
  ASSIGN_OR_RETURN(auto transaction, Begin(options_, work));
  absl::optional<UserRecord> linked;
  if (!source_id.empty()) {
    ASSIGN_OR_RETURN(linked, transaction->identities().FindUserBySource(
                                 name.id(), source_id));
  }
  ASSIGN_OR_RETURN(const bool overtaken,
                   before.IsOvertaken(source_id, *transaction));
  if (overtaken) return absl::optional<v1::SyncUserResponse>();

  UserSync sync(work, *transaction, now, options_.make_id);
  sync.SetEvidence(view.evidence);
  if (view.in_scope()) {
    RETURN_IF_ERROR(
        sync.Seen(*view.user, linked.has_value() ? linked->user.id : ""));
    response.set_outcome(OutcomeOf(sync.outcome()));
  } else if (!linked.has_value()) {
    response.set_outcome(v1::SyncUserResponse::NOT_IN_SCOPE);  // R76
    if (!work.has_held || source_id.empty()) {
      return absl::make_optional(std::move(response));
    }
    sync.DropHeld(source_id);  // A merge that is void now.
  } else if (!view.proves_absence()) {
    response.set_outcome(v1::SyncUserResponse::KEPT);  // R30
  } else {
    if (work.has_held) sync.DropHeld(source_id);
    RETURN_IF_ERROR(sync.Remove(*linked, view));
    response.set_outcome(OutcomeOf(sync.outcome()));
  }
  if (response.outcome() == v1::SyncUserResponse::SKIPPED) {
    response.set_reason(sync.outcome().reason);
  } else if (response.outcome() == v1::SyncUserResponse::KEPT ||
             sync.outcome().kept) {
    response.set_reason(ReasonOfKeeping(view, work));
  } else if (sync.outcome().pinned) {
    response.set_reason("USER_PINNED");
  }

  const std::string user_id = !sync.outcome().user_id.empty()
                                  ? sync.outcome().user_id
                              : linked.has_value() ? linked->user.id
                                                   : std::string();
  if (transaction->has_events()) {
    response.set_run(work.run.name());
    RETURN_IF_ERROR(Record(user_id, now, work, *transaction));
  }
  if (!user_id.empty()) {
    ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                     transaction->identities().FindUser(user_id));
    if (record.has_value()) {
      *response.mutable_user() = ToMessage(record->user, work.account());
    }
  }
  RETURN_IF_ERROR(transaction->Commit());
  transaction.reset();
  if (work.has_held)
    RETURN_IF_ERROR(SettleBatches(/*knows_all=*/false, options_, work));
  LogInfo(
      "user_synced",
      {{"directory", name.ToString()},
       {"user", response.user().name()},
       {"outcome", v1::SyncUserResponse::Outcome_Name(response.outcome())}});
  return absl::make_optional(std::move(response));
}

}  // namespace rollcall::reconciliation
