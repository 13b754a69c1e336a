#include "tests/fakes/entra/emulator.h"

#include <cstdio>
#include <fstream>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "tests/fakes/entra/access_token.h"
#include "tests/fakes/entra/control.h"
#include "tests/fakes/entra/graph.h"
#include "tests/fakes/entra/graph_front.h"
#include "tests/fakes/entra/login.h"
#include "tests/fakes/entra/notifier.h"
#include "tests/fakes/entra/server.h"
#include "tests/fakes/entra/stats.h"
#include "tests/fakes/entra/throttle.h"
#include "tests/fakes/entra/travel_clock.h"

namespace rollcall::entra {
namespace {

constexpr char kLoopback[] = "127.0.0.1";
// Soon enough for tests, and seldom enough to cost nothing.
constexpr absl::Duration kNotifyEvery = absl::Milliseconds(50);
constexpr uint64_t kOwnIds = 400;  // stream of Guid::FromSeed

void SetDefaults(EmulatorOptions& options) {
  const uint64_t seed = options.tenant.seed;
  const auto id = [seed](uint64_t ordinal) {
    return Guid::FromSeed(seed, kOwnIds, ordinal).ToString();
  };
  if (options.tenant_id.empty()) options.tenant_id = id(0);
  if (options.client_id.empty()) options.client_id = id(1);
  if (options.client_secret.empty()) {
    // With characters that a form has to encode, as real secrets have.
    options.client_secret = absl::StrCat("s8Q~", id(2), "+/=");
  }
  if (!options.now) options.now = absl::Now;
}

absl::Status WriteFile(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  if (!file) {
    return absl::UnavailableError(absl::StrCat("Cannot write ", path, "."));
  }
  return absl::OkStatus();
}

}  // namespace

// Everything in the order of dependence; the servers come last, and stop
// first.
class Emulator::Impl {
 public:
  Impl(EmulatorOptions options, Identity signer)
      : options_(std::move(options)),
        clock_(options_.now),
        tenant_(options_.tenant, now()),
        faults_(options_.tenant.seed),
        sealer_(options_.tenant.seed),
        application_(options_.client_id, options_.client_secret,
                     options_.redirect_uris, !options_.require_consent,
                     options_.consent_file),
        tokens_(std::move(signer)),
        subscriptions_(options_.tenant.seed, CourierOf(options_)),
        notifier_(options_.tenant_id, tenant_, subscriptions_, faults_),
        consent_delay_(options_.consent_delay) {}

  ~Impl() {
    {
      absl::MutexLock lock(&mutex_);
      stopping_ = true;
    }
    if (notifying_.joinable()) notifying_.join();
  }

  absl::Status Start() {
    for (const std::string& pem : options_.client_certificates) {
      if (absl::Status status = application_.AddCertificate(pem);
          !status.ok()) {
        return status;
      }
    }
    if (absl::Status status = StartServer(); !status.ok()) return status;
    control_ = std::make_unique<Control>(ControlContext{
        .tenant = tenant_,
        .faults = faults_,
        .application = application_,
        .budget = budget_,
        .knobs = knobs_,
        .manners = manners_,
        .stats = stats_,
        .delta = delta_,
        .subscriptions = subscriptions_,
        .notifier = notifier_,
        .now = now(),
        .advance_time = [this](absl::Duration by) { AdvanceTime(by); },
        .forget_delta_links = [this] { ForgetDeltaLinks(); },
        .set_consent_delay =
            [this](absl::Duration delay) { SetConsentDelay(delay); }});
    absl::StatusOr<std::unique_ptr<Server>> server =
        Server::Start({.address = kLoopback,
                       .port = options_.control_port,
                       .handler = [this](const HttpRequest& request) {
                         // No business of a client that follows links.
                         if (!request.Header("authorization").empty()) {
                           manners_.TokenAt(request.Header("host"));
                         }
                         return control_->Handle(request);
                       }});
    if (!server.ok()) return server.status();
    control_server_ = *std::move(server);
    if (options_.notify_in_background) {
      notifying_ = std::thread([this] { Notify(); });
    }
    return absl::OkStatus();
  }

  int port() const { return server_->port(); }
  std::string origin() const {
    if (!options_.public_origin.empty()) return options_.public_origin;
    return absl::StrCat("https://", options_.host, ":", port());
  }
  // As the Host header has it.
  std::string host() const {
    return std::string(absl::StripPrefix(origin(), "https://"));
  }
  std::string control_origin() const {
    return absl::StrCat("http://", kLoopback, ":", control_server_->port());
  }
  std::string ca_file() const {
    return absl::StrCat(options_.ca_directory, "/ca.pem");
  }

  void SetConsentDelay(absl::Duration delay) {
    absl::MutexLock lock(&mutex_);
    consent_delay_ = delay;
  }
  absl::Duration consent_delay() {
    absl::MutexLock lock(&mutex_);
    return consent_delay_;
  }

  const EmulatorOptions& options() const { return options_; }
  Tenant& tenant() { return tenant_; }
  Faults& faults() { return faults_; }
  Application& application() { return application_; }
  ThrottleBudget& budget() { return budget_; }
  DeltaKnobs& delta() { return delta_; }
  GraphKnobs& knobs() { return knobs_; }
  Manners& manners() { return manners_; }
  Subscriptions& subscriptions() { return subscriptions_; }
  absl::Time Now() const { return clock_.Now(); }
  void AdvanceTime(absl::Duration by) {
    clock_.Advance(by);
    tenant_.PurgeOldDeleted();
  }
  int DeliverNotifications() { return notifier_.RunOnce(Now()); }
  void ForgetDeltaLinks() {
    delta_.Edit([](DeltaSettings& settings) { ++settings.generation; });
  }
  int64_t request_count() const {
    return stats_.graph_requests + stats_.login_requests;
  }

 private:
  static Courier CourierOf(const EmulatorOptions& options) {
    if (options.courier) return options.courier;
    return HttpCourier(options.receivers_ca_file.empty()
                           ? absl::StrCat(options.ca_directory, "/ca.pem")
                           : options.receivers_ca_file);
  }

  std::function<absl::Time()> now() const {
    return [this] { return clock_.Now(); };
  }

  // Delivers notifications until the emulator stops.
  void Notify() {
    while (true) {
      {
        absl::MutexLock lock(&mutex_);
        if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_),
                                    kNotifyEvery)) {
          return;
        }
      }
      DeliverNotifications();
    }
  }

  // Links contain the port, so requests wait until it is known.
  absl::Status StartServer() {
    absl::StatusOr<ServerTls> tls = MakeServerTls(options_.host);
    if (!tls.ok()) return tls.status();
    if (absl::Status status = WriteFile(ca_file(), tls->ca_pem); !status.ok()) {
      return status;
    }
    const bool local =
        options_.host == "localhost" || options_.host == kLoopback;
    absl::StatusOr<std::unique_ptr<Server>> server =
        Server::Start({.address = local ? kLoopback : options_.host,
                       .port = options_.port,
                       .tls = std::move(tls->context),
                       .handler = [this](const HttpRequest& request) {
                         return Answer(request);
                       }});
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    MakeHandlers();
    return absl::OkStatus();
  }

  void MakeHandlers() {
    absl::MutexLock lock(&mutex_);
    const std::vector<std::string> domains =
        tenant_.Read([](const TenantState& state) {
          return std::vector<std::string>{state.initial_domain,
                                          state.verified_domain};
        });
    graph_ =
        std::make_unique<Graph>(GraphContext{.origin = origin(),
                                             .tenant_id = options_.tenant_id,
                                             .client_id = options_.client_id,
                                             .tenant = tenant_,
                                             .faults = faults_,
                                             .sealer = sealer_,
                                             .now = now(),
                                             .delta = delta_,
                                             .subscriptions = subscriptions_,
                                             .closures = closures_,
                                             .orderings = orderings_,
                                             .knobs = knobs_,
                                             .manners = manners_},
                                tokens_, application_, budget_);
    login_ = std::make_unique<Login>(
        LoginContext{.origin = origin(),
                     .tenant_id = options_.tenant_id,
                     .domains = domains,
                     .administrator = Administrator(domains.front()),
                     .application = application_,
                     .tokens = tokens_,
                     .faults = faults_,
                     .now = now(),
                     .consent_delay = [this] { return consent_delay(); }});
    front_ = std::make_unique<GraphFront>(*graph_, faults_, manners_, now());
    ready_ = true;
  }

  // Not among the users of the tenant, so that no test can delete it.
  Person Administrator(absl::string_view domain) const {
    return {.id = Guid::FromSeed(options_.tenant.seed, kOwnIds, 3).ToString(),
            .user_principal_name = absl::StrCat("admin@", domain),
            .display_name = "Local Administrator"};
  }

  HttpResponse Answer(const HttpRequest& request) {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&ready_));
    }
    const bool is_graph = absl::StartsWith(request.path, "/v1.0/");
    const bool has_token =
        absl::StartsWithIgnoreCase(request.Header("authorization"), "Bearer ");
    if (has_token && (!is_graph || request.Header("host") != host())) {
      manners_.TokenAt(absl::StrCat(request.Header("host"), request.path));
    }
    ++(is_graph ? stats_.graph_requests : stats_.login_requests);
    HttpResponse response =
        is_graph ? front_->Handle(request) : login_->Handle(request);
    stats_.bytes_sent += static_cast<int64_t>(response.body.size());
    return response;
  }

  const EmulatorOptions options_;
  TravelClock clock_;
  Tenant tenant_;
  Faults faults_;
  const TokenSealer sealer_;
  ClosureCache closures_;
  OrderingCache orderings_;
  GraphKnobs knobs_;
  Manners manners_;
  Application application_;
  AccessTokens tokens_;
  ThrottleBudget budget_;
  Stats stats_;
  DeltaKnobs delta_;
  Subscriptions subscriptions_;
  Notifier notifier_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Duration consent_delay_ ABSL_GUARDED_BY(mutex_);
  bool ready_ ABSL_GUARDED_BY(mutex_) = false;

  std::unique_ptr<Graph> graph_;
  std::unique_ptr<Login> login_;
  std::unique_ptr<GraphFront> front_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Server> control_server_;
  std::thread notifying_;
};

absl::StatusOr<std::unique_ptr<Emulator>> Emulator::Start(
    EmulatorOptions options) {
  if (options.ca_directory.empty()) {
    return absl::InvalidArgumentError(
        "EmulatorOptions::ca_directory is required.");
  }
  SetDefaults(options);
  absl::StatusOr<Identity> signer = SharedRsaIdentity();
  if (!signer.ok()) return signer.status();
  auto impl = std::make_unique<Impl>(std::move(options), *std::move(signer));
  if (absl::Status status = impl->Start(); !status.ok()) return status;
  return std::unique_ptr<Emulator>(new Emulator(std::move(impl)));
}

Emulator::Emulator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Emulator::~Emulator() = default;

std::string Emulator::origin() const { return impl_->origin(); }
int Emulator::port() const { return impl_->port(); }
std::string Emulator::control_origin() const { return impl_->control_origin(); }
std::string Emulator::ca_file() const { return impl_->ca_file(); }
std::string Emulator::tenant_id() const { return impl_->options().tenant_id; }
std::string Emulator::client_id() const { return impl_->options().client_id; }
std::string Emulator::client_secret() const {
  return impl_->options().client_secret;
}
std::string Emulator::organization_name() const {
  return impl_->tenant().Read(
      [](const TenantState& state) { return state.name; });
}

Tenant& Emulator::tenant() { return impl_->tenant(); }
Faults& Emulator::faults() { return impl_->faults(); }
Application& Emulator::application() { return impl_->application(); }
DeltaKnobs& Emulator::delta() { return impl_->delta(); }
Subscriptions& Emulator::subscriptions() { return impl_->subscriptions(); }

absl::Time Emulator::Now() const { return impl_->Now(); }
void Emulator::AdvanceTime(absl::Duration by) { impl_->AdvanceTime(by); }
int Emulator::DeliverNotifications() { return impl_->DeliverNotifications(); }

GraphKnobs& Emulator::graph_knobs() { return impl_->knobs(); }
Manners& Emulator::manners() { return impl_->manners(); }

void Emulator::SetThrottleLimitOfTenant() {
  SetThrottleLimit(impl_->tenant().Read([](const TenantState& state) {
    return UnitsOfTenant(static_cast<int64_t>(state.users().size()));
  }));
}
void Emulator::SetThrottleLimit(int64_t units_per_ten_seconds) {
  impl_->budget().SetLimit(units_per_ten_seconds);
}
void Emulator::ForgetDeltaLinks() { impl_->ForgetDeltaLinks(); }
void Emulator::SetConsentDelay(absl::Duration delay) {
  impl_->SetConsentDelay(delay);
}

int64_t Emulator::request_count() const { return impl_->request_count(); }

}  // namespace rollcall::entra
