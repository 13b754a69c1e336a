#include "tests/fakes/entra/throttle.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace rollcall::entra {
namespace {

constexpr absl::Duration kWindow = absl::Seconds(10);
constexpr int64_t kSmallPage = 20;
constexpr double kMostUsed = 1.8;  // 80 % of the requests are refused

struct Cost {
  absl::string_view segment;
  int64_t units;
};

// The first that occurs in the path decides; any other path costs 1.
constexpr Cost kCosts[] = {
    {"delta", 1},
    {"getByIds", 5},
    {"transitiveMembers", 5},
    {"checkMemberGroups", 4},
    {"members", 3},
    {"transitiveMemberOf", 2},
    {"memberOf", 2},
    {"getMemberGroups", 2},
};
// With $select, getByIds costs not one less, but this.
constexpr int64_t kGetByIdsSelected = 2;

bool Has(absl::Span<const std::string> segments, absl::string_view name) {
  return std::any_of(segments.begin(), segments.end(),
                     [name](const std::string& segment) {
                       return absl::EqualsIgnoreCase(segment, name);
                     });
}

int64_t BaseUnits(absl::Span<const std::string> segments) {
  for (const Cost& cost : kCosts) {
    if (Has(segments, cost.segment)) return cost.units;
  }
  return segments.size() == 1 && Has(segments, "users") ? 2 : 1;
}

}  // namespace

int64_t ResourceUnits(absl::Span<const std::string> segments,
                      const QueryOptions& options) {
  int64_t units = BaseUnits(segments);
  if (options.select) {
    units = Has(segments, "getByIds") ? kGetByIdsSelected : units - 1;
  }
  if (options.expand) units += 1;
  if (options.top && *options.top < kSmallPage) units -= 1;
  return std::max<int64_t>(1, units);
}

int64_t UnitsOfTenant(int64_t users) {
  if (users < 50) return 3500;
  return users <= 500 ? 5000 : 8000;
}

void ThrottleBudget::SetLimit(int64_t units_per_ten_seconds) {
  absl::MutexLock lock(&mutex_);
  limit_ = static_cast<double>(units_per_ten_seconds);
  left_ = limit_;
  filled_ = absl::InfinitePast();
}

ThrottleBudget::Verdict ThrottleBudget::Charge(int64_t units, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  total_ += units;
  if (limit_ == 0) return {};
  if (filled_ != absl::InfinitePast() && now > filled_) {
    left_ += limit_ * absl::FDivDuration(now - filled_, kWindow);
    left_ = std::min(left_, limit_);
  }
  filled_ = now;
  const double cost = static_cast<double>(units);
  left_ = std::max(left_ - cost, -(kMostUsed - 1) * limit_);
  return {.refused = left_ < 0,
          // The same request costs the same again. One that is larger than the
          // bucket never fits, and is told when the bucket is full.
          .retry_after = kWindow * ((std::min(cost, limit_) - left_) / limit_),
          .used = 1 - left_ / limit_};
}

int64_t ThrottleBudget::total() const {
  absl::MutexLock lock(&mutex_);
  return total_;
}

}  // namespace rollcall::entra
