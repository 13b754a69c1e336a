// The control API: tests in other processes change the tenant, switch faults
// on, and ask for the truth. README.md lists the requests.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_CONTROL_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_CONTROL_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/entra/application.h"
#include "tests/fakes/entra/faults.h"
#include "tests/fakes/entra/http_message.h"
#include "tests/fakes/entra/stats.h"
#include "tests/fakes/entra/tenant.h"
#include "tests/fakes/entra/throttle.h"

namespace rollcall::entra {

struct ControlContext {
  Tenant& tenant;
  Faults& faults;
  Application& application;
  ThrottleBudget& budget;
  const Stats& stats;
  std::function<absl::Time()> now;
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
  Body ChangeSettings(const std::string& json);

  const ControlContext context_;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_CONTROL_H_
