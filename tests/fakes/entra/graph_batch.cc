#include "tests/fakes/entra/graph_batch.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/fakes/entra/graph.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/json_writer.h"

namespace rollcall::entra {
namespace {

constexpr size_t kMaxItems = 20;
constexpr int kFailedDependency = 424;

struct Item {
  std::string id;
  HttpRequest request;
  std::vector<std::string> depends_on;
};

std::string Text(simdjson::dom::element json, const char* name) {
  std::string_view text;
  return json[name].get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

absl::StatusOr<Item> ParseItem(const HttpRequest& batch,
                               simdjson::dom::element json) {
  Item item{.id = Text(json, "id")};
  item.request.method = Text(json, "method");
  const std::string url = Text(json, "url");
  if (item.id.empty() || item.request.method.empty() || url.empty()) {
    return BadRequest(
        "Invalid batch payload format: each request needs id, method and "
        "url.");
  }
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(url, absl::MaxSplits('?', 1));
  item.request.path =
      absl::StrCat("/v1.0/", absl::StripPrefix(parts.first, "/"));
  item.request.query = std::string(parts.second);
  simdjson::dom::object headers;
  if (json["headers"].get(headers) == simdjson::SUCCESS) {
    for (const auto& [name, value] : headers) {
      std::string_view text;
      if (value.get(text) != simdjson::SUCCESS) continue;
      item.request.headers[absl::AsciiStrToLower(std::string(name))] =
          std::string(text);
    }
  }
  for (const char* name : {"client-request-id", "request-id"}) {
    item.request.headers.try_emplace(name, batch.Header(name));
  }
  simdjson::dom::element body;
  if (json["body"].get(body) == simdjson::SUCCESS) {
    if (!item.request.headers.contains("content-type")) {
      return BadRequest(
          absl::StrCat("Write request id : ", item.id,
                       " does not contain Content-Type header or body."));
    }
    item.request.body = simdjson::minify(body);
  }
  simdjson::dom::array depends_on;
  if (json["dependsOn"].get(depends_on) == simdjson::SUCCESS) {
    for (simdjson::dom::element id : depends_on) {
      std::string_view text;
      if (id.get(text) == simdjson::SUCCESS) {
        item.depends_on.emplace_back(text);
      }
    }
  }
  return item;
}

absl::StatusOr<std::vector<Item>> ParseItems(const HttpRequest& batch) {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  simdjson::dom::array requests;
  if (parser.parse(batch.body).get(json) != simdjson::SUCCESS ||
      json["requests"].get(requests) != simdjson::SUCCESS) {
    return BadRequest("Invalid batch payload format.");
  }
  std::vector<Item> items;
  absl::flat_hash_map<std::string, bool> ids;
  for (simdjson::dom::element request : requests) {
    absl::StatusOr<Item> item = ParseItem(batch, request);
    if (!item.ok()) return item.status();
    if (!ids.try_emplace(absl::AsciiStrToLower(item->id), true).second) {
      return BadRequest(absl::StrCat("Request Id ", item->id,
                                     " has to be unique in a batch."));
    }
    items.push_back(*std::move(item));
  }
  if (items.size() > kMaxItems) {
    return BadRequest(absl::StrCat(
        "Number of batch request steps exceeds the maximum value of ",
        kMaxItems, "."));
  }
  return items;
}

void WriteResponse(const std::string& id, const HttpResponse& response,
                   JsonWriter& json) {
  json.BeginObject()
      .Member("id", id)
      .Key("status")
      .Int(response.status)
      .Key("headers")
      .BeginObject();
  for (const auto& [name, value] : response.headers) json.Member(name, value);
  if (!response.body.empty()) {
    json.Member("Content-Type", response.content_type);
  }
  json.EndObject();
  if (!response.body.empty()) json.Key("body").Raw(response.body);
  json.EndObject();
}

HttpResponse FailedDependency() {
  return {.status = kFailedDependency,
          .body =
              "{\"error\":{\"code\":\"FailedDependency\",\"message\":"
              "\"A request that this one depends on has failed.\"}}"};
}

}  // namespace

HttpResponse ThrottledFaultResponse(const Fault& fault,
                                    const HttpRequest& request,
                                    absl::Time now) {
  constexpr absl::string_view kWaits[] = {"", "0.25", "1"};
  const auto turn = static_cast<size_t>(fault.turn) % (std::size(kWaits) + 1);
  Fault throttled{.status = 429};
  throttled.retry_after =
      turn < std::size(kWaits)
          ? std::string(kWaits[turn])
          : absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT",
                             now + absl::Seconds(1), absl::UTCTimeZone());
  return StatusFaultResponse(throttled, request, now);
}

absl::StatusOr<std::string> RunBatch(
    const HttpRequest& batch,
    absl::FunctionRef<HttpResponse(const HttpRequest& item)> answer) {
  const absl::StatusOr<std::vector<Item>> items = ParseItems(batch);
  if (!items.ok()) return items.status();
  absl::flat_hash_map<std::string, int> statuses;
  std::vector<std::string> written;
  for (const Item& item : *items) {
    const bool blocked =
        std::any_of(item.depends_on.begin(), item.depends_on.end(),
                    [&statuses](const std::string& id) {
                      const auto it = statuses.find(id);
                      return it == statuses.end() || it->second >= 400;
                    });
    const HttpResponse response =
        blocked ? FailedDependency() : answer(item.request);
    statuses[item.id] = response.status;
    JsonWriter json(written.emplace_back());
    WriteResponse(item.id, response, json);
  }
  // Answers may come in any order; the reverse makes clients mind the ids.
  std::string body;
  JsonWriter json(body);
  json.BeginObject().Key("responses").BeginArray();
  for (auto it = written.rbegin(); it != written.rend(); ++it) json.Raw(*it);
  json.EndArray().EndObject();
  return body;
}

HttpResponse StatusFaultResponse(const Fault& fault, const HttpRequest& request,
                                 absl::Time now) {
  HttpResponse response{.status = fault.status == 0 ? 503 : fault.status};
  absl::string_view code = fault.code;
  absl::string_view message = fault.message;
  if (code.empty()) {
    code = response.status == 429   ? "TooManyRequests"
           : response.status == 503 ? "serviceNotAvailable"
                                    : "UnknownError";
    if (message.empty() && code != "UnknownError") {
      message = "Please retry again later.";
    }
  }
  response.body = GraphErrorBody(code, message, request, now);
  if (!fault.retry_after.empty()) {
    response.headers["Retry-After"] = fault.retry_after;
  }
  return response;
}

}  // namespace rollcall::entra
