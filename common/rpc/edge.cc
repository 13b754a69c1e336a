#include "common/rpc/edge.h"

#include <array>
#include <chrono>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/log/log.h"
#include "common/metrics/metrics.h"
#include "common/status/errors.h"
#include "common/status/grpc_status.h"
#include "common/status/status_macros.h"

namespace rollcall::rpc {
namespace {

using Stopwatch = std::chrono::steady_clock;

// From a look-up in memory to a stream that reads a whole tenant.
const std::vector<double>& LatencyBounds() {
  static const std::vector<double> bounds = {0.0005, 0.001, 0.0025, 0.005, 0.01,
                                             0.025,  0.05,  0.1,    0.25,  0.5,
                                             1,      5,     30,     120,   600};
  return bounds;
}

absl::StatusOr<Caller> CallerOf(const grpc::ServerContextBase& context,
                                const std::string& trust_domain) {
  const auto identity = context.auth_context();
  const std::vector<grpc::string_ref> ids =
      identity == nullptr ? std::vector<grpc::string_ref>()
                          : identity->FindPropertyValues("peer_spiffe_id");
  if (ids.size() != 1) {
    return Unauthenticated("IDENTITY_MISSING",
                           "The caller's certificate carries no SPIFFE id.");
  }
  return Caller::Parse(absl::string_view(ids[0].data(), ids[0].size()),
                       trust_domain);
}

bool IsOurFault(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal ||
         code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss;
}

// The metrics of one method. One thread.
class MethodMetrics {
 public:
  explicit MethodMetrics(std::string method)
      : method_(std::move(method)),
        latency_(Histogram("rollcall_rpc_latency_seconds",
                           "Time from the request to the answer, by method.",
                           LatencyBounds(), {{"method", method_}})) {}

  void Record(Stopwatch::duration took, absl::StatusCode code) {
    prometheus::Counter*& calls = calls_[static_cast<int>(code)];
    if (calls == nullptr) {
      calls = &Counter(
          "rollcall_rpc_calls_total", "Calls answered, by method and code.",
          {{"method", method_}, {"code", absl::StatusCodeToString(code)}});
    }
    calls->Increment();
    latency_.Observe(std::chrono::duration<double>(took).count());
  }

 private:
  const std::string method_;
  std::array<prometheus::Counter*, 17> calls_ = {};  // OK to UNAUTHENTICATED.
  prometheus::Histogram& latency_;
};

// Remembered by each thread, because finding a metric costs as much as a whole
// look-up of a user.
MethodMetrics& MetricsOf(absl::string_view method) {
  thread_local absl::flat_hash_map<std::string, std::unique_ptr<MethodMetrics>>
      known;
  const auto found = known.find(method);
  if (found != known.end()) return *found->second;
  const std::string name(method);
  return *known.emplace(name, std::make_unique<MethodMetrics>(name))
              .first->second;
}

void Record(absl::string_view method, Stopwatch::duration took,
            const absl::Status& status) {
  MetricsOf(method).Record(took, status.code());
  if (IsOurFault(status.code())) {
    LogError("rpc_failed",
             {{"method", std::string(method)}, {"status", status}});
  }
}

}  // namespace

Edge::Edge(AccessPolicy policy, std::string trust_domain, std::string domain,
           absl::Duration default_deadline)
    : policy_(std::move(policy)),
      trust_domain_(std::move(trust_domain)),
      domain_(std::move(domain)),
      default_deadline_(default_deadline) {}

grpc::Status Edge::Run(
    grpc::ServerContextBase* context, const google::protobuf::Message& request,
    absl::Duration default_deadline,
    const std::function<absl::Status(const Call&)>& method) const {
  const auto start = Stopwatch::now();
  const bool brings_deadline =
      context->deadline() != std::chrono::system_clock::time_point::max();
  // gRPC itself cancels a call at the deadline that it brings.
  const auto cancelled = [&] {
    return context->IsCancelled() ||
           (!brings_deadline &&
            absl::FromChrono(Stopwatch::now() - start) >= default_deadline);
  };

  const auto answer = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Caller caller, CallerOf(*context, trust_domain_));
    RETURN_IF_ERROR(policy_.CheckRequest(request, caller));
    return method(Call{caller, cancelled});
  };
  const absl::Status status = answer();
  Record(policy_.MethodOf(request), Stopwatch::now() - start, status);
  return ToGrpcStatus(status, domain_);
}

}  // namespace rollcall::rpc
