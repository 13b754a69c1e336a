#include "services/reconciliation/run_reading.h"

#include <memory>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/reconciliation/group_sync.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_guarding.h"
#include "services/reconciliation/run_scope.h"
#include "services/reconciliation/run_steps.h"
#include "services/reconciliation/source_records.h"

namespace rollcall::reconciliation {
namespace {

// The contract allows 400 selected groups (R17).
constexpr size_t kMaxGroups = 400;

// What a user takes in memory, about.
size_t ByteSize(const DesiredUser& user) {
  size_t size = sizeof(StreamedUser) + user.source_id.size() +
                user.user_principal_name.size() + user.username.size() +
                user.display_name.size() + user.email.size();
  for (const auto* texts : {&user.phones, &user.groups}) {
    for (const std::string& text : *texts) size += sizeof(text) + text.size();
  }
  return size;
}

}  // namespace

RunReading::RunReading(const RunEngineOptions& options, RunWork& work)
    : options_(options),
      work_(work),
      stream_(options.directory, work),
      applying_(options, work),
      last_user_(work.place.through()) {}

absl::Status RunReading::Read() {
  while (!options_.is_stopping()) {
    absl::StatusOr<bool> is_over = false;
    auto message = stream_.Next();
    if (message.ok()) {
      is_over = Handle(*message);
    } else {
      is_over = message.status();
    }
    if (!stream_.error().ok()) {
      work_.source_error = stream_.error();
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(is_over.status());
    if (*is_over) return absl::OkStatus();
    if (!users_.empty()) continue;  // Looks once a step.
    ASSIGN_OR_RETURN(const bool cancelled, IsCancelled(options_, work_));
    if (cancelled) return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> RunReading::Handle(const Message& message) {
  if (has_header_ == message.has_header()) {
    return stream_.Failed(OutOfOrder("something else than one header first"));
  }
  switch (message.message_case()) {
    case Message::kHeader:
      RETURN_IF_ERROR(OnHeader(message.header()));
      return false;
    case Message::kProgress:
      OnProgress(message.progress());
      return false;
    case Message::kGroup:
      RETURN_IF_ERROR(OnGroup(message.group()));
      return false;
    case Message::kUser: {
      RETURN_IF_ERROR(SettleGroups());
      absl::StatusOr<DesiredUser> user =
          ReadDesiredUser(message.user(), work_.group_ids);
      if (!user.ok()) return stream_.Failed(user.status());
      RETURN_IF_ERROR(OnUser({.user = *std::move(user)}));
      return false;
    }
    case Message::kGoneUser: {
      if (work_.run.kind() != v1::Run::CHANGES) {
        return stream_.Failed(OutOfOrder("a gone user in a full stream"));
      }
      RETURN_IF_ERROR(SettleGroups());
      absl::StatusOr<std::string> id =
          ReadSourceId(message.gone_user().source_id());
      if (!id.ok()) return stream_.Failed(id.status());
      StreamedUser gone{.gone = true};
      gone.user.source_id = *std::move(id);
      RETURN_IF_ERROR(OnUser(std::move(gone)));
      return false;
    }
    case Message::kTrailer:
      RETURN_IF_ERROR(OnTrailer(message.trailer()));
      return true;
    case Message::MESSAGE_NOT_SET:
      break;
  }
  return stream_.Failed(OutOfOrder("a message of an unknown kind"));
}

absl::Status RunReading::OnHeader(
    const directory::v1::DesiredStateHeader& header) {
  has_header_ = true;
  if (header.read_id().empty()) {
    return stream_.Failed(OutOfOrder("a header without a name to resume"));
  }
  if (header.directory().selected_groups().empty()) {
    return stream_.Failed(FailedPrecondition(
        "DIRECTORY_SETUP_INCOMPLETE",
        "No group is selected in the directory: a sync would trash everyone.",
        {{"directory", work_.name.directory().ToString()}}));
  }
  RETURN_IF_ERROR(BeginAttempt(header));
  last_user_ = work_.place.through();
  return absl::OkStatus();
}

void RunReading::OnProgress(const directory::v1::ReadProgress& progress) {
  users_expected_ = progress.user_count();
  if (PlaceOf(work_.place).phase != RunPhase::kReading) return;
  SetProgress(progress.objects_read(), progress.objects_expected(), work_);
  Show(options_, work_);
}

absl::Status RunReading::OnGroup(const directory::v1::DesiredGroup& message) {
  if (groups_are_settled_ || groups_.size() >= kMaxGroups) {
    return stream_.Failed(OutOfOrder("a group too late, or one too many"));
  }
  absl::StatusOr<DesiredGroup> group = ReadDesiredGroup(message);
  if (!group.ok()) return stream_.Failed(group.status());
  if (!groups_.empty() && group->source_id <= groups_.back().source_id) {
    return stream_.Failed(OutOfOrder("groups that are not in order"));
  }
  if (!absl::c_linear_search(work_.scope.selected_source_ids(),
                             group->source_id)) {
    return stream_.Failed(OutOfOrder("a group that is not selected"));
  }
  groups_.push_back(*std::move(group));
  return absl::OkStatus();
}

absl::Status RunReading::OnUser(StreamedUser user) {
  if (user.user.source_id <= last_user_) {
    return stream_.Failed(OutOfOrder("users that are not in order"));
  }
  last_user_ = user.user.source_id;
  user_bytes_ += ByteSize(user.user);
  users_.push_back(std::move(user));
  if (users_.size() < options_.users_per_step &&
      user_bytes_ < options_.bytes_per_step) {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(applying_.Apply(users_, /*to_end=*/false));
  users_.clear();
  user_bytes_ = 0;
  return absl::OkStatus();
}

absl::Status RunReading::OnTrailer(
    const directory::v1::DesiredStateTrailer& trailer) {
  RETURN_IF_ERROR(SettleGroups());
  RETURN_IF_ERROR(stream_.ExpectEnd());
  RETURN_IF_ERROR(applying_.Apply(users_, /*to_end=*/true));
  return EndReading(trailer);
}

// The same reading goes on where it was. Another one starts from the first
// user: counters begin anew, for users remember what this run has done to them.
absl::Status RunReading::BeginAttempt(
    const directory::v1::DesiredStateHeader& header) {
  const RunPlace before = PlaceOf(work_.place);
  const RunPlace place = reconciliation::OnHeader(before, header.read_id());
  if (place == before) return absl::OkStatus();

  store::PlaceRow fresh;
  fresh.set_change_cursor(work_.place.change_cursor());
  SetPlace(place, &fresh);
  work_.place = std::move(fresh);
  // What this run does itself does not widen its limits.
  int64_t live_count = work_.scope.live_count();
  if (before.attempt == 0) {
    ASSIGN_OR_RETURN(
        live_count,
        options_.store.Runs(work_.account()).CountLive(work_.directory()));
  }
  work_.scope = ScopeOf(header.directory());
  work_.scope.set_live_count(live_count);
  work_.run.clear_counters();
  work_.run.clear_problems();
  work_.run.set_phase(v1::Run::READING);
  *work_.run.mutable_read_time() = header.read_time();
  SetProgress(0, 0, work_);
  {
    ASSIGN_OR_RETURN(auto transaction, Begin(options_, work_));
    SaveProgress(work_, *transaction);
    transaction->Put(keys::Scope(work_.directory(), work_.name.id()),
                     work_.scope);
    RETURN_IF_ERROR(transaction->Commit());
  }
  RETURN_IF_ERROR(LoadRules(options_.store, work_));
  Show(options_, work_);
  return DropWithheld(
      options_,
      keys::WithheldOfAttempt(work_.directory(), work_.name.id(),
                              work_.place.attempt()),
      work_);
}

absl::Status RunReading::SettleGroups() {
  if (groups_are_settled_) return absl::OkStatus();
  groups_are_settled_ = true;
  if (PlaceOf(work_.place).phase != RunPhase::kReading) {
    return absl::OkStatus();
  }
  {
    ASSIGN_OR_RETURN(auto transaction, Begin(options_, work_));
    RETURN_IF_ERROR(ApplyGroups(groups_, options_.clock.TimeNow(),
                                options_.make_id, work_, *transaction));
    work_.scope.set_shape(ShapeOf(work_.scope, groups_));
    // Of a group that is new here the changes tell only the members that have
    // changed.
    const v1::RunCounters& counters = work_.counters();
    const bool has_new_groups =
        counters.groups_created() + counters.groups_merged() > 0;
    if (work_.run.kind() == v1::Run::CHANGES && has_new_groups) {
      work_.place.set_needs_full(true);
    }
    RETURN_IF_ERROR(CountReading(work_.directory(), *transaction));
    EnterNextPhase(work_);
    SetProgress(0, users_expected_, work_);
    SaveProgress(work_, *transaction);
    transaction->Put(keys::Scope(work_.directory(), work_.name.id()),
                     work_.scope);
    RETURN_IF_ERROR(transaction->Commit());
  }
  Show(options_, work_);
  return LoadRules(options_.store, work_);
}

absl::Status RunReading::EndReading(
    const directory::v1::DesiredStateTrailer& trailer) {
  ReadingFacts facts;
  facts.complete = trailer.complete();
  facts.incomplete_reasons.assign(trailer.incomplete_reasons().begin(),
                                  trailer.incomplete_reasons().end());
  facts.users_streamed =
      work_.counters().users_seen() + work_.place.gone_count();
  facts.users_announced = trailer.user_count();
  facts.groups_streamed = static_cast<int64_t>(groups_.size());
  facts.groups_announced = trailer.group_count();
  absl::flat_hash_set<std::string> streamed;
  for (const DesiredGroup& group : groups_) {
    streamed.insert(group.source_id);
    if (group.missing) facts.missing_groups.push_back(group.source_id);
  }
  for (const std::string& selected : work_.scope.selected_source_ids()) {
    if (!streamed.contains(selected)) {
      facts.unanswered_groups.push_back(selected);
    }
  }
  facts.name_conflicts.assign(work_.scope.name_conflicts().begin(),
                              work_.scope.name_conflicts().end());

  const ReadingVerdict verdict = JudgeReading(facts);
  work_.place.set_complete(verdict.complete);
  work_.place.set_next_change_cursor(trailer.change_cursor());
  if (!verdict.complete) work_.place.set_needs_full(true);
  for (const Problem& problem : verdict.problems) AddProblem(problem, work_);
  v1::RunCounters& counters = work_.counters();
  *counters.mutable_ignored_members() = trailer.ignored_members();
  for (const auto& [reason, count] : trailer.warnings()) {
    // They are in the stream, and counted one by one.
    if (absl::StartsWith(reason, "OBJECT_")) continue;
    (*counters.mutable_warnings())[reason] += count;
  }
  counters.set_source_requests(trailer.requests());
  return GuardWithheld(options_, work_);
}

}  // namespace rollcall::reconciliation
