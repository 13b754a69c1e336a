#include "services/reconciliation/taken_tally.h"

#include <algorithm>

namespace rollcall::reconciliation {
namespace {

constexpr int64_t kHours = 24;

int64_t HourOf(absl::Time time) {
  return absl::ToUnixSeconds(time) / (60 * 60);
}

}  // namespace

void CountTaken(const User& before, const User& after, Taken* taken) {
  if (before.pending_deletion()) return;
  const bool is_merged = before.claims.empty() && !after.claims.empty();
  const bool is_disabled = before.status != UserStatus::kDisabled &&
                           after.status == UserStatus::kDisabled;
  if (is_merged) ++(*taken)[Danger::kMerged];
  if (after.pending_deletion()) ++(*taken)[Danger::kRemoved];
  if (is_disabled) ++(*taken)[Danger::kDisabled];
  // The whole user has been counted, if he was merged.
  if (!is_merged && !before.email.empty() && after.email.empty()) {
    ++(*taken)[Danger::kEmailsCleared];
  }
}

void AddTaken(const Taken& taken, absl::Time now, store::DirectoryRow* row) {
  const int64_t hour = HourOf(now);
  auto& rows = *row->mutable_taken();
  rows.erase(std::remove_if(rows.begin(), rows.end(),
                            [&](const store::TakenRow& each) {
                              return each.hour() <= hour - kHours;
                            }),
             rows.end());
  for (const auto& [danger, count] : taken) {
    const int number = static_cast<int>(danger);
    auto same = std::find_if(rows.begin(), rows.end(),
                             [&, n = number](const store::TakenRow& each) {
                               return each.hour() == hour && each.danger() == n;
                             });
    store::TakenRow& each = same == rows.end() ? *rows.Add() : *same;
    each.set_hour(hour);
    each.set_danger(number);
    each.set_rows(each.rows() + count);
  }
}

int64_t TakenWithinADay(const store::DirectoryRow& row, Danger danger,
                        absl::Time now) {
  int64_t sum = 0;
  for (const store::TakenRow& each : row.taken()) {
    const bool is_recent = each.hour() > HourOf(now) - kHours;
    if (is_recent && each.danger() == static_cast<int>(danger)) {
      sum += each.rows();
    }
  }
  return sum;
}

}  // namespace rollcall::reconciliation
