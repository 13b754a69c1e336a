#include "services/reconciliation/service.h"

#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/identity/values.h"
#include "common/rpc/paging.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/reconciliation/feed_watch.h"
#include "services/reconciliation/run_requests.h"

namespace rollcall::reconciliation {
namespace {

using google::protobuf::util::MessageDifferencer;

// People see progress as often as this, and every change of phase at once.
constexpr absl::Duration kWatchInterval = absl::Milliseconds(250);

absl::Status CheckRequestId(const std::string& request_id) {
  if (request_id.empty()) return absl::OkStatus();
  bool is_uuid = request_id.size() == 36;
  for (size_t i = 0; is_uuid && i < request_id.size(); ++i) {
    const bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    is_uuid =
        is_hyphen ? request_id[i] == '-' : absl::ascii_isxdigit(request_id[i]);
  }
  if (is_uuid) return absl::OkStatus();
  return InvalidArgument("REQUEST_ID_INVALID",
                         "The request id must be a UUID, or empty.",
                         {{"field", "request_id"}});
}

// The access to the parent was checked, and to nothing else (R22).
absl::Status CheckAccount(const AccountName& parent, const AccountName& named,
                          const std::string& field) {
  if (named == parent) return absl::OkStatus();
  return InvalidArgument(
      "PARENT_MISMATCH",
      absl::StrCat("The ", field, " must be of ", parent.ToString(), "."),
      {{"field", field}, {"parent", parent.ToString()}});
}

absl::Status RunNotFound(const std::string& name) {
  return NotFound("RUN_NOT_FOUND", absl::StrCat("There is no run ", name, "."),
                  {{"run", name}});
}

}  // namespace

absl::StatusOr<v1::Run> ReconciliationServiceImpl::CreateRun(
    const v1::CreateRunRequest& request) {
  ASSIGN_OR_RETURN(const DirectoryName directory,
                   DirectoryName::Parse(request.parent()));
  if (!request.run_id().empty()) {
    RETURN_IF_ERROR(ValidateId(request.run_id(), "run_id"));
  }
  const v1::Run::Kind kind = request.run().kind();
  if (kind != v1::Run::FULL && kind != v1::Run::CHANGES) {
    return InvalidArgument("RUN_KIND_INVALID",
                           "The kind of a run must be FULL or CHANGES.",
                           {{"field", "run.kind"}});
  }
  const bool plan_only = request.run().plan_only();
  if (plan_only && kind != v1::Run::FULL) {
    return InvalidArgument("RUN_KIND_INVALID",
                           "Only a run of kind FULL can be planned.",
                           {{"field", "run.plan_only"}});
  }
  const bool assumes = request.run().username_normalization_assumed();
  if (assumes && !plan_only) {
    return InvalidArgument("NORMALIZATION_NOT_ASSUMABLE",
                           "Only a plan can assume another form of usernames.",
                           {{"field", "run.username_normalization_assumed"}});
  }
  RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  const RunRequest wanted = {.kind = kind,
                             .request_id = request.request_id(),
                             .plan_only = plan_only,
                             .assumes_normalization = assumes};

  ASSIGN_OR_RETURN(
      absl::optional<v1::Run> answer,
      FindAnswer(directory, wanted, options_.clock.TimeNow(), options_.store));
  if (answer.has_value()) {
    ShowLiveProgress(&*answer);
    return *std::move(answer);
  }
  ASSIGN_OR_RETURN(const directory::v1::Directory configured,
                   options_.directory.GetDirectory(directory));
  RETURN_IF_ERROR(CheckReady(configured));
  const RunName name(directory, request.run_id().empty() ? options_.make_id()
                                                         : request.run_id());
  ASSIGN_OR_RETURN(v1::Run run, StartRun(name, wanted, options_.clock.TimeNow(),
                                         options_.store));
  options_.on_run_started();
  return run;
}

absl::StatusOr<v1::Run> ReconciliationServiceImpl::GetRun(
    const v1::GetRunRequest& request) {
  ASSIGN_OR_RETURN(const RunName name, RunName::Parse(request.name()));
  ASSIGN_OR_RETURN(absl::optional<v1::Run> run,
                   options_.store.Runs(name.account().id())
                       .FindRun(name.directory().id(), name.id()));
  if (!run.has_value()) return RunNotFound(request.name());
  ShowLiveProgress(&*run);
  return *std::move(run);
}

void ReconciliationServiceImpl::ShowLiveProgress(v1::Run* run) const {
  if (run->state() != v1::Run::RUNNING) return;
  const absl::optional<LiveProgress> live = options_.board.Find(run->name());
  if (!live.has_value()) return;
  // The phases of the contract are those of the place, and one for "none".
  const auto phase =
      static_cast<v1::Run::Phase>(static_cast<int>(live->phase) + 1);
  if (phase != run->phase()) return;  // The store is ahead.
  run->mutable_progress()->set_done(live->done);
  run->mutable_progress()->set_total(live->total);
}

absl::StatusOr<v1::ListRunsResponse> ReconciliationServiceImpl::ListRuns(
    const v1::ListRunsRequest& request) {
  ASSIGN_OR_RETURN(const DirectoryName directory,
                   DirectoryName::Parse(request.parent()));
  ASSIGN_OR_RETURN(const int page_size,
                   rpc::ResolvePageSize(request.page_size()));
  const std::string scope = absl::StrCat("ListRuns ", request.parent());
  ASSIGN_OR_RETURN(const std::string after,
                   rpc::ReadPageToken(scope, request.page_token()));
  ASSIGN_OR_RETURN(std::vector<ListedRun> runs,
                   options_.store.Runs(directory.account().id())
                       .ListRuns(directory.id(), after, page_size));
  v1::ListRunsResponse response;
  rpc::PageRoom room(page_size);
  std::string last;
  bool is_full = static_cast<int>(runs.size()) == page_size;
  for (ListedRun& listed : runs) {
    ShowLiveProgress(&listed.run);
    if (!room.Take(listed.run.ByteSizeLong())) {
      is_full = true;
      break;
    }
    *response.add_runs() = std::move(listed.run);
    last = listed.key;
  }
  if (is_full) {
    response.set_next_page_token(rpc::MakePageToken(scope, last));
  }
  return response;
}

absl::StatusOr<v1::Run> ReconciliationServiceImpl::CancelRun(
    const v1::CancelRunRequest& request) {
  ASSIGN_OR_RETURN(const RunName name, RunName::Parse(request.name()));
  ASSIGN_OR_RETURN(v1::Run run, RequestCancel(name, options_.store));
  options_.on_run_started();  // A run that waits for its next try ends at once.
  ShowLiveProgress(&run);
  return run;
}

absl::StatusOr<v1::SyncUserResponse> ReconciliationServiceImpl::SyncUser(
    const v1::SyncUserRequest& request) {
  ASSIGN_OR_RETURN(const AccountName account,
                   AccountName::Parse(request.parent()));
  SingleTarget target;
  if (request.has_user()) {
    ASSIGN_OR_RETURN(const UserName user, UserName::Parse(request.user()));
    RETURN_IF_ERROR(CheckAccount(account, user.account(), "user"));
    target.user = user;
  } else {
    ASSIGN_OR_RETURN(const UserPrincipalName upn,
                     UserPrincipalName::Parse(request.user_principal_name()));
    target.user_principal_name = upn.value();
  }
  ASSIGN_OR_RETURN(const directory::v1::Directory directory,
                   FindDirectory(account, request));
  return single_sync_.Sync(directory, target);
}

absl::StatusOr<directory::v1::Directory>
ReconciliationServiceImpl::FindDirectory(const AccountName& account,
                                         const v1::SyncUserRequest& request) {
  if (!request.has_directory_key()) {
    ASSIGN_OR_RETURN(const DirectoryName name,
                     DirectoryName::Parse(request.directory()));
    RETURN_IF_ERROR(CheckAccount(account, name.account(), "directory"));
    return options_.directory.GetDirectory(name);
  }
  absl::optional<directory::v1::Directory> found;
  RETURN_IF_ERROR(ForEachDirectory(
      options_.directory, account.ToString(),
      [&](const directory::v1::Directory& directory) {
        if (directory.directory_key() != request.directory_key()) return true;
        found = directory;
        return false;
      }));
  if (found.has_value() && !request.directory_key().empty()) return *found;
  return NotFound(
      "DIRECTORY_KEY_UNKNOWN",
      absl::StrCat("No directory of ", account.ToString(), " has this key."),
      {{"account", account.ToString()}});
}

absl::Status ReconciliationServiceImpl::WatchRun(
    const v1::WatchRunRequest& request, const std::string& caller,
    const std::function<bool()>& cancelled,
    const std::function<bool(const v1::Run&)>& write) {
  ASSIGN_OR_RETURN(const FeedStreams::Place place, watchers_.Enter(caller));
  v1::GetRunRequest get;
  get.set_name(request.name());
  v1::Run shown;
  const absl::Time begin = options_.clock.TimeNow();
  while (!cancelled() && !options_.is_stopping()) {
    const int64_t turn = options_.board.turn();
    ASSIGN_OR_RETURN(v1::Run run, GetRun(get));
    if (!MessageDifferencer::Equals(run, shown)) {
      if (!write(run)) return absl::OkStatus();
      shown = std::move(run);
    }
    if (shown.state() != v1::Run::RUNNING) return absl::OkStatus();
    if (HasFollowedLong(begin, options_.clock.TimeNow())) {
      return absl::OkStatus();
    }
    options_.board.Await(turn, kWatchInterval);
  }
  return absl::OkStatus();
}

}  // namespace rollcall::reconciliation
