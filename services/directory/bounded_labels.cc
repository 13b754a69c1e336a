#include "services/directory/bounded_labels.h"

namespace rollcall::directory {

MetricLabels BoundedLabels::For(absl::string_view account,
                                absl::string_view id) {
  std::pair<std::string, std::string> name(account, id);
  absl::MutexLock lock(&mutex_);
  if (!told_apart_.contains(name)) {
    if (told_apart_.size() >= limit_) return Other();
    told_apart_.insert(name);
  }
  return {{"account", name.first}, {kind_, name.second}};
}

MetricLabels BoundedLabels::Other() const {
  return {{"account", "other"}, {kind_, "other"}};
}

}  // namespace rollcall::directory
