#include "services/directory/health_gauges.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "services/directory/directory_health.h"
#include "services/directory/mirror_view.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {
namespace {

constexpr int kPageSize = 100;

prometheus::Gauge& AgeGauge(const MetricLabels& labels) {
  return Gauge("rollcall_directory_oldest_unapplied_change_seconds",
               "How old the oldest change of the tenant may be that has not "
               "been applied.",
               labels);
}

}  // namespace

absl::StatusOr<Pace> HealthGauges::RunOnce(absl::Time now) {
  Ages ages;
  for (auto& [labels, age] : shown_) ages[labels] = 0;
  std::string after_account;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<std::string> accounts,
                     directories_.ListAccounts(after_account, kPageSize));
    if (accounts.empty()) break;
    for (const std::string& account : accounts) {
      std::string after;
      while (true) {
        ASSIGN_OR_RETURN(const std::vector<store::StoredDirectory> page,
                         directories_.List(AccountName(account), after,
                                           /*show_deleted=*/false, kPageSize));
        if (page.empty()) break;
        for (const store::StoredDirectory& directory : page) {
          RETURN_IF_ERROR(Look(
              DirectoryName(AccountName(account), directory.directory_id()),
              now, ages));
        }
        after = page.back().directory_id();
      }
    }
    after_account = accounts.back();
  }
  for (const auto& [labels, age] : ages) AgeGauge(labels).Set(age);
  shown_ = std::move(ages);
  return Pace::kRest;
}

absl::Status HealthGauges::Look(const DirectoryName& name, absl::Time now,
                                Ages& ages) {
  ASSIGN_OR_RETURN(const absl::optional<store::StoredMirror> mirror,
                   FindMirror(store_, name));
  if (!mirror.has_value()) return absl::OkStatus();
  CountDrift(name, mirror->audit().drifted_objects());
  const absl::optional<absl::Duration> age =
      OldestUnappliedChangeAge(*mirror, now);
  if (!age.has_value()) return absl::OkStatus();
  double& shown = ages[labels_.For(name.account().id(), name.id())];
  shown = std::max(shown, absl::ToDoubleSeconds(*age));
  return absl::OkStatus();
}

void HealthGauges::CountDrift(const DirectoryName& name,
                              int64_t drifted_objects) {
  int64_t& counted = drift_[name.ToString()];
  if (drifted_objects <= counted) return;
  Counter("rollcall_directory_drifted_objects_total",
          "Differences between tenant and mirror that no change log had told; "
          "all were repaired.",
          labels_.For(name.account().id(), name.id()))
      .Increment(static_cast<double>(drifted_objects - counted));
  counted = drifted_objects;
}

}  // namespace rollcall::directory
