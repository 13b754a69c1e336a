#include "services/directory/tenant_pace.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace rollcall::directory {
namespace {

constexpr absl::Duration kWindow = absl::Seconds(10);
constexpr double kSlowAbove = 0.8;
// Calls come from several threads, and a little out of order.
constexpr absl::Duration kClockJump = absl::Seconds(1);
// Per ten seconds without a refusal.
constexpr double kRecovery = 0.1;
// More than Graph ever charges for one request; what says more is nonsense.
constexpr double kMaxUnits = 1'000;
constexpr double kMaxUsed = 10;

struct Cost {
  absl::string_view segment;
  double units;
  double selected;  // With $select.
};

// The first that occurs in the path decides.
constexpr Cost kCosts[] = {
    {"delta", 1, 1},           {"getByIds", 5, 2},
    {"members", 3, 2},         {"transitiveMembers", 5, 4},
    {"memberOf", 2, 1},        {"transitiveMemberOf", 2, 1},
    {"getMemberGroups", 2, 1}, {"checkMemberGroups", 4, 3},
};
constexpr Cost kListOfUsers = {"users", 2, 1};
constexpr Cost kAnyOther = {"", 1, 1};

const Cost& CostOf(absl::string_view path) {
  const std::vector<absl::string_view> segments =
      absl::StrSplit(path, '/', absl::SkipEmpty());
  for (const Cost& cost : kCosts) {
    for (const absl::string_view segment : segments) {
      if (absl::EqualsIgnoreCase(segment, cost.segment)) return cost;
    }
  }
  const bool lists_users =
      !segments.empty() &&
      absl::EqualsIgnoreCase(segments.back(), kListOfUsers.segment);
  return lists_users ? kListOfUsers : kAnyOther;
}

// The value of an option; its `$` may be escaped, its name in any case.
absl::optional<absl::string_view> Option(absl::string_view query,
                                         absl::string_view name) {
  for (absl::string_view part : absl::StrSplit(query, '&')) {
    if (absl::StartsWith(part, "$")) {
      part.remove_prefix(1);
    } else if (absl::StartsWith(part, "%24")) {
      part.remove_prefix(3);
    } else {
      continue;
    }
    if (absl::StartsWithIgnoreCase(part, name) && part.size() > name.size() &&
        part[name.size()] == '=') {
      return part.substr(name.size() + 1);
    }
  }
  return absl::nullopt;
}

bool IsSensible(double value, double limit) {
  return std::isfinite(value) && value >= 0 && value <= limit;
}

}  // namespace

double ResourceUnits(absl::string_view target) {
  const size_t mark = target.find('?');
  const absl::string_view path = target.substr(0, mark);
  const absl::string_view query =
      mark == absl::string_view::npos ? "" : target.substr(mark + 1);
  const Cost& cost = CostOf(path);
  double units =
      Option(query, "select").has_value() ? cost.selected : cost.units;
  if (Option(query, "expand").has_value()) units += 1;
  int top = 0;
  const absl::optional<absl::string_view> top_text = Option(query, "top");
  if (top_text.has_value() && absl::SimpleAtoi(*top_text, &top) && top < 20) {
    units -= 1;
  }
  return std::max(units, 1.0);
}

TenantPace::TenantPace(TenantPaceOptions options)
    : options_(options), left_(options.budget) {}

absl::Duration TenantPace::Take(double units, absl::Time now) {
  Fill(now);
  left_ -= units;
  Count(units, now);
  if (left_ >= 0) return absl::ZeroDuration();
  return kWindow * (-left_ / budget(now));
}

absl::Time TenantPace::HeldUntil(absl::Time now) {
  Fill(now);
  return held_until_;
}

void TenantPace::Learn(const PaceSignals& signals, absl::Time now) {
  Fill(now);
  if (signals.units.has_value() && IsSensible(*signals.units, kMaxUnits)) {
    const double more = *signals.units - signals.estimated_units;
    left_ -= more;
    Count(more, now);
  }
  if (signals.used.has_value() && IsSensible(*signals.used, kMaxUsed)) {
    used_ = *signals.used;
    used_time_ = now;
    // What Graph's bucket does not hold, ours does not either.
    if (used_ > kSlowAbove) {
      left_ = std::min(left_, std::max(0.0, 1 - used_) * budget(now));
    }
  }
  // Several requests are under way when the first is refused: one cut for all.
  if (signals.refused && now - cut_time_ >= absl::Seconds(1)) {
    share_ = std::max(share_ / 2, options_.least_share);
    cut_time_ = now;
    left_ = std::min(left_, 0.0);
  }
  if (signals.hold_for.has_value()) {
    held_until_ = std::max(held_until_, now + *signals.hold_for);
  }
}

double TenantPace::used(absl::Time now) const {
  return now - used_time_ <= kWindow ? used_ : 0;
}

double TenantPace::recent_units(absl::Time now) const {
  const int64_t second = absl::ToUnixSeconds(now);
  double units = 0;
  for (const Slot& slot : slots_) {
    if (slot.second > second - kSlots && slot.second <= second) {
      units += slot.units;
    }
  }
  return std::max(units, 0.0);
}

double TenantPace::budget(absl::Time now) const {
  // Half speed as long as the quota runs short, a quarter when it is used up.
  const double used_now = used(now);
  const double slowed = used_now >= 1 ? 0.25 : used_now > kSlowAbove ? 0.5 : 1;
  return options_.budget * std::max(share_ * slowed, options_.least_share);
}

void TenantPace::Fill(absl::Time now) {
  if (filled_ != absl::InfinitePast() && now > filled_) {
    const double windows = absl::FDivDuration(now - filled_, kWindow);
    left_ = std::min(left_ + windows * budget(now), budget(now));
    share_ = std::min(share_ + windows * kRecovery, 1.0);
  }
  if (filled_ - now > kClockJump) MoveBack(filled_ - now);
  filled_ = now;
}

// The clock was set back: what was to last for a while still lasts as long.
void TenantPace::MoveBack(absl::Duration by) {
  held_until_ -= by;
  used_time_ -= by;
  cut_time_ -= by;
}

void TenantPace::Count(double units, absl::Time now) {
  const int64_t second = absl::ToUnixSeconds(now);
  Slot& slot = slots_[static_cast<size_t>(second % kSlots + kSlots) % kSlots];
  if (slot.second != second) slot = {.second = second, .units = 0};
  slot.units += units;
}

}  // namespace rollcall::directory
