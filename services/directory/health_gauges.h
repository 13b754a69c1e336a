// Shows operators how well the directories are kept in step (B6, B11):
//
//   rollcall_directory_oldest_unapplied_change_seconds{account,directory}
//   rollcall_directory_drifted_objects_total{account,directory}
//
// Directories beyond the first thousand share labels, and the largest age.
#ifndef ROLLCALL_SERVICES_DIRECTORY_HEALTH_GAUGES_H_
#define ROLLCALL_SERVICES_DIRECTORY_HEALTH_GAUGES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/metrics/metrics.h"
#include "common/store/store.h"
#include "common/time/periodic_worker.h"
#include "services/directory/bounded_labels.h"
#include "services/directory/store.h"

namespace rollcall::directory {

// One thread.
class HealthGauges {
 public:
  // `store` must outlive this.
  explicit HealthGauges(rollcall::store::Store& store,
                        size_t max_told_apart = 1000)
      : store_(store),
        directories_(store),
        labels_("directory", max_told_apart) {}

  // Looks at every directory once.
  absl::StatusOr<Pace> RunOnce(absl::Time now);

 private:
  // Seconds, by the labels that they go under.
  using Ages = std::map<MetricLabels, double>;

  absl::Status Look(const DirectoryName& name, absl::Time now, Ages& ages);
  void CountDrift(const DirectoryName& name, int64_t drifted_objects);

  rollcall::store::Store& store_;
  DirectoryStore directories_;
  BoundedLabels labels_;
  // As of the last look: a directory that has gone since has no age any more.
  Ages shown_;
  absl::flat_hash_map<std::string, int64_t> drift_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_HEALTH_GAUGES_H_
