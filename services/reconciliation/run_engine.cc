#include "services/reconciliation/run_engine.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/cleanup/cleanup.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "common/time/backoff.h"
#include "services/reconciliation/group_sync.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/source_records.h"
#include "services/reconciliation/user_sync.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::KeyRange;
using rollcall::store::KeyReader;

// Steps without any change that are worth one commit of their place.
constexpr size_t kMaxUncommittedSteps = 20;
// The contract allows 400 selected groups (R17).
constexpr size_t kMaxGroups = 400;
// Members of a group that are looked at in one batch.
constexpr int kMembersPerBatch = 500;

v1::Run::Phase ToMessage(RunPhase phase) {
  return static_cast<v1::Run::Phase>(static_cast<int>(phase) + 1);
}

void EnterNextPhase(RunWork& work) {
  const RunPlace place = NextPhase(PlaceOf(work.place));
  SetPlace(place, &work.place);
  work.run.set_phase(ToMessage(place.phase));
}

void SetProgress(int64_t done, int64_t total, RunWork& work) {
  work.run.mutable_progress()->set_done(done);
  work.run.mutable_progress()->set_total(total);
}

void AddProblem(const Problem& problem, RunWork& work) {
  v1::RunProblem& added = *work.run.add_problems();
  added.set_reason(problem.reason);
  added.set_message(problem.message);
}

bool IsSelected(const std::string& source_id, const store::ScopeRow& scope) {
  return absl::c_linear_search(scope.selected_source_ids(), source_id);
}

absl::Status OutOfOrder(absl::string_view what) {
  return DataLoss("STREAM_OUT_OF_ORDER",
                  absl::StrCat("The directory streamed ", what, "."));
}

}  // namespace

// One stream and what has come of it. Remembers the first error of the source.
class RunEngine::Reading {
 public:
  Reading(DirectoryClient& directory, const RunWork& work) {
    auto stream = directory.StreamDesiredState(
        work.name.directory(), work.place.read_id(), work.place.through());
    if (stream.ok()) {
      stream_ = *std::move(stream);
    } else {
      error_ = stream.status();
    }
  }

  // The next message, which must be there: a stream may not end before its
  // trailer.
  absl::StatusOr<directory::v1::StreamDesiredStateResponse> Next() {
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

  absl::Status ExpectEnd() {
    auto message = stream_->Next();
    if (!message.ok()) return Failed(message.status());
    if (message->has_value()) return Failed(OutOfOrder("on after its trailer"));
    return absl::OkStatus();
  }

  absl::Status Failed(absl::Status status) {
    error_ = std::move(status);
    return error_;
  }

  // The error of the source that `status` is; OK if it is none.
  const absl::Status& error() const { return error_; }

 private:
  std::unique_ptr<DesiredStateStream> stream_;
  absl::Status error_;
};

absl::Status RunEngine::Execute(const RunName& name) {
  uncommitted_steps_ = 0;
  ASSIGN_OR_RETURN(RunWork work, Load(name));
  if (work.run.state() != v1::Run::RUNNING) return absl::OkStatus();
  Show(work);
  const absl::Cleanup take_down = [&] {
    options_.board.Remove(name.ToString());
  };
  absl::Status status = Carry(work);
  // What is damaged stays damaged: the run ends instead of trying for ever
  // (invariants 28 and 31).
  if (absl::IsDataLoss(status)) {
    ASSIGN_OR_RETURN(RunWork stored, Load(name));
    status = Fail(status, stored);
  }
  return status;
}

absl::Status RunEngine::Carry(RunWork& work) {
  RETURN_IF_ERROR(LoadRules(work));
  if (NeedsStream(PlaceOf(work.place))) RETURN_IF_ERROR(Read(work));
  const bool goes_on =
      work.run.state() == v1::Run::RUNNING && !NeedsStream(PlaceOf(work.place));
  if (!goes_on) return absl::OkStatus();
  RETURN_IF_ERROR(Remove(work));
  RETURN_IF_ERROR(Release(work));
  return Finish(
      work.run.problems().empty() ? v1::Run::SUCCEEDED : v1::Run::PARTIAL,
      work);
}

absl::StatusOr<RunWork> RunEngine::Load(const RunName& name) {
  RunWork work{.name = name};
  const RunReader runs = options_.store.Runs(work.account());
  ASSIGN_OR_RETURN(absl::optional<v1::Run> run,
                   runs.FindRun(work.directory(), name.id()));
  if (!run.has_value()) {
    return NotFound("RUN_NOT_FOUND",
                    absl::StrCat("There is no run ", name.ToString(), "."),
                    {{"run", name.ToString()}});
  }
  work.run = *std::move(run);
  ASSIGN_OR_RETURN(absl::optional<store::RunningRow> running,
                   runs.FindRunning(work.directory()));
  if (running.has_value()) work.running = *std::move(running);
  ASSIGN_OR_RETURN(absl::optional<store::PlaceRow> place,
                   runs.FindPlace(work.directory(), name.id()));
  if (place.has_value()) work.place = *std::move(place);
  ASSIGN_OR_RETURN(absl::optional<store::ScopeRow> scope,
                   runs.FindScope(work.directory(), name.id()));
  if (scope.has_value()) work.scope = *std::move(scope);
  return work;
}

absl::Status RunEngine::LoadRules(RunWork& work) {
  work.rules = SyncRules();
  work.rules.directory = work.directory();
  work.rules.phone_import = work.scope.phone_import_enabled();
  work.rules.normalization = work.scope.username_normalization_enabled();
  work.rules.missing_groups.insert(work.scope.missing_groups().begin(),
                                   work.scope.missing_groups().end());
  work.group_ids.clear();
  ASSIGN_OR_RETURN(std::vector<GroupRecord> groups,
                   options_.store.Identities(work.account())
                       .GroupsOfDirectory(work.directory()));
  for (const GroupRecord& record : groups) {
    work.rules.own_groups.insert(record.group.id);
    work.group_ids[record.group.source_id] = record.group.id;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Transaction>> RunEngine::Begin(
    const RunWork& work) {
  return options_.store.Begin(work.account());
}

void RunEngine::Show(const RunWork& work) const {
  options_.board.Show(work.run.name(),
                      {PlaceOf(work.place).phase, work.run.progress().done(),
                       work.run.progress().total()});
}

// READING and APPLYING: the stream, from its header to its trailer.
absl::Status RunEngine::Read(RunWork& work) {
  Reading reading(options_.directory, work);
  std::vector<DesiredGroup> groups;
  std::vector<DesiredUser> users;
  std::string last_user = work.place.through();
  bool has_header = false;
  bool groups_are_done = false;
  int64_t users_expected = 0;

  // Groups come before users: what they are is settled when the first user, or
  // the trailer, comes.
  auto settle_groups = [&]() -> absl::Status {
    if (groups_are_done) return absl::OkStatus();
    groups_are_done = true;
    if (PlaceOf(work.place).phase == RunPhase::kReading) {
      RETURN_IF_ERROR(BeginApplying(groups, users_expected, work));
    }
    return absl::OkStatus();
  };

  auto handle = [&](directory::v1::StreamDesiredStateResponse message)
      -> absl::StatusOr<bool> {
    if (has_header == message.has_header()) {
      return reading.Failed(OutOfOrder("something else than one header first"));
    }
    if (message.has_header()) {
      has_header = true;
      if (message.header().read_id().empty()) {
        return reading.Failed(OutOfOrder("a header without a name to resume"));
      }
      if (message.header().directory().selected_groups().empty()) {
        return reading.Failed(FailedPrecondition(
            "DIRECTORY_SETUP_INCOMPLETE",
            "No group is selected in the directory: a sync would trash "
            "everyone.",
            {{"directory", work.name.directory().ToString()}}));
      }
      RETURN_IF_ERROR(BeginAttempt(message.header(), work));
      last_user = work.place.through();
      return false;
    }
    if (message.has_progress()) {
      users_expected = message.progress().user_count();
      if (PlaceOf(work.place).phase == RunPhase::kReading) {
        SetProgress(message.progress().objects_read(),
                    message.progress().objects_expected(), work);
        Show(work);
      }
      return false;
    }
    if (message.has_group()) {
      if (groups_are_done || groups.size() >= kMaxGroups) {
        return reading.Failed(OutOfOrder("a group too late, or one too many"));
      }
      absl::StatusOr<DesiredGroup> group = ReadDesiredGroup(message.group());
      if (!group.ok()) return reading.Failed(group.status());
      if (!groups.empty() && group->source_id <= groups.back().source_id) {
        return reading.Failed(OutOfOrder("groups that are not in order"));
      }
      if (!IsSelected(group->source_id, work.scope)) {
        return reading.Failed(OutOfOrder("a group that is not selected"));
      }
      groups.push_back(*std::move(group));
      return false;
    }
    RETURN_IF_ERROR(settle_groups());
    if (message.has_user()) {
      absl::StatusOr<DesiredUser> user =
          ReadDesiredUser(message.user(), work.group_ids);
      if (!user.ok()) return reading.Failed(user.status());
      if (user->source_id <= last_user) {
        return reading.Failed(OutOfOrder("users that are not in order"));
      }
      last_user = user->source_id;
      users.push_back(*std::move(user));
      if (users.size() < options_.users_per_step) return false;
      RETURN_IF_ERROR(ApplyUsers(users, /*to_end=*/false, work));
      users.clear();
      return false;
    }
    if (!message.has_trailer()) {
      return reading.Failed(OutOfOrder("a message of an unknown kind"));
    }
    RETURN_IF_ERROR(reading.ExpectEnd());
    RETURN_IF_ERROR(ApplyUsers(users, /*to_end=*/true, work));
    RETURN_IF_ERROR(EndReading(message.trailer(), groups, work));
    return true;
  };

  while (!options_.is_stopping()) {
    absl::StatusOr<bool> is_over = false;
    auto message = reading.Next();
    if (message.ok()) {
      is_over = handle(*std::move(message));
    } else {
      is_over = message.status();
    }
    if (!reading.error().ok()) return OnSourceError(reading.error(), work);
    if (!is_over.ok()) return is_over.status();
    if (*is_over) return absl::OkStatus();
  }
  return absl::OkStatus();
}

// The same reading goes on where it was. Another one starts from the first
// user: counters begin anew, for users remember what this run has done to them.
absl::Status RunEngine::BeginAttempt(
    const directory::v1::DesiredStateHeader& header, RunWork& work) {
  const RunPlace before = PlaceOf(work.place);
  const RunPlace place = OnHeader(before, header.read_id());
  if (place == before) return absl::OkStatus();

  work.place.Clear();
  SetPlace(place, &work.place);
  work.scope.Clear();
  for (const auto& group : header.directory().selected_groups()) {
    work.scope.add_selected_source_ids(group.source_id());
  }
  work.scope.set_phone_import_enabled(
      header.directory().phone_import_enabled());
  work.scope.set_username_normalization_enabled(
      header.directory().username_normalization_enabled());
  work.scope.set_enrollment_mail_enabled(
      header.directory().enrollment_mail_enabled());
  work.run.clear_counters();
  work.run.clear_problems();
  work.run.set_phase(v1::Run::READING);
  *work.run.mutable_read_time() = header.read_time();
  SetProgress(0, 0, work);
  {
    ASSIGN_OR_RETURN(auto transaction, Begin(work));
    SaveProgress(work, *transaction);
    transaction->Put(keys::Scope(work.directory(), work.name.id()), work.scope);
    RETURN_IF_ERROR(transaction->Commit());
  }
  RETURN_IF_ERROR(LoadRules(work));
  Show(work);
  return DropWithheld(keys::WithheldOfAttempt(work.directory(), work.name.id(),
                                              work.place.attempt()),
                      work);
}

absl::Status RunEngine::BeginApplying(const std::vector<DesiredGroup>& groups,
                                      int64_t users_expected, RunWork& work) {
  {
    ASSIGN_OR_RETURN(auto transaction, Begin(work));
    RETURN_IF_ERROR(ApplyGroups(groups, options_.clock.TimeNow(),
                                options_.make_id, work, *transaction));
    EnterNextPhase(work);
    SetProgress(0, users_expected, work);
    SaveProgress(work, *transaction);
    transaction->Put(keys::Scope(work.directory(), work.name.id()), work.scope);
    RETURN_IF_ERROR(transaction->Commit());
  }
  Show(work);
  return LoadRules(work);
}

// The merge join from the run's place up to the last of `users`, or to the end.
absl::Status RunEngine::ApplyUsers(const std::vector<DesiredUser>& users,
                                   bool to_end, RunWork& work) {
  size_t next = 0;
  bool is_done = users.empty() && !to_end;
  while (!is_done) {
    ASSIGN_OR_RETURN(is_done, ApplySome(users, to_end, &next, work));
  }
  Show(work);
  return absl::OkStatus();
}

// One batch of the merge join; true if nothing is left of it. `*next` is the
// first of `users` that is not done.
absl::StatusOr<bool> RunEngine::ApplySome(const std::vector<DesiredUser>& users,
                                          bool to_end, size_t* next,
                                          RunWork& work) {
  ASSIGN_OR_RETURN(auto transaction, Begin(work));
  UserSync sync(work, *transaction, options_.clock.TimeNow(), options_.make_id);

  KeyRange range = KeyRange::PrefixAfter(
      keys::UsersOfSource(work.directory()),
      keys::UserBySource(work.directory(), work.place.through()));
  if (!to_end) {
    // Up to and including the last user.
    range.end =
        keys::UserBySource(work.directory(), users.back().source_id) + '\0';
  }
  auto cursor = transaction->reader().Scan(work.account(), range);
  std::string managed_source;
  std::string managed_user;
  bool has_managed = false;
  auto advance = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(absl::optional<rollcall::store::Entry> entry,
                     cursor->Next());
    has_managed = entry.has_value();
    if (!has_managed) return absl::OkStatus();
    std::string directory;
    RETURN_IF_ERROR(KeyReader(entry->key)
                        .Table("users_by_source")
                        .String(&directory)
                        .String(&managed_source)
                        .Finish());
    ASSIGN_OR_RETURN(store::IdRow row,
                     rollcall::store::Parse<store::IdRow>(entry->value));
    managed_user = row.id();
    return absl::OkStatus();
  };

  RETURN_IF_ERROR(advance());
  bool is_done = false;
  while (transaction->row_count() < options_.max_batch_rows &&
         transaction->byte_size() < options_.max_batch_bytes) {
    const bool has_desired = *next < users.size();
    is_done = !has_desired && !has_managed;
    if (is_done) break;
    if (has_managed &&
        (!has_desired || managed_source < users[*next].source_id)) {
      RETURN_IF_ERROR(sync.Absent(managed_source, managed_user));
      work.place.set_through(managed_source);
      RETURN_IF_ERROR(advance());
      continue;
    }
    const DesiredUser& desired = users[*next];
    const bool linked = has_managed && managed_source == desired.source_id;
    RETURN_IF_ERROR(sync.Seen(desired, linked ? managed_user : std::string()));
    work.place.set_through(desired.source_id);
    ++*next;
    if (linked) RETURN_IF_ERROR(advance());
  }

  const int64_t total = work.run.progress().total();
  const int64_t seen = work.counters().users_seen();
  SetProgress(seen, total == 0 ? 0 : std::max(total, seen), work);
  // Where nothing changed, the place alone is not worth a commit each time.
  if (transaction->empty() && ++uncommitted_steps_ < kMaxUncommittedSteps) {
    return is_done;
  }
  uncommitted_steps_ = 0;
  SaveProgress(work, *transaction);
  RETURN_IF_ERROR(transaction->Commit());
  return is_done;
}

absl::Status RunEngine::EndReading(
    const directory::v1::DesiredStateTrailer& trailer,
    const std::vector<DesiredGroup>& groups, RunWork& work) {
  ReadingFacts facts;
  facts.complete = trailer.complete();
  facts.incomplete_reasons.assign(trailer.incomplete_reasons().begin(),
                                  trailer.incomplete_reasons().end());
  facts.users_streamed = work.counters().users_seen();
  facts.users_announced = trailer.user_count();
  facts.groups_streamed = static_cast<int64_t>(groups.size());
  facts.groups_announced = trailer.group_count();
  absl::flat_hash_set<std::string> streamed;
  for (const DesiredGroup& group : groups) {
    streamed.insert(group.source_id);
    if (group.missing) facts.missing_groups.push_back(group.source_id);
  }
  for (const std::string& selected : work.scope.selected_source_ids()) {
    if (!streamed.contains(selected)) {
      facts.unanswered_groups.push_back(selected);
    }
  }
  facts.name_conflicts.assign(work.scope.name_conflicts().begin(),
                              work.scope.name_conflicts().end());

  const ReadingVerdict verdict = JudgeReading(facts);
  work.place.set_complete(verdict.complete);
  for (const Problem& problem : verdict.problems) AddProblem(problem, work);
  v1::RunCounters& counters = work.counters();
  *counters.mutable_ignored_members() = trailer.ignored_members();
  for (const auto& [reason, count] : trailer.warnings()) {
    (*counters.mutable_warnings())[reason] += count;
  }
  counters.set_source_requests(trailer.requests());
  return EndPhase(work.place.withheld_count(), work);
}

absl::Status RunEngine::EndPhase(int64_t next_total, RunWork& work) {
  EnterNextPhase(work);
  SetProgress(0, next_total, work);
  {
    ASSIGN_OR_RETURN(auto transaction, Begin(work));
    SaveProgress(work, *transaction);
    RETURN_IF_ERROR(transaction->Commit());
  }
  Show(work);
  return absl::OkStatus();
}

// REMOVING: each withheld row goes in the batch that carries it out, so that
// what is there is what is left to do.
absl::Status RunEngine::Remove(RunWork& work) {
  if (PlaceOf(work.place).phase != RunPhase::kRemoving) return absl::OkStatus();
  const std::string prefix = keys::WithheldOfAttempt(
      work.directory(), work.name.id(), work.place.attempt());
  bool is_done = false;
  while (!is_done) {
    ASSIGN_OR_RETURN(auto transaction, Begin(work));
    UserSync sync(work, *transaction, options_.clock.TimeNow(),
                  options_.make_id);
    rollcall::store::MessageCursor<store::WithheldRow> cursor(
        transaction->reader(), work.account(), KeyRange::Prefix(prefix));
    while (transaction->row_count() < options_.max_batch_rows &&
           transaction->byte_size() < options_.max_batch_bytes) {
      ASSIGN_OR_RETURN(auto row, cursor.Next());
      is_done = !row.has_value();
      if (is_done) break;
      std::string directory, run, source_id;
      int64_t attempt = 0;
      RETURN_IF_ERROR(KeyReader(row->key)
                          .Table("withheld")
                          .String(&directory)
                          .String(&run)
                          .Int64(&attempt)
                          .String(&source_id)
                          .Finish());
      RETURN_IF_ERROR(sync.Withheld(source_id, row->message));
    }
    if (transaction->empty()) break;
    SetProgress(work.place.withheld_done(), work.place.withheld_count(), work);
    SaveProgress(work, *transaction);
    RETURN_IF_ERROR(transaction->Commit());
    transaction.reset();
    Show(work);
  }
  if (work.place.complete()) {
    ASSIGN_OR_RETURN(std::vector<GroupRecord> groups,
                     options_.store.Identities(work.account())
                         .GroupsOfDirectory(work.directory()));
    for (const GroupRecord& record : groups) {
      if (!record.group.has_strangers) continue;
      RETURN_IF_ERROR(EmptyGroup(
          record.group.id, "R45",
          [&](const User& user) {
            return user.ClaimOf(work.directory()) == nullptr;
          },
          work));
      ASSIGN_OR_RETURN(auto transaction, Begin(work));
      RETURN_IF_ERROR(SettleTakenOver(record.group.id, *transaction));
      RETURN_IF_ERROR(transaction->Commit());
    }
  }
  return EndPhase(0, work);
}

// RELEASING: a group that has been released is no longer the directory's, so
// that what is found is what is left to do.
absl::Status RunEngine::Release(RunWork& work) {
  if (!work.place.complete()) return absl::OkStatus();
  const absl::flat_hash_set<std::string> selected(
      work.scope.selected_source_ids().begin(),
      work.scope.selected_source_ids().end());
  ASSIGN_OR_RETURN(std::vector<GroupRecord> groups,
                   options_.store.Identities(work.account())
                       .GroupsOfDirectory(work.directory()));
  for (const GroupRecord& record : groups) {
    if (selected.contains(record.group.source_id)) continue;
    RETURN_IF_ERROR(EmptyGroup(
        record.group.id, "A8",
        [](const User& user) { return !user.claims.empty(); }, work));
    ASSIGN_OR_RETURN(auto transaction, Begin(work));
    RETURN_IF_ERROR(ReleaseGroup(record.group.id, options_.clock.TimeNow(),
                                 work, *transaction));
    SaveProgress(work, *transaction);
    RETURN_IF_ERROR(transaction->Commit());
  }
  return absl::OkStatus();
}

absl::Status RunEngine::EmptyGroup(
    const std::string& group, const std::string& rule,
    const std::function<bool(const User&)>& leaves, RunWork& work) {
  std::string after;
  while (true) {
    ASSIGN_OR_RETURN(auto transaction, Begin(work));
    UserSync sync(work, *transaction, options_.clock.TimeNow(),
                  options_.make_id);
    ASSIGN_OR_RETURN(
        std::vector<std::string> members,
        transaction->identities().ListMembers(group, after, kMembersPerBatch));
    if (members.empty()) return absl::OkStatus();
    after = members.back();
    for (const std::string& member : members) {
      ASSIGN_OR_RETURN(absl::optional<UserRecord> record,
                       transaction->identities().FindUser(member));
      if (record.has_value() && leaves(record->user)) {
        RETURN_IF_ERROR(sync.LeaveGroup(*record, group, rule));
      }
    }
    if (transaction->empty()) continue;
    SaveProgress(work, *transaction);
    RETURN_IF_ERROR(transaction->Commit());
  }
}

// Deletes what earlier attempts, and runs that failed, have withheld in this
// directory; not the rows whose keys begin with `kept`.
absl::Status RunEngine::DropWithheld(absl::optional<std::string> kept,
                                     const RunWork& work) {
  while (true) {
    ASSIGN_OR_RETURN(auto transaction, Begin(work));
    auto cursor = transaction->reader().Scan(
        work.account(),
        KeyRange::Prefix(keys::WithheldOfDirectory(work.directory())));
    while (transaction->row_count() < options_.max_batch_rows) {
      ASSIGN_OR_RETURN(absl::optional<rollcall::store::Entry> entry,
                       cursor->Next());
      if (!entry.has_value()) break;
      if (kept.has_value() && absl::StartsWith(entry->key, *kept)) continue;
      transaction->Delete(std::move(entry->key));
    }
    if (transaction->empty()) return absl::OkStatus();
    RETURN_IF_ERROR(transaction->Commit());
  }
}

absl::Status RunEngine::Finish(v1::Run::State state, RunWork& work) {
  const absl::Time now = options_.clock.TimeNow();
  work.run.set_state(state);
  work.run.set_phase(v1::Run::ENDED);
  if (state != v1::Run::FAILED) {
    const int64_t seen = work.counters().users_seen();
    SetProgress(seen, seen, work);
  }
  *work.run.mutable_end_time() = ToTimestamp(now);
  {
    ASSIGN_OR_RETURN(auto transaction, Begin(work));
    store::RunRow row;
    *row.mutable_run() = work.run;
    transaction->Put(keys::Run(work.directory(), work.name.id()), row);
    transaction->Delete(keys::Running(work.directory()));
    transaction->Delete(keys::Place(work.directory(), work.name.id()));
    transaction->Delete(keys::Scope(work.directory(), work.name.id()));
    v1::ChangeEvent event = MakeEvent(work, now, "R70");
    v1::RunFinished& finished = *event.mutable_run_finished();
    *finished.mutable_run() = work.run;
    finished.set_directory(work.name.directory().ToString());
    finished.set_enrollment_mail_enabled(work.scope.enrollment_mail_enabled());
    finished.set_phone_import_enabled(work.scope.phone_import_enabled());
    transaction->AppendEvent(std::move(event));
    RETURN_IF_ERROR(transaction->Commit());
  }
  RETURN_IF_ERROR(DropWithheld(absl::nullopt, work));
  Counter("rollcall_reconciliation_runs_total", "Runs that have ended.",
          {{"state", v1::Run::State_Name(state)}})
      .Increment();
  const v1::RunCounters& counters = work.run.counters();
  LogInfo("run_finished", {{"run", work.run.name()},
                           {"state", v1::Run::State_Name(state)},
                           {"users_seen", counters.users_seen()},
                           {"users_created", counters.users_created()},
                           {"users_updated", counters.users_updated()},
                           {"users_removed", counters.users_removed()},
                           {"users_skipped", counters.users_skipped()}});
  return absl::OkStatus();
}

// Tries again later, or ends the run. What is committed stays in any case.
absl::Status RunEngine::OnSourceError(const absl::Status& status,
                                      RunWork& work) {
  ASSIGN_OR_RETURN(RunWork stored, Load(work.name));
  const int tries = stored.running.tries() + 1;
  if (!IsWorthRetrying(status.code(), ReasonOf(status)) || tries >= kMaxTries) {
    RETURN_IF_ERROR(Fail(status, stored));
    work = std::move(stored);
    return absl::OkStatus();
  }
  const absl::Duration delay =
      BackoffDelay(BackoffPolicy(), tries, absl::Uniform(random_, 0.0, 1.0));
  LogWarning("run_waits", {{"run", work.run.name()},
                           {"tries", tries},
                           {"delay", delay},
                           {"error", status}});
  stored.running.set_tries(tries);
  stored.running.set_retry_time_nanos(
      absl::ToUnixNanos(options_.clock.TimeNow() + delay));
  ASSIGN_OR_RETURN(auto transaction, Begin(work));
  transaction->Put(keys::Running(work.directory()), stored.running);
  return transaction->Commit();
}

absl::Status RunEngine::Fail(const absl::Status& status, RunWork& work) {
  LogError("run_failed", {{"run", work.run.name()}, {"error", status}});
  const std::string reason = ReasonOf(status);
  AddProblem({reason.empty() ? absl::StatusCodeToString(status.code()) : reason,
              std::string(status.message())},
             work);
  return Finish(v1::Run::FAILED, work);
}

}  // namespace rollcall::reconciliation
