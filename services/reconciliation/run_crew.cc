#include "services/reconciliation/run_crew.h"

#include "absl/strings/str_cat.h"

namespace rollcall::reconciliation {
namespace {

// Far below the shortest polling interval, which is a minute.
constexpr absl::Duration kSchedulingPeriod = absl::Seconds(10);

}  // namespace

RunCrew::RunCrew(const RunEngineOptions& options, int workers)
    : scheduler_(options, desk_, [this] { Nudge(); }) {
  for (int i = 0; i < workers; ++i) {
    RunWorker& worker =
        *workers_.emplace_back(std::make_unique<RunWorker>(options, desk_));
    loops_.push_back(std::make_unique<PeriodicWorker>(
        PeriodicWorkerOptions{.name = absl::StrCat("reconciliation-runs-", i)},
        options.clock,
        [&worker](absl::Time now) { return worker.RunOnce(now); }));
  }
  // Last: it nudges the others.
  scheduling_ = std::make_unique<PeriodicWorker>(
      PeriodicWorkerOptions{.name = "reconciliation-schedule",
                            .period = kSchedulingPeriod},
      options.clock,
      [this](absl::Time now) { return scheduler_.RunOnce(now); });
}

RunCrew::~RunCrew() {
  scheduling_.reset();
  loops_.clear();
}

void RunCrew::Nudge() {
  for (const auto& loop : loops_) loop->Nudge();
}

}  // namespace rollcall::reconciliation
