#include "services/reconciliation/held_batches.h"

#include <memory>
#include <utility>

#include "common/log/log.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::GetMessage;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;

// The open batch of a danger; none: nothing of it is held.
absl::StatusOr<absl::optional<HeldBatchName>> FindOpen(
    const Transaction& transaction, const DirectoryName& directory,
    int danger) {
  ASSIGN_OR_RETURN(
      absl::optional<store::IdRow> open,
      GetMessage<store::IdRow>(transaction.reader(), transaction.account(),
                               keys::OpenBatch(directory.id(), danger)));
  if (!open.has_value()) return absl::optional<HeldBatchName>();
  return absl::make_optional(HeldBatchName{directory, open->id()});
}

void PutBatch(const HeldBatchName& name, const v1::HeldBatch& batch,
              Transaction& transaction) {
  store::HeldBatchRow row;
  *row.mutable_batch() = batch;
  transaction.Put(keys::HeldBatch(name.directory.id(), name.id), row);
}

void LogBatch(const char* what, const v1::HeldBatch& batch) {
  LogWarning(what, {{"batch", batch.name()},
                    {"danger", v1::HeldBatch::Danger_Name(batch.danger())},
                    {"count", batch.count()},
                    {"changes", batch.change_count()},
                    {"run", batch.run()}});
}

// Deletes one batch's worth of rows that another run has held; true if none was
// left.
absl::StatusOr<bool> SweepSome(const RunEngineOptions& options,
                               const RunWork& work, int danger) {
  ASSIGN_OR_RETURN(auto transaction, options.store.Begin(work.account()));
  MessageCursor<store::WithheldRow> cursor(
      transaction->reader(), work.account(),
      KeyRange::Prefix(keys::HeldRows(work.directory(), danger)));
  while (transaction->row_count() < options.max_batch_rows) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) break;
    if (row->message.run() == work.run.name()) continue;
    transaction->Delete(std::move(row->key));
  }
  const bool done = transaction->row_count() < options.max_batch_rows;
  RETURN_IF_ERROR(transaction->Commit());
  return done;
}

absl::StatusOr<int64_t> CountRows(const Transaction& transaction,
                                  const std::string& directory, int danger) {
  auto cursor = transaction.reader().Scan(
      transaction.account(),
      KeyRange::Prefix(keys::HeldRows(directory, danger)));
  int64_t rows = 0;
  while (true) {
    ASSIGN_OR_RETURN(const absl::optional<rollcall::store::Entry> entry,
                     cursor->Next());
    if (!entry.has_value()) return rows;
    ++rows;
  }
}

absl::Status SettleOne(const RunEngineOptions& options, const RunWork& work,
                       int danger) {
  const DirectoryName& directory = work.name.directory();
  ASSIGN_OR_RETURN(auto transaction, options.store.Begin(work.account()));
  ASSIGN_OR_RETURN(const absl::optional<HeldBatchName> open,
                   FindOpen(*transaction, directory, danger));
  if (!open.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(absl::optional<v1::HeldBatch> batch,
                   FindBatch(transaction->reader(), *open));
  if (!batch.has_value()) return absl::OkStatus();
  // A run has opened it before it writes the rows; it settles at its end.
  ASSIGN_OR_RETURN(const absl::optional<store::RunningRow> running,
                   transaction->runs().FindRunning(directory.id()));
  if (running.has_value() && batch->run() != work.run.name() &&
      batch->run() == RunName(directory, running->run()).ToString()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const int64_t changes,
                   CountRows(*transaction, directory.id(), danger));
  if (changes == batch->change_count() && changes > 0) return absl::OkStatus();
  batch->set_change_count(changes);
  *batch->mutable_update_time() = ToTimestamp(options.clock.TimeNow());
  if (changes == 0) {
    batch->set_state(v1::HeldBatch::DISSOLVED);
    transaction->Delete(keys::OpenBatch(directory.id(), danger));
    LogBatch("held_batch_dissolved", *batch);
  }
  PutBatch(*open, *batch, *transaction);
  return transaction->Commit();
}

}  // namespace

absl::StatusOr<bool> HoldsAnything(const IdentityStore& store,
                                   const DirectoryName& directory) {
  auto cursor =
      store.rows().Scan(directory.account().id(),
                        KeyRange::Prefix(keys::OpenBatches(directory.id())));
  ASSIGN_OR_RETURN(absl::optional<rollcall::store::Entry> entry,
                   cursor->Next());
  return entry.has_value();
}

absl::StatusOr<absl::optional<v1::HeldBatch>> FindBatch(
    const rollcall::store::Reader& reader, const HeldBatchName& name) {
  ASSIGN_OR_RETURN(absl::optional<store::HeldBatchRow> row,
                   GetMessage<store::HeldBatchRow>(
                       reader, name.directory.account().id(),
                       keys::HeldBatch(name.directory.id(), name.id)));
  if (!row.has_value()) return absl::optional<v1::HeldBatch>();
  return absl::make_optional(std::move(*row->mutable_batch()));
}

absl::StatusOr<std::vector<v1::HeldBatch>> ListBatches(
    const IdentityStore& store, const DirectoryName& directory,
    const std::string& after_id, int limit) {
  const std::string prefix = keys::HeldBatches(directory.id());
  MessageCursor<store::HeldBatchRow> cursor(
      store.rows(), directory.account().id(),
      after_id.empty()
          ? KeyRange::Prefix(prefix)
          : KeyRange::PrefixAfter(prefix,
                                  keys::HeldBatch(directory.id(), after_id)));
  std::vector<v1::HeldBatch> batches;
  while (static_cast<int>(batches.size()) < limit) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) break;
    batches.push_back(std::move(*row->message.mutable_batch()));
  }
  return batches;
}

absl::StatusOr<std::vector<HeldUser>> ListHeldUsers(
    const IdentityStore& store, const DirectoryName& directory, int danger,
    const std::string& after_source_id, int limit) {
  const std::string prefix = keys::HeldRows(directory.id(), danger);
  MessageCursor<store::WithheldRow> cursor(
      store.rows(), directory.account().id(),
      after_source_id.empty()
          ? KeyRange::Prefix(prefix)
          : KeyRange::PrefixAfter(prefix, keys::HeldRow(directory.id(), danger,
                                                        after_source_id)));
  std::vector<HeldUser> users;
  while (static_cast<int>(users.size()) < limit) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) break;
    HeldUser user;
    std::string directory_id;
    int64_t row_danger = 0;
    RETURN_IF_ERROR(KeyReader(row->key)
                        .Table("held_rows")
                        .String(&directory_id)
                        .Int64(&row_danger)
                        .String(&user.source_id)
                        .Finish());
    user.row = std::move(row->message);
    users.push_back(std::move(user));
  }
  return users;
}

absl::StatusOr<std::string> HoldBatch(const GuardFact& fact,
                                      const RunEngineOptions& options,
                                      const RunWork& work,
                                      Transaction& transaction) {
  const DirectoryName& directory = work.name.directory();
  const int danger = static_cast<int>(fact.danger);
  const google::protobuf::Timestamp now = ToTimestamp(options.clock.TimeNow());
  ASSIGN_OR_RETURN(absl::optional<HeldBatchName> name,
                   FindOpen(transaction, directory, danger));
  v1::HeldBatch batch;
  if (name.has_value()) {
    ASSIGN_OR_RETURN(absl::optional<v1::HeldBatch> found,
                     FindBatch(transaction.reader(), *name));
    if (found.has_value()) batch = *std::move(found);
  } else {
    name = HeldBatchName{directory, options.make_id()};
    batch.set_name(name->ToString());
    batch.set_danger(static_cast<v1::HeldBatch::Danger>(danger));
    batch.set_state(v1::HeldBatch::HELD);
    *batch.mutable_create_time() = now;
    store::IdRow open;
    open.set_id(name->id);
    transaction.Put(keys::OpenBatch(directory.id(), danger), open);
  }
  batch.set_count(fact.rows + fact.taken);
  batch.set_live_count(fact.live);
  batch.set_limit_percent(fact.limit.percent);
  batch.set_limit_count(static_cast<int32_t>(fact.limit.count));
  batch.set_run(work.run.name());
  *batch.mutable_update_time() = now;
  PutBatch(*name, batch, transaction);
  LogBatch("batch_held", batch);
  return batch.name();
}

absl::Status SettleBatches(bool knows_all, const RunEngineOptions& options,
                           const RunWork& work) {
  for (const Danger danger : kDangers) {
    const int number = static_cast<int>(danger);
    bool done = !knows_all;
    while (!done) {
      ASSIGN_OR_RETURN(done, SweepSome(options, work, number));
    }
    RETURN_IF_ERROR(SettleOne(options, work, number));
  }
  return absl::OkStatus();
}

absl::Status CloseApproved(bool applied, absl::Time now, const RunWork& work,
                           Transaction& transaction) {
  const HeldBatchName name{work.name.directory(), work.place.held_batch()};
  ASSIGN_OR_RETURN(absl::optional<v1::HeldBatch> batch,
                   FindBatch(transaction.reader(), name));
  if (!batch.has_value()) return absl::OkStatus();
  // A run that failed may have carried out all of it before.
  int64_t left = 0;
  if (!applied) {
    ASSIGN_OR_RETURN(
        left, CountRows(transaction, name.directory.id(), batch->danger()));
  }
  batch->set_state(left == 0 ? v1::HeldBatch::APPLIED : v1::HeldBatch::HELD);
  *batch->mutable_update_time() = ToTimestamp(now);
  if (left > 0) {
    batch->set_change_count(left);
    batch->clear_approver();
    batch->clear_approved_run();
    store::IdRow open;
    open.set_id(name.id);
    transaction.Put(keys::OpenBatch(name.directory.id(), batch->danger()),
                    open);
  }
  PutBatch(name, *batch, transaction);
  return absl::OkStatus();
}

absl::Status DissolveBatches(const DirectoryName& directory, absl::Time now,
                             Transaction& transaction) {
  for (const Danger danger : kDangers) {
    const int number = static_cast<int>(danger);
    ASSIGN_OR_RETURN(const absl::optional<HeldBatchName> open,
                     FindOpen(transaction, directory, number));
    if (!open.has_value()) continue;
    ASSIGN_OR_RETURN(absl::optional<v1::HeldBatch> batch,
                     FindBatch(transaction.reader(), *open));
    transaction.Delete(keys::OpenBatch(directory.id(), number));
    if (!batch.has_value()) continue;
    batch->set_state(v1::HeldBatch::DISSOLVED);
    batch->set_change_count(0);
    *batch->mutable_update_time() = ToTimestamp(now);
    PutBatch(*open, *batch, transaction);
    LogBatch("held_batch_dissolved", *batch);
  }
  return absl::OkStatus();
}

}  // namespace rollcall::reconciliation
