// A local Entra ID for tests: login host and Microsoft Graph on one HTTPS
// origin, with a tenant made of a seed, that tests change while it runs.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_EMULATOR_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_EMULATOR_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/fakes/entra/application.h"
#include "tests/fakes/entra/courier.h"
#include "tests/fakes/entra/delta_knobs.h"
#include "tests/fakes/entra/faults.h"
#include "tests/fakes/entra/generator.h"
#include "tests/fakes/entra/graph_knobs.h"
#include "tests/fakes/entra/manners.h"
#include "tests/fakes/entra/subscriptions.h"
#include "tests/fakes/entra/tenant.h"

namespace rollcall::entra {

struct EmulatorOptions {
  std::string host = "localhost";
  int port = 0;  // of HTTPS; 0: any free port
  // https://HOST:PORT of what stands before it and passes requests on: links
  // lead there. Empty: nothing does.
  std::string public_origin;
  int control_port = 0;  // plain HTTP at 127.0.0.1; 0: any free port

  // Made from the seed if empty.
  std::string tenant_id;
  std::string client_id;
  std::string client_secret;
  // PEM; the application may also prove itself with these.
  std::vector<std::string> client_certificates;
  // Empty: any address at https://localhost or https://127.0.0.1.
  std::vector<std::string> redirect_uris;
  // Without, the application has its permissions from the start.
  bool require_consent = false;
  // Consent is kept there; without, it ends with the emulator.
  std::string consent_file;
  absl::Duration consent_delay = absl::ZeroDuration();

  std::string ca_directory;  // an existing directory; gets ca.pem
  TenantOptions tenant;
  std::function<absl::Time()> now = absl::Now;

  // Who carries change notifications; nobody given: HTTP. Receivers show a
  // certificate of this authority, or of the emulator's own if it is empty.
  Courier courier;
  std::string receivers_ca_file;
  // Without, notifications wait for DeliverNotifications.
  bool notify_in_background = true;
};

// Thread-safe. Runs until it is destroyed.
class Emulator {
 public:
  static absl::StatusOr<std::unique_ptr<Emulator>> Start(
      EmulatorOptions options);
  ~Emulator();

  std::string origin() const;          // https://localhost:PORT
  int port() const;                    // its own, of HTTPS
  std::string control_origin() const;  // http://127.0.0.1:PORT
  std::string ca_file() const;
  std::string tenant_id() const;
  std::string client_id() const;
  std::string client_secret() const;
  std::string organization_name() const;

  Tenant& tenant();
  Faults& faults();
  Application& application();
  GraphKnobs& graph_knobs();
  Manners& manners();
  DeltaKnobs& delta();
  Subscriptions& subscriptions();

  // The time as login and Graph have it; tests may travel ahead.
  absl::Time Now() const;
  void AdvanceTime(absl::Duration by);
  // Sends the change notifications that are due, and returns how many POST
  // requests were taken.
  int DeliverNotifications();

  // 0: without limit, which is the default.
  void SetThrottleLimit(int64_t units_per_ten_seconds);
  // The documented limit of a tenant of this size.
  void SetThrottleLimitOfTenant();
  // Makes all delta links that were handed out answer 410.
  void ForgetDeltaLinks();
  void SetConsentDelay(absl::Duration delay);

  // Of login and Graph, without the control API.
  int64_t request_count() const;

 private:
  class Impl;
  explicit Emulator(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_EMULATOR_H_
