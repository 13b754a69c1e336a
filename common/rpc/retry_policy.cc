#include "common/rpc/retry_policy.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/errors.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace rollcall::rpc {
namespace {

using ::google::protobuf::DescriptorPool;
using ::google::protobuf::MethodDescriptor;
using ::google::protobuf::MethodOptions;
using ::google::protobuf::ServiceDescriptor;

// gRPC spreads each wait at random between nothing and the backoff.
constexpr char kRetryPolicy[] =
    R"("retryPolicy":{"maxAttempts":4,"initialBackoff":"0.1s",)"
    R"("maxBackoff":"2s","backoffMultiplier":2,)"
    R"("retryableStatusCodes":["UNAVAILABLE"]})";

bool MayBeRepeated(const MethodDescriptor& method) {
  return method.options().idempotency_level() !=
         MethodOptions::IDEMPOTENCY_UNKNOWN;
}

}  // namespace

absl::StatusOr<std::string> RetryServiceConfig(const std::string& service) {
  const ServiceDescriptor* descriptor =
      DescriptorPool::generated_pool()->FindServiceByName(service);
  if (descriptor == nullptr) {
    return FailedPrecondition(
        "SERVICE_UNKNOWN",
        absl::StrCat(service, " is not linked into this process."),
        {{"service", service}});
  }
  std::vector<std::string> names;
  for (int i = 0; i < descriptor->method_count(); ++i) {
    const MethodDescriptor& method = *descriptor->method(i);
    if (!MayBeRepeated(method)) continue;
    names.push_back(absl::StrCat(R"({"service":")", service, R"(","method":")",
                                 method.name(), R"("})"));
  }
  if (names.empty()) return std::string("{}");
  return absl::StrCat(R"({"methodConfig":[{"name":[)",
                      absl::StrJoin(names, ","), R"(],"waitForReady":false,)",
                      kRetryPolicy, "}]}");
}

}  // namespace rollcall::rpc
