#include "tests/fakes/entra/throttle.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace rollcall::entra {
namespace {

constexpr absl::Duration kWindow = absl::Seconds(10);
constexpr int64_t kSmallPage = 20;

int64_t BaseUnits(absl::string_view path) {
  if (absl::StrContains(path, "/getByIds")) return 5;
  if (absl::StrContains(path, "/transitiveMembers")) return 5;
  if (absl::StrContains(path, "/checkMemberGroups")) return 4;
  if (absl::StrContains(path, "/delta")) return 1;
  if (absl::StrContains(path, "/members")) return 3;
  if (absl::StrContains(path, "emberOf")) return 2;
  if (absl::StrContains(path, "/getMemberGroups")) return 2;
  if (path == "/users") return 2;
  return 1;
}

}  // namespace

int64_t ResourceUnits(absl::string_view path, const QueryOptions& options) {
  int64_t units = BaseUnits(path);
  // With $select, getByIds costs 2, not 4.
  if (options.select) units -= absl::StrContains(path, "/getByIds") ? 3 : 1;
  if (options.expand) units += 1;
  if (options.top && *options.top < kSmallPage) units -= 1;
  return std::max<int64_t>(1, units);
}

void ThrottleBudget::SetLimit(int64_t units_per_window) {
  absl::MutexLock lock(&mutex_);
  limit_ = units_per_window;
  used_ = 0;
}

ThrottleBudget::Verdict ThrottleBudget::Charge(int64_t units, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  total_ += units;
  if (limit_ == 0) return {};
  if (now - window_start_ >= kWindow) {
    window_start_ = now;
    used_ = 0;
  }
  used_ += units;
  return {.refused = used_ > limit_,
          .retry_after = window_start_ + kWindow - now,
          .used = static_cast<double>(used_) / static_cast<double>(limit_)};
}

int64_t ThrottleBudget::total() const {
  absl::MutexLock lock(&mutex_);
  return total_;
}

}  // namespace rollcall::entra
