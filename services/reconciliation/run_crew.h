// The threads of the service that carry out runs: several workers, and the
// scheduler that gives them work.
#ifndef ROLLCALL_SERVICES_RECONCILIATION_RUN_CREW_H_
#define ROLLCALL_SERVICES_RECONCILIATION_RUN_CREW_H_

#include <memory>
#include <vector>

#include "common/time/periodic_worker.h"
#include "services/reconciliation/run_desk.h"
#include "services/reconciliation/run_options.h"
#include "services/reconciliation/scheduler.h"
#include "services/reconciliation/worker.h"

namespace rollcall::reconciliation {

// Thread-safe. The destructor waits for the threads; make `is_stopping` true
// before.
class RunCrew {
 public:
  // What the options refer to must outlive this.
  RunCrew(const RunEngineOptions& options, int workers);
  ~RunCrew();

  // There is something to carry out.
  void Nudge();

 private:
  RunDesk desk_;
  std::vector<std::unique_ptr<RunWorker>> workers_;
  std::vector<std::unique_ptr<PeriodicWorker>> loops_;
  Scheduler scheduler_;
  std::unique_ptr<PeriodicWorker> scheduling_;
};

}  // namespace rollcall::reconciliation

#endif  // ROLLCALL_SERVICES_RECONCILIATION_RUN_CREW_H_
