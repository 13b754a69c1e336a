#include "tests/fakes/entra/graph_front.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/fakes/entra/graph_batch.h"
#include "tests/fakes/entra/guid.h"
#include "tests/fakes/entra/retry_after.h"

namespace rollcall::entra {
namespace {

constexpr uint64_t kRequestIds = 300;  // stream of Guid::FromSeed

std::string TargetOf(const HttpRequest& request) {
  return request.query.empty() ? request.path
                               : absl::StrCat(request.path, "?", request.query);
}

bool IsNextDeltaPage(absl::string_view target) {
  const std::string lower = absl::AsciiStrToLower(target);
  return absl::StrContains(lower, "/delta") &&
         absl::StrContains(lower, "skiptoken=");
}

HttpResponse GatewayPage(int status) {
  return {.status = status,
          .content_type = "text/html",
          .body = absl::StrCat("<html><head><title>", status,
                               " Bad Gateway</title></head><body><h1>", status,
                               " Bad Gateway</h1></body></html>")};
}

}  // namespace

GraphFront::GraphFront(Graph& graph, Faults& faults, Manners& manners,
                       std::function<absl::Time()> now)
    : graph_(graph), faults_(faults), manners_(manners), now_(std::move(now)) {}

std::string GraphFront::NewRequestId() {
  return Guid::FromSeed(kRequestIds, kRequestIds, ++requests_).ToString();
}

std::optional<HttpResponse> GraphFront::FaultInstead(
    const HttpRequest& request, const std::string& target) {
  if (faults_.Strike(FaultKind::kCut, target)) {
    return HttpResponse{.break_after = 0};
  }
  if (const auto fault = faults_.Strike(FaultKind::kStatus, target)) {
    return StatusFaultResponse(*fault, request, now_());
  }
  if (const auto fault = faults_.Strike(FaultKind::kThrottled, target)) {
    return ThrottledFaultResponse(*fault, request, now_());
  }
  if (const auto fault = faults_.Strike(FaultKind::kGatewayError, target)) {
    return StatusFaultResponse({.status = fault->turn % 2 == 0 ? 504 : 500},
                               request, now_());
  }
  if (IsNextDeltaPage(target) && faults_.Strike(FaultKind::kPageLost, target)) {
    return StatusFaultResponse({.status = 404}, request, now_());
  }
  if (const auto fault = faults_.Strike(FaultKind::kHtml, target)) {
    return GatewayPage(fault->status == 0 ? 502 : fault->status);
  }
  return std::nullopt;
}

void GraphFront::Spoil(const std::string& target, HttpResponse& response) {
  if (const auto fault = faults_.Strike(FaultKind::kKeepBody, target)) {
    response.status = fault->status == 0 ? 400 : fault->status;
  }
  if (response.headers.contains("Content-Encoding") &&
      faults_.Strike(FaultKind::kBadGzip, target)) {
    for (size_t i = response.body.size() / 2; i < response.body.size(); ++i) {
      response.body[i] = static_cast<char>(~response.body[i]);
    }
    response.damaged = true;
  }
  if (faults_.Strike(FaultKind::kTruncate, target)) {
    response.break_after = response.body.size() / 2 + 1;
  }
}

HttpResponse GraphFront::Handle(HttpRequest request) {
  const Manners::InFlight in_flight = manners_.Arrives(request, now_());
  HttpResponse response = Answer(request);
  manners_.Answered(request, response, now_());
  return response;
}

HttpResponse GraphFront::Answer(HttpRequest& request) {
  const std::string target = TargetOf(request);
  const std::string request_id = NewRequestId();
  request.headers["request-id"] = request_id;
  request.headers.try_emplace("client-request-id", request_id);
  if (const auto fault = faults_.Strike(FaultKind::kLatency, target)) {
    absl::SleepFor(fault->delay);
  }
  std::optional<HttpResponse> instead = FaultInstead(request, target);
  HttpResponse response =
      instead ? *std::move(instead) : graph_.Handle(request);
  response.headers["request-id"] = request_id;
  response.headers["client-request-id"] =
      std::string(request.Header("client-request-id"));
  response.headers["Cache-Control"] = "no-cache";
  response.headers["Vary"] = "Accept-Encoding";
  response.headers["Strict-Transport-Security"] = "max-age=31536000";
  response.headers["Date"] = HttpDate(now_());
  response.headers["x-ms-ags-diagnostic"] =
      "{\"ServerInfo\":{\"DataCenter\":\"Local\",\"Slice\":\"E\",\"Ring\":"
      "\"5\",\"ScaleUnit\":\"000\",\"RoleInstance\":\"EMULATOR\"}}";
  Spoil(target, response);
  return response;
}

}  // namespace rollcall::entra
