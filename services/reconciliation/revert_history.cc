#include "services/reconciliation/revert_history.h"

#include <memory>
#include <utility>

#include "common/identity/resource_name.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/before_keys.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_reader.h"
#include "services/reconciliation/store.pb.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::GetMessage;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;

// Whether the run that an event is of undoes `run`, too: it was cancelled or
// has failed before `reverting` began.
absl::StatusOr<bool> Undoes(const std::string& event_run,
                            const std::string& run, const RunReader& runs) {
  if (event_run.empty()) return false;  // A person's.
  ASSIGN_OR_RETURN(const RunName name, RunName::Parse(event_run));
  ASSIGN_OR_RETURN(const absl::optional<v1::Run> found,
                   runs.FindRun(name.directory().id(), name.id()));
  return found.has_value() && found->reverted_run() == run;
}

}  // namespace

absl::Status KeepBefore(const User& before, const std::string& run,
                        Transaction& transaction) {
  std::string key = keys::Before(run, before.id);
  ASSIGN_OR_RETURN(const absl::optional<std::string> kept,
                   transaction.reader().Get(transaction.account(), key));
  if (!kept.has_value()) transaction.Put(std::move(key), ToRow(before));
  return absl::OkStatus();
}

absl::StatusOr<absl::optional<RevertHistory>> ReadRevertHistory(
    const std::string& account, const std::string& user_id,
    const std::string& run, const std::string& reverting,
    const rollcall::store::Reader& rows) {
  RevertHistory history;
  bool is_ours = false;  // Undone by `reverting` itself.
  auto places = rows.Scan(account, KeyRange::Prefix(keys::HistoryOf(user_id)));
  while (true) {
    ASSIGN_OR_RETURN(const absl::optional<rollcall::store::Entry> entry,
                     places->Next());
    if (!entry.has_value()) break;
    std::string user;
    int64_t sequence = 0;
    RETURN_IF_ERROR(KeyReader(entry->key)
                        .Table("user_history")
                        .String(&user)
                        .Int64(&sequence)
                        .Finish());
    ASSIGN_OR_RETURN(
        absl::optional<store::EventRow> row,
        GetMessage<store::EventRow>(rows, account, keys::Feed(sequence)));
    if (!row.has_value()) continue;  // Too old to be kept.
    const v1::ChangeEvent& event = row->event();
    if (history.first != 0 && event.run() == reverting) {
      history.is_reverted = is_ours = true;
    } else if (history.first != 0 && event.run() != run) {
      ASSIGN_OR_RETURN(const bool undoes,
                       Undoes(event.run(), run, RunReader(rows, account)));
      history.is_reverted = undoes || is_ours;
      history.is_changed_since |= !undoes;
    } else if (event.run() == run) {
      history.first = sequence;
      ASSIGN_OR_RETURN(const absl::optional<store::UserRow> before,
                       GetMessage<store::UserRow>(rows, account,
                                                  keys::Before(run, user_id)));
      if (before.has_value()) history.before = FromRow(user_id, *before);
      history.is_created = !before.has_value() && event.user_change().kind() ==
                                                      v1::UserChange::CREATED;
    }
  }
  if (history.first == 0) return absl::optional<RevertHistory>();
  return absl::make_optional(std::move(history));
}

}  // namespace rollcall::reconciliation
