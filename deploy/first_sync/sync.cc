#include "deploy/first_sync/sync.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "common/status/status_macros.h"
#include "common/time/proto_time.h"

namespace rollcall::deploy {
namespace {

using enrollment::v1::EnrollmentService;
using enrollment::v1::ListMailsRequest;
using enrollment::v1::ListMailsResponse;
using reconciliation::v1::ReconciliationService;
using reconciliation::v1::Run;

constexpr absl::Duration kPollInterval = absl::Milliseconds(500);
// Behind all phases of the run.
constexpr int kMailingStep = Run::Phase_MAX + 1;
// Mails that are refused for now are tried again later, without us.
constexpr absl::Duration kMailPatience = absl::Minutes(10);

Sample ToSample(const Run& run) {
  return {absl::AsciiStrToLower(Run::Phase_Name(run.phase())),
          run.progress().done(), run.progress().total(), absl::Now(),
          run.phase()};
}

absl::StatusOr<Run> StartRun(Stack& stack, const std::string& directory) {
  reconciliation::v1::CreateRunRequest request;
  request.set_parent(directory);
  request.mutable_run()->set_kind(Run::FULL);
  Run run;
  // Safe to repeat: a run under way is returned, not started twice.
  RETURN_IF_ERROR(WhileUnavailable([&]() -> absl::Status {
    ASSIGN_OR_RETURN(run,
                     Call(*stack.reconciliation,
                          &ReconciliationService::Stub::CreateRun, request));
    return absl::OkStatus();
  }));
  return run;
}

absl::StatusOr<Run> FollowRun(Stack& stack, Run run,
                              const std::function<void(const Sample&)>& show) {
  reconciliation::v1::WatchRunRequest request;
  request.set_name(run.name());
  do {  // A stream may end before its run.
    RETURN_IF_ERROR(WhileUnavailable([&]() -> absl::Status {
      grpc::ClientContext context;
      context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Hours(6)));
      auto stream = stack.reconciliation->WatchRun(&context, request);
      bool has_shown = false;
      while (stream->Read(&run)) {
        has_shown = true;
        if (run.phase() != Run::ENDED) show(ToSample(run));
      }
      RETURN_IF_ERROR(FromGrpcStatus(stream->Finish()));
      return has_shown ? absl::OkStatus()
                       : absl::UnavailableError("The service is stopping.");
    }));
  } while (run.state() == Run::RUNNING);
  return run;
}

absl::StatusOr<ListMailsResponse> GetMailCounts(Stack& stack,
                                                const std::string& directory) {
  ListMailsRequest request;
  request.set_parent(directory.substr(0, directory.find("/directories/")));
  request.set_page_size(1);
  ListMailsResponse response;
  RETURN_IF_ERROR(WhileUnavailable([&]() -> absl::Status {
    ASSIGN_OR_RETURN(
        response,
        Call(*stack.enrollment, &EnrollmentService::Stub::ListMails, request));
    return absl::OkStatus();
  }));
  return response;
}

int64_t CountOf(const ListMailsResponse& mails, absl::string_view state) {
  const auto found = mails.state_counts().find(std::string(state));
  return found == mails.state_counts().end() ? 0 : found->second;
}

int64_t OpenMails(const ListMailsResponse& mails) {
  return CountOf(mails, "QUEUED") + CountOf(mails, "SENDING");
}

// Whether enrollment has decided upon the mails of `run`: it names this run, or
// one that ended later.
absl::StatusOr<bool> IsReleased(Stack& stack, const Run& run,
                                const ListMailsResponse& mails) {
  if (mails.releasing() || mails.last_released_run().empty()) return false;
  if (mails.last_released_run() == run.name()) return true;
  reconciliation::v1::GetRunRequest request;
  request.set_name(mails.last_released_run());
  Run released;
  const absl::Status found = WhileUnavailable([&]() -> absl::Status {
    ASSIGN_OR_RETURN(released,
                     Call(*stack.reconciliation,
                          &ReconciliationService::Stub::GetRun, request));
    return absl::OkStatus();
  });
  // Nothing tells that it is a later one: wait for ours.
  if (absl::IsNotFound(found)) return false;
  RETURN_IF_ERROR(found);
  return FromTimestamp(released.end_time()) > FromTimestamp(run.end_time());
}

// Waits until enrollment has seen the end of the run and sent what it can
// (R70).
absl::StatusOr<ListMailsResponse> FollowMails(
    Stack& stack, const std::string& directory, const Run& run,
    int64_t sent_before, const std::function<void(const Sample&)>& show) {
  const absl::Time deadline = absl::Now() + kMailPatience;
  for (;;) {
    ASSIGN_OR_RETURN(ListMailsResponse mails, GetMailCounts(stack, directory));
    const int64_t sent = CountOf(mails, "SENT") - sent_before;
    show({"mailing", sent, sent + OpenMails(mails), absl::Now(), kMailingStep});
    ASSIGN_OR_RETURN(const bool released, IsReleased(stack, run, mails));
    if ((released && OpenMails(mails) == 0) || absl::Now() > deadline) {
      return mails;
    }
    absl::SleepFor(kPollInterval);
  }
}

template <typename ProtoMap>
std::map<std::string, int64_t> ToMap(const ProtoMap& counts) {
  return {counts.begin(), counts.end()};
}

Report ToReport(const Run& run) {
  Report report;
  report.run = run.name();
  report.state = Run::State_Name(run.state());
  for (const auto& problem : run.problems()) {
    report.problems.push_back(problem.message());
  }
  const auto& counters = run.counters();
  report.users_seen = counters.users_seen();
  report.users_created = counters.users_created();
  report.users_merged = counters.users_merged();
  report.users_updated = counters.users_updated();
  report.users_unchanged = counters.users_unchanged();
  report.users_restored = counters.users_restored();
  report.users_removed = counters.users_removed();
  report.users_disabled = counters.users_disabled();
  report.users_enabled = counters.users_enabled();
  report.users_skipped = counters.users_skipped();
  report.groups_seen = counters.groups_seen();
  report.groups_created = counters.groups_created();
  report.groups_merged = counters.groups_merged();
  report.groups_updated = counters.groups_updated();
  report.groups_released = counters.groups_released();
  report.memberships_added = counters.memberships_added();
  report.memberships_removed = counters.memberships_removed();
  report.skipped = ToMap(counters.skipped());
  report.ignored_members = ToMap(counters.ignored_members());
  report.warnings = ToMap(counters.warnings());
  report.source_requests = counters.source_requests();
  report.sync_time =
      FromTimestamp(run.end_time()) - FromTimestamp(run.create_time());
  return report;
}

}  // namespace

absl::StatusOr<Report> RunFullSync(
    Stack& stack, const std::string& directory,
    const std::function<void(const Sample&)>& show) {
  ASSIGN_OR_RETURN(ListMailsResponse before, GetMailCounts(stack, directory));
  ASSIGN_OR_RETURN(Run run, StartRun(stack, directory));
  ASSIGN_OR_RETURN(run, FollowRun(stack, std::move(run), show));
  Report report = ToReport(run);
  if (run.state() == Run::FAILED) return report;

  const int64_t sent_before = CountOf(before, "SENT");
  const absl::Time run_end = absl::Now();
  ASSIGN_OR_RETURN(ListMailsResponse mails,
                   FollowMails(stack, directory, run, sent_before, show));
  report.mails_sent = CountOf(mails, "SENT") - sent_before;
  report.mails_open =
      OpenMails(mails) + CountOf(mails, "FAILED") + CountOf(mails, "UNKNOWN");
  report.mail_time = absl::Now() - run_end;
  return report;
}

}  // namespace rollcall::deploy
