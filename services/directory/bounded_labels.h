// Keeps the number of a metric's labels bounded: the first so many things are
// told apart, all others are counted together as `other`.
#ifndef ROLLCALL_SERVICES_DIRECTORY_BOUNDED_LABELS_H_
#define ROLLCALL_SERVICES_DIRECTORY_BOUNDED_LABELS_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "common/metrics/metrics.h"

namespace rollcall::directory {

// Thread-safe.
class BoundedLabels {
 public:
  // `kind` is the label beside `account`: `directory`.
  explicit BoundedLabels(std::string kind, size_t limit = 1000)
      : kind_(std::move(kind)), limit_(limit) {}

  MetricLabels For(absl::string_view account, absl::string_view id);
  // What all others have.
  MetricLabels Other() const;

 private:
  const std::string kind_;
  const size_t limit_;
  absl::Mutex mutex_;
  absl::flat_hash_set<std::pair<std::string, std::string>> told_apart_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_BOUNDED_LABELS_H_
