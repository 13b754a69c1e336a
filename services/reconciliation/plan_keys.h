// Where plans keep their rows: each in a partition of its own, beside those of
// the accounts, so that it goes without a trace.
//
//   overlay<key of the account>    the row as the plan would leave it
//   expected<key of the account>   ExpectedRow: what it was when it was planned
//   planned/<sequence>/<id>        PlannedRow, in the order of application
//   plan                           PlanRow; written last: the plan is whole
#ifndef ROLLCALL_SERVICES_RECONCILIATION_PLAN_KEYS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_PLAN_KEYS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/identity/resource_name.h"
#include "common/store/key.h"

namespace rollcall::reconciliation::plan_keys {

// No account has a name like this: ids have no colon.
inline constexpr absl::string_view kPartitions = "plan:";
// Greater than each of them, and smaller than whatever comes after.
inline constexpr absl::string_view kAfterPartitions = "plan;";

inline bool IsPlan(absl::string_view partition) {
  return absl::StartsWith(partition, kPartitions);
}
inline std::string Partition(const RunName& plan) {
  return absl::StrCat(kPartitions, plan.account().id(), ":",
                      plan.directory().id(), ":", plan.id());
}
// The plan of a partition; none: it is no plan's.
inline absl::optional<RunName> PlanOf(absl::string_view partition) {
  const std::vector<std::string> parts = absl::StrSplit(partition, ':');
  if (parts.size() != 4 || !IsPlan(partition)) return absl::nullopt;
  return RunName(DirectoryName(AccountName(parts[1]), parts[2]), parts[3]);
}

using rollcall::store::Key;

inline std::string Overlay(absl::string_view key) {
  return absl::StrCat(Key("overlay").Build(), key);
}
inline std::string Expected(absl::string_view key) {
  return absl::StrCat(Key("expected").Build(), key);
}
inline std::string AllPlanned() { return Key("planned").Build(); }
inline std::string Planned(int64_t sequence, absl::string_view id) {
  return Key("planned").Int64(sequence).String(id).Build();
}
inline std::string Plan() { return Key("plan").Build(); }

}  // namespace rollcall::reconciliation::plan_keys

#endif  // ROLLCALL_SERVICES_RECONCILIATION_PLAN_KEYS_H_
