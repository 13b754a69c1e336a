#include "tests/fakes/entra/graph_batch.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/fakes/entra/graph.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/retry_after.h"

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
  if (absl::StrContains(parts.first, "://")) {
    return BadRequest(
        absl::StrCat("Invalid request URL '", url, "': it must be relative."));
  }
  simdjson::dom::object headers;
  if (json["headers"].get(headers) == simdjson::SUCCESS) {
    for (const auto& [name, value] : headers) {
      std::string_view text;
      if (value.get(text) != simdjson::SUCCESS) continue;
      item.request.headers[absl::AsciiStrToLower(std::string(name))] =
          std::string(text);
    }
  }
  // An answer inside another one is never compressed by itself.
  item.request.headers.erase("accept-encoding");
  for (const char* name : {"client-request-id", "request-id"}) {
    item.request.headers.try_emplace(name, batch.Header(name));
  }
  simdjson::dom::element body;
  const bool has_body = json["body"].get(body) == simdjson::SUCCESS;
  const bool has_type = item.request.headers.contains("content-type");
  const bool needs_both =
      item.request.method != "GET" && item.request.method != "DELETE";
  if ((has_body && !has_type) || (needs_both && !(has_body && has_type))) {
    return BadRequest(
        absl::StrCat("Write request id : ", item.id,
                     " does not contain Content-Type header or body."));
  }
  if (has_body) item.request.body = simdjson::minify(body);
  simdjson::dom::array depends_on;
  if (json["dependsOn"].get(depends_on) == simdjson::SUCCESS) {
    for (simdjson::dom::element id : depends_on) {
      std::string_view text;
      if (id.get(text) == simdjson::SUCCESS) {
        item.depends_on.push_back(absl::AsciiStrToLower(std::string(text)));
      }
    }
  }
  return item;
}

// Every item behind those that it depends on.
absl::StatusOr<std::vector<Item>> InOrder(std::vector<Item> items) {
  std::vector<Item> ordered;
  absl::flat_hash_set<std::string> done;
  while (!items.empty()) {
    const auto ready =
        std::find_if(items.begin(), items.end(), [&done](const Item& item) {
          return std::all_of(
              item.depends_on.begin(), item.depends_on.end(),
              [&done](const std::string& id) { return done.contains(id); });
        });
    if (ready == items.end()) {
      return BadRequest("The requests of the batch depend on each other.");
    }
    done.insert(absl::AsciiStrToLower(ready->id));
    ordered.push_back(std::move(*ready));
    items.erase(ready);
  }
  return ordered;
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
  absl::flat_hash_set<std::string> ids;
  for (simdjson::dom::element request : requests) {
    absl::StatusOr<Item> item = ParseItem(batch, request);
    if (!item.ok()) return item.status();
    if (!ids.insert(absl::AsciiStrToLower(item->id)).second) {
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
  for (const Item& item : items) {
    for (const std::string& id : item.depends_on) {
      if (ids.contains(id)) continue;
      return BadRequest(absl::StrCat(
          "Request Id ", item.id, " depends on the unknown request ", id, "."));
    }
  }
  return InOrder(std::move(items));
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
  throttled.retry_after = turn < std::size(kWaits)
                              ? std::string(kWaits[turn])
                              : HttpDate(now + absl::Seconds(1));
  return StatusFaultResponse(throttled, request, now);
}

absl::StatusOr<std::string> RunBatch(
    const HttpRequest& batch,
    absl::FunctionRef<std::optional<HttpResponse>(const HttpRequest& item)>
        answer) {
  const absl::StatusOr<std::vector<Item>> items = ParseItems(batch);
  if (!items.ok()) return items.status();
  absl::flat_hash_map<std::string, int> statuses;  // by id in lower case
  std::vector<std::string> written;
  for (const Item& item : *items) {
    const bool blocked = std::any_of(
        item.depends_on.begin(), item.depends_on.end(),
        [&statuses](const std::string& id) { return statuses[id] >= 400; });
    const std::optional<HttpResponse> response =
        blocked ? FailedDependency() : answer(item.request);
    statuses[absl::AsciiStrToLower(item.id)] =
        response.has_value() ? response->status : kFailedDependency;
    if (!response.has_value()) continue;
    JsonWriter json(written.emplace_back());
    WriteResponse(item.id, *response, json);
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
