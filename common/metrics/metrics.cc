#include "common/metrics/metrics.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "prometheus/exposer.h"
#include "prometheus/text_serializer.h"

namespace rollcall {
namespace {

// Metrics live as long as the process, so that references to them may too.
const std::shared_ptr<prometheus::Registry>& GetRegistry() {
  // Shared because the exposer keeps a weak_ptr.
  static const auto& registry = *new std::shared_ptr<prometheus::Registry>(
      std::make_shared<prometheus::Registry>());
  return registry;
}

}  // namespace

// A family that is registered again, and a metric that is added again, are the
// ones that are there (Registry::InsertBehavior::Merge).

prometheus::Counter& Counter(absl::string_view name, absl::string_view help,
                             const MetricLabels& labels) {
  return prometheus::BuildCounter()
      .Name(std::string(name))
      .Help(std::string(help))
      .Register(*GetRegistry())
      .Add(labels);
}

prometheus::Gauge& Gauge(absl::string_view name, absl::string_view help,
                         const MetricLabels& labels) {
  return prometheus::BuildGauge()
      .Name(std::string(name))
      .Help(std::string(help))
      .Register(*GetRegistry())
      .Add(labels);
}

prometheus::Histogram& Histogram(absl::string_view name, absl::string_view help,
                                 const std::vector<double>& upper_bounds,
                                 const MetricLabels& labels) {
  return prometheus::BuildHistogram()
      .Name(std::string(name))
      .Help(std::string(help))
      .Register(*GetRegistry())
      .Add(labels, upper_bounds);
}

std::string MetricsText() {
  return prometheus::TextSerializer().Serialize(GetRegistry()->Collect());
}

struct MetricsServer::Exposer {
  explicit Exposer(const std::string& address) : exposer(address) {}
  prometheus::Exposer exposer;
};

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(
    const std::string& address) {
  try {
    auto exposer = std::make_unique<Exposer>(address);
    exposer->exposer.RegisterCollectable(GetRegistry());
    const int port = exposer->exposer.GetListeningPorts().front();
    return std::unique_ptr<MetricsServer>(
        new MetricsServer(std::move(exposer), port));
  } catch (const std::exception& e) {  // civetweb tells its errors so.
    return Unavailable(
        "METRICS_ADDRESS_UNAVAILABLE",
        absl::StrCat("Metrics cannot be served at ", address, ": ", e.what()),
        {{"address", address}});
  }
}

MetricsServer::MetricsServer(std::unique_ptr<Exposer> exposer, int port)
    : exposer_(std::move(exposer)), port_(port) {}

MetricsServer::~MetricsServer() = default;

}  // namespace rollcall
