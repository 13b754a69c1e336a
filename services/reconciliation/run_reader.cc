#include "services/reconciliation/run_reader.h"

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/keys.h"

namespace rollcall::reconciliation {

using rollcall::store::GetMessage;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;

absl::StatusOr<absl::optional<v1::Run>> RunReader::FindRun(
    absl::string_view directory, absl::string_view run) const {
  ASSIGN_OR_RETURN(
      absl::optional<store::RunRow> row,
      GetMessage<store::RunRow>(*reader_, account_, keys::Run(directory, run)));
  if (!row.has_value()) return absl::optional<v1::Run>();
  return absl::optional<v1::Run>(std::move(*row->mutable_run()));
}

absl::StatusOr<std::vector<ListedRun>> RunReader::ListRuns(
    absl::string_view directory, absl::string_view after_key, int limit) const {
  const std::string prefix = keys::RunsByTime(directory);
  MessageCursor<store::IdRow> cursor(
      *reader_, account_,
      after_key.empty() ? KeyRange::Prefix(prefix)
                        : KeyRange::PrefixAfter(prefix, after_key));
  std::vector<ListedRun> runs;
  while (static_cast<int>(runs.size()) < limit) {
    ASSIGN_OR_RETURN(auto entry, cursor.Next());
    if (!entry.has_value()) break;
    ASSIGN_OR_RETURN(absl::optional<v1::Run> run,
                     FindRun(directory, entry->message.id()));
    if (!run.has_value()) {
      return DataLoss(
          "INDEX_DANGLING",
          absl::StrCat("The index runs_by_time leads to ", entry->message.id(),
                       ", which does not exist."),
          {{"run", entry->message.id()}});
    }
    runs.push_back({std::move(entry->key), *std::move(run)});
  }
  return runs;
}

absl::StatusOr<absl::optional<store::RunningRow>> RunReader::FindRunning(
    absl::string_view directory) const {
  return GetMessage<store::RunningRow>(*reader_, account_,
                                       keys::Running(directory));
}

absl::StatusOr<std::vector<RunningRun>> RunReader::ListRunning() const {
  MessageCursor<store::RunningRow> cursor(
      *reader_, account_, KeyRange::Prefix(keys::Table("running")));
  std::vector<RunningRun> running;
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return running;
    RunningRun run;
    RETURN_IF_ERROR(
        KeyReader(row->key).Table("running").String(&run.directory).Finish());
    run.row = std::move(row->message);
    running.push_back(std::move(run));
  }
}

absl::StatusOr<absl::optional<store::PlaceRow>> RunReader::FindPlace(
    absl::string_view directory, absl::string_view run) const {
  return GetMessage<store::PlaceRow>(*reader_, account_,
                                     keys::Place(directory, run));
}

absl::StatusOr<absl::optional<store::ScopeRow>> RunReader::FindScope(
    absl::string_view directory, absl::string_view run) const {
  return GetMessage<store::ScopeRow>(*reader_, account_,
                                     keys::Scope(directory, run));
}

absl::StatusOr<store::DirectoryRow> RunReader::GetDirectory(
    absl::string_view directory) const {
  ASSIGN_OR_RETURN(absl::optional<store::DirectoryRow> row,
                   GetMessage<store::DirectoryRow>(*reader_, account_,
                                                   keys::Directory(directory)));
  return row.value_or(store::DirectoryRow());
}

absl::StatusOr<int64_t> RunReader::CountLive(
    absl::string_view directory) const {
  ASSIGN_OR_RETURN(
      absl::optional<store::LiveRow> row,
      GetMessage<store::LiveRow>(*reader_, account_, keys::Live(directory)));
  return row.has_value() ? row->users() : 0;
}

absl::StatusOr<absl::optional<store::RequestRow>> RunReader::FindRequest(
    absl::string_view directory, absl::string_view request_id) const {
  return GetMessage<store::RequestRow>(*reader_, account_,
                                       keys::Request(directory, request_id));
}

}  // namespace rollcall::reconciliation
