#include "services/reconciliation/pins.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/revert_decision.h"
#include "services/reconciliation/revert_history.h"
#include "services/reconciliation/run_steps.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::KeyRange;
using rollcall::store::KeyReader;

absl::Status DropPin(const std::string& key, absl::Time now,
                     const RunWork& work, Transaction& transaction) {
  std::string directory, id;
  RETURN_IF_ERROR(
      KeyReader(key).Table("pinned").String(&directory).String(&id).Finish());
  ASSIGN_OR_RETURN(const absl::optional<UserRecord> record,
                   transaction.identities().FindUser(id));
  if (!record.has_value()) {
    return DataLoss("INDEX_DANGLING", "A user who is pinned does not exist.",
                    {{"user", id}});
  }
  RETURN_IF_ERROR(KeepBefore(record->user, work.run.name(), transaction));
  const User after = Unpinned(record->user, now);
  RETURN_IF_ERROR(transaction.PutUser(&record->user, after, record->mark));
  v1::ChangeEvent event = MakeEvent(work, now, "B5");
  event.mutable_user_change()->set_kind(v1::UserChange::UPDATED);
  *event.mutable_user_change()->mutable_user() =
      ToMessage(after, work.account());
  transaction.AppendEvent(std::move(event));
  return absl::OkStatus();
}

}  // namespace

absl::Status DropPins(const RunEngineOptions& options, const RunWork& work) {
  while (true) {
    ASSIGN_OR_RETURN(auto transaction, Begin(options, work));
    transaction->PassGate(work.run.name());
    auto pinned = transaction->reader().Scan(
        work.account(), KeyRange::Prefix(keys::PinnedBy(work.directory())));
    while (!IsFull(options, *transaction)) {
      ASSIGN_OR_RETURN(const absl::optional<rollcall::store::Entry> entry,
                       pinned->Next());
      if (!entry.has_value()) break;
      RETURN_IF_ERROR(
          DropPin(entry->key, options.clock.TimeNow(), work, *transaction));
    }
    if (transaction->empty()) return absl::OkStatus();
    RETURN_IF_ERROR(transaction->Commit());
  }
}

}  // namespace rollcall::reconciliation
