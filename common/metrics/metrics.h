// Counts what operators watch, and serves it to Prometheus.
//
//   static auto& purged = Counter("rollcall_trash_purged_total", "Users deleted
//   for good."); purged.Increment(); MetricsServer::Start("127.0.0.1:9105")
//   serves GET /metrics in the text format.
#ifndef ROLLCALL_COMMON_METRICS_METRICS_H_
#define ROLLCALL_COMMON_METRICS_METRICS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

namespace rollcall {

using MetricLabels = std::map<std::string, std::string>;

// The metric of that name and those labels, made at the first call; the same
// object at every later one. Lives for ever. Thread-safe. Names follow
// Prometheus: `rollcall_<service>_<what>_<unit>`, `_total` for counters. Labels
// never hold personal data.
prometheus::Counter& Counter(absl::string_view name, absl::string_view help,
                             const MetricLabels& labels = {});
prometheus::Gauge& Gauge(absl::string_view name, absl::string_view help,
                         const MetricLabels& labels = {});
prometheus::Histogram& Histogram(absl::string_view name, absl::string_view help,
                                 const std::vector<double>& upper_bounds,
                                 const MetricLabels& labels = {});

// The text that GET /metrics answers with.
std::string MetricsText();

// Serves the metrics until it is destroyed. Plain HTTP: bind it to loopback or
// to a network of operators.
class MetricsServer {
 public:
  // `address` is host:port; port 0 takes any free one. UNAVAILABLE if it is
  // taken.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(
      const std::string& address);
  ~MetricsServer();

  int port() const { return port_; }

 private:
  struct Exposer;
  MetricsServer(std::unique_ptr<Exposer> exposer, int port);
  std::unique_ptr<Exposer> exposer_;
  int port_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COMMON_METRICS_METRICS_H_
