// Decides when the next request to one tenant may go: not faster than the
// tenant's quota lasts, slower when Graph says that it runs short, and not at
// all while Graph asks to wait. Pure; one thread at a time.
//
// Graph counts in resource units: a bucket per application and tenant that
// fills within ten seconds (throttling-limits, "Identity and access").
#ifndef ROLLCALL_SERVICES_DIRECTORY_TENANT_PACE_H_
#define ROLLCALL_SERVICES_DIRECTORY_TENANT_PACE_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace rollcall::directory {

// What a request costs by the published table, until Graph says better.
// `target` is a path with its query, or a whole link; a $batch costs what is in
// it, so ask for each of its items.
double ResourceUnits(absl::string_view target);

struct TenantPaceOptions {
  // Of a large tenant: 8,000 units in ten seconds. Small ones are given less;
  // how large a tenant is, the pace learns by being refused.
  double budget = 8'000;
  // What is left after any number of refusals, as a share of the budget.
  double least_share = 0.02;
};

// What an answer said about the quota.
struct PaceSignals {
  double estimated_units = 1;               // What was taken for the request.
  absl::optional<double> units;             // x-ms-resource-unit.
  absl::optional<double> used;              // x-ms-throttle-limit-percentage.
  bool refused = false;                     // 429.
  absl::optional<absl::Duration> hold_for;  // Retry-After.
};

class TenantPace {
 public:
  explicit TenantPace(TenantPaceOptions options = {});

  // Takes `units` for one request and tells how long it has to wait for its
  // turn. Requests are served in the order of their calls.
  absl::Duration Take(double units, absl::Time now);

  // Until then no request may go, because one was told to wait.
  absl::Time HeldUntil(absl::Time now);

  // Learns from an answer.
  void Learn(const PaceSignals& signals, absl::Time now);

  // What Graph said last, 1.0 is all of the quota; 0 if it said nothing within
  // the last ten seconds: it does only above 0.8.
  double used(absl::Time now) const;

  // The resource units of the last ten seconds.
  double recent_units(absl::Time now) const;

  // What it allows itself in ten seconds now.
  double budget(absl::Time now) const;

 private:
  static constexpr int kSlots = 10;  // Of a second each.
  struct Slot {
    int64_t second = -1;
    double units = 0;
  };

  void Fill(absl::Time now);
  void MoveBack(absl::Duration by);
  void Count(double units, absl::Time now);

  const TenantPaceOptions options_;
  double share_ = 1;  // Of the budget: cut by refusals, comes back slowly.
  double left_;       // In the bucket; below 0 for requests that wait.
  absl::Time filled_ = absl::InfinitePast();
  absl::Time held_until_ = absl::InfinitePast();
  absl::Time cut_time_ = absl::InfinitePast();
  double used_ = 0;
  absl::Time used_time_ = absl::InfinitePast();
  std::array<Slot, kSlots> slots_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_TENANT_PACE_H_
