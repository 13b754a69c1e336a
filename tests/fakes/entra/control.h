// The control API: tests in other processes change the tenant, switch faults
// on, and ask for the truth. README.md lists the requests.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_CONTROL_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_CONTROL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/application.h"
#include "tests/fakes/entra/delta_knobs.h"
#include "tests/fakes/entra/faults.h"
#include "tests/fakes/entra/graph_knobs.h"
#include "tests/fakes/entra/http_message.h"
#include "tests/fakes/entra/manners.h"
#include "tests/fakes/entra/notifier.h"
#include "tests/fakes/entra/random_timeline.h"
#include "tests/fakes/entra/stats.h"
#include "tests/fakes/entra/subscriptions.h"
#include "tests/fakes/entra/tenant.h"
#include "tests/fakes/entra/throttle.h"

namespace rollcall::entra {

struct ControlContext {
  Tenant& tenant;
  Faults& faults;
  Application& application;
  ThrottleBudget& budget;
  GraphKnobs& knobs;
  Manners& manners;
  const Stats& stats;
  DeltaKnobs& delta;
  Subscriptions& subscriptions;
  Notifier& notifier;
  std::function<absl::Time()> now;
  std::function<void(absl::Duration)> advance_time;
  std::function<void()> forget_delta_links;
  std::function<void(absl::Duration)> set_consent_delay;
};

// Thread-safe.
class Control {
 public:
  explicit Control(ControlContext context) : context_(std::move(context)) {}

  HttpResponse Handle(const HttpRequest& request);

 private:
  using Body = absl::StatusOr<std::string>;  // JSON
  using Segments = std::vector<std::string>;

  Body Route(const HttpRequest& request, const Segments& path);
  Body RouteUsers(const HttpRequest& request, const Segments& path);
  Body RouteGroups(const HttpRequest& request, const Segments& path);
  Body RouteFaults(const HttpRequest& request, const Segments& path);
  Body Expected(const Parameters& query);
  Body GetStats();
  Body GetManners();
  Body ChangeSettings(const std::string& json);
  // The settings of delta queries and notifications; false if it is none.
  bool ChangeDeltaSetting(const std::string& name, const std::string& value);
  Body SetFaults(const std::string& json);
  Body ListFaults();
  Body RouteTime(const HttpRequest& request);
  Body RouteSubscriptions(const HttpRequest& request, const Segments& path);
  Body RandomSteps(const Parameters& query);

  const ControlContext context_;
  absl::Mutex mutex_;
  // By seed, so that further steps go on where the last ones ended.
  std::map<uint64_t, RandomTimeline> timelines_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_CONTROL_H_
