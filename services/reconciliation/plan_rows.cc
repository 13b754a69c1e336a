#include "services/reconciliation/plan_rows.h"

#include <memory>

#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/plan_keys.h"

namespace rollcall::reconciliation {

using rollcall::store::Batch;
using rollcall::store::KeyRange;
using rollcall::store::MessageCursor;

absl::Status PlanWriter::Put(std::string key, std::string value) {
  batch_.Put(std::move(key), std::move(value));
  return FlushIfFull();
}

absl::Status PlanWriter::Delete(std::string key) {
  batch_.Delete(std::move(key));
  return FlushIfFull();
}

absl::Status PlanWriter::FlushIfFull() {
  constexpr size_t kMaxBatchBytes = size_t{1} << 20;
  const bool is_full = batch_.operations().size() >= max_batch_rows_ ||
                       batch_.byte_size() >= kMaxBatchBytes;
  return is_full ? Flush() : absl::OkStatus();
}

absl::Status PlanWriter::Flush() {
  if (batch_.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(rows_.Commit(batch_));
  batch_ = Batch(partition_);
  return absl::OkStatus();
}

absl::StatusOr<absl::optional<store::PlanRow>> FindPlan(
    const RunName& plan, const rollcall::store::Reader& rows) {
  return rollcall::store::GetMessage<store::PlanRow>(
      rows, plan_keys::Partition(plan), plan_keys::Plan());
}

absl::StatusOr<std::vector<ListedChange>> ListPlanned(
    const RunName& plan, absl::string_view after_key, int limit,
    const rollcall::store::Reader& rows) {
  const std::string table = plan_keys::AllPlanned();
  MessageCursor<store::PlannedRow> cursor(
      rows, plan_keys::Partition(plan),
      after_key.empty() ? KeyRange::Prefix(table)
                        : KeyRange::PrefixAfter(table, after_key));
  std::vector<ListedChange> changes;
  while (static_cast<int>(changes.size()) < limit) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) break;
    changes.push_back({std::move(row->key), std::move(row->message)});
  }
  return changes;
}

absl::Status DropPlan(const std::string& partition, size_t max_batch_rows,
                      rollcall::store::Store& rows) {
  PlanWriter writer(partition, max_batch_rows, rows);
  ASSIGN_OR_RETURN(const absl::optional<std::string> whole,
                   rows.Get(partition, plan_keys::Plan()));
  if (whole.has_value()) {
    RETURN_IF_ERROR(writer.Delete(plan_keys::Plan()));
    RETURN_IF_ERROR(writer.Flush());
  }
  auto cursor = rows.Scan(partition, KeyRange());
  while (true) {
    ASSIGN_OR_RETURN(absl::optional<rollcall::store::Entry> entry,
                     cursor->Next());
    if (!entry.has_value()) return writer.Flush();
    RETURN_IF_ERROR(writer.Delete(std::move(entry->key)));
  }
}

}  // namespace rollcall::reconciliation
