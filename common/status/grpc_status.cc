#include "common/status/grpc_status.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/utf8.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace rollcall {
namespace {

// gRPC refuses a call's trailing metadata past 8 KiB, and the error would be
// lost with it. The sentence travels up to three times: percent-encoded as
// itself, in the details, and with the wrong field. These limits keep any error
// below.
constexpr size_t kMaxMessageBytes = 640;
constexpr size_t kMaxFactBytes = 256;
constexpr size_t kMaxFactsBytes = 1536;
constexpr size_t kBytesAroundFact = 10;  // What protobuf adds to an entry.

// Text as protobuf and HTTP/2 accept it.
std::string Text(absl::string_view bytes, size_t max_bytes) {
  return CutUtf8(ToValidUtf8(bytes), max_bytes);
}

// What callers of the service may see of an error that nobody gave a reason.
bool HidesItsInside(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal ||
         code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss;
}

google::rpc::ErrorInfo MakeErrorInfo(absl::string_view reason,
                                     absl::string_view domain,
                                     const Facts& facts) {
  google::rpc::ErrorInfo info;
  info.set_reason(Text(reason, kMaxFactBytes));
  info.set_domain(Text(domain, kMaxFactBytes));
  size_t room = kMaxFactsBytes;
  for (const auto& [name, value] : facts) {
    std::string key = Text(name, kMaxFactBytes);
    std::string text = Text(value, kMaxFactBytes);
    const size_t needed = key.size() + text.size() + kBytesAroundFact;
    if (needed > room) break;
    room -= needed;
    (*info.mutable_metadata())[std::move(key)] = std::move(text);
  }
  return info;
}

// The wrong field of an INVALID_ARGUMENT, if the error names one.
absl::optional<google::rpc::BadRequest> MakeBadRequest(
    absl::StatusCode code, const std::string& message, const Facts& facts) {
  if (code != absl::StatusCode::kInvalidArgument) return absl::nullopt;
  for (const auto& [name, value] : facts) {
    if (name != "field") continue;
    google::rpc::BadRequest request;
    google::rpc::BadRequest::FieldViolation* violation =
        request.add_field_violations();
    violation->set_field(Text(value, kMaxFactBytes));
    violation->set_description(message);
    return request;
  }
  return absl::nullopt;
}

google::rpc::RetryInfo MakeRetryInfo(absl::Duration delay) {
  google::rpc::RetryInfo info;
  absl::Duration rest;
  info.mutable_retry_delay()->set_seconds(
      absl::IDivDuration(delay, absl::Seconds(1), &rest));
  info.mutable_retry_delay()->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return info;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status,
                          absl::string_view domain) {
  if (status.ok()) return grpc::Status::OK;

  std::string reason = ReasonOf(status);
  std::string message = Text(status.message(), kMaxMessageBytes);
  if (reason.empty() && HidesItsInside(status.code())) {
    reason = "INTERNAL";
    message = "An internal error occurred.";
  } else if (reason.empty()) {
    reason = absl::StatusCodeToString(status.code());
  }

  const Facts facts = FactsOf(status);
  google::rpc::Status details;
  details.set_code(static_cast<int32_t>(status.code()));
  details.set_message(message);
  details.add_details()->PackFrom(MakeErrorInfo(reason, domain, facts));
  if (const auto request = MakeBadRequest(status.code(), message, facts)) {
    details.add_details()->PackFrom(*request);
  }
  if (const auto delay = RetryDelayOf(status)) {
    details.add_details()->PackFrom(MakeRetryInfo(*delay));
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message,
                      details.SerializeAsString());
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();

  std::string reason;
  Facts facts;
  absl::optional<absl::Duration> retry_delay;
  google::rpc::Status details;
  if (details.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& detail : details.details()) {
      google::rpc::ErrorInfo error;
      google::rpc::RetryInfo retry;
      if (detail.UnpackTo(&error)) {
        reason = error.reason();
        facts.assign(error.metadata().begin(), error.metadata().end());
        std::sort(facts.begin(), facts.end());  // A map has no order.
      } else if (detail.UnpackTo(&retry)) {
        retry_delay = absl::Seconds(retry.retry_delay().seconds()) +
                      absl::Nanoseconds(retry.retry_delay().nanos());
      }
    }
  }

  const auto code = static_cast<absl::StatusCode>(status.error_code());
  absl::Status result =
      reason.empty()
          ? absl::Status(code, status.error_message())
          : MakeError(code, reason, status.error_message(), std::move(facts));
  if (retry_delay.has_value() && *retry_delay >= absl::ZeroDuration()) {
    result = WithRetryDelay(std::move(result), *retry_delay);
  }
  return result;
}

}  // namespace rollcall
