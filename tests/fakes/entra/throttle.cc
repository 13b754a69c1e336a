#include "tests/fakes/entra/throttle.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace rollcall::entra {
namespace {

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

void ThrottleBudget::Bucket::Fill(int64_t new_limit) {
  limit = static_cast<double>(new_limit);
  left = limit;
  filled = absl::InfinitePast();
}

ThrottleBudget::Verdict ThrottleBudget::Bucket::Charge(double cost,
                                                       absl::Time now) {
  if (limit == 0) return {.scope = scope};
  if (filled != absl::InfinitePast() && now > filled) {
    left += limit * absl::FDivDuration(now - filled, window);
    left = std::min(left, limit);
  }
  filled = now;
  left = std::max(left - cost, -(kMostUsed - 1) * limit);
  return {.refused = left < 0,
          // The same request costs the same again. One that is larger than the
          // bucket never fits, and is told when the bucket is full.
          .retry_after = window * ((std::min(cost, limit) - left) / limit),
          .used = 1 - left / limit,
          .scope = scope};
}

void ThrottleBudget::SetLimit(int64_t units_per_ten_seconds) {
  absl::MutexLock lock(&mutex_);
  tenant_.Fill(units_per_ten_seconds);
}

void ThrottleBudget::SetApplicationLimit(int64_t units_per_twenty_seconds) {
  absl::MutexLock lock(&mutex_);
  application_.Fill(units_per_twenty_seconds);
}

void ThrottleBudget::SetRequestLimit(int64_t requests_per_ten_seconds) {
  absl::MutexLock lock(&mutex_);
  requests_.Fill(requests_per_ten_seconds);
}

ThrottleBudget::Verdict ThrottleBudget::Charge(int64_t units, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  total_ += units;
  const double cost = static_cast<double>(units);
  const Verdict verdicts[] = {tenant_.Charge(cost, now),
                              application_.Charge(cost, now),
                              requests_.Charge(1, now)};
  return *std::max_element(
      std::begin(verdicts), std::end(verdicts),
      [](const Verdict& a, const Verdict& b) { return a.used < b.used; });
}

int64_t ThrottleBudget::total() const {
  absl::MutexLock lock(&mutex_);
  return total_;
}

}  // namespace rollcall::entra
