// The requests of the control API about faults, time, notifications, and
// changes at random.

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/control.h"
#include "tests/fakes/entra/control_json.h"
#include "tests/fakes/entra/fault_catalogue.h"
#include "tests/fakes/entra/json_writer.h"

namespace rollcall::entra {
namespace {

constexpr int64_t kMostSteps = 100'000;

absl::Status NoSuchRequest() {
  return absl::UnimplementedError(
      "The control API has no such request; see its README.");
}

}  // namespace

Control::Body Control::SetFaults(const std::string& json) {
  const absl::StatusOr<JsonMembers> members = ParseMembers(json);
  if (!members.ok()) return members.status();
  for (const auto& [name, value] : *members) {
    double probability = 0;
    if (!absl::SimpleAtod(value, &probability)) {
      return absl::InvalidArgumentError(
          absl::StrCat("The probability of '", name, "' is no number."));
    }
    const absl::Status status = context_.faults.Set(name, probability);
    if (!status.ok()) return status;
  }
  return std::string("{}");
}

Control::Body Control::ListFaults() {
  const auto reports = context_.faults.Reports();
  std::string body;
  JsonWriter json(body);
  json.BeginObject().Key("faults").BeginArray();
  for (const CatalogueEntry& entry : FaultCatalogue()) {
    const auto it = reports.find(entry.kind);
    json.BeginObject()
        .Key("number")
        .Int(entry.number)
        .Member("name", entry.name)
        .Member("what", entry.what)
        .Key("probability")
        .Double(it == reports.end() ? 0 : it->second.probability)
        .Key("hits")
        .Int(it == reports.end() ? 0 : it->second.hits)
        .EndObject();
  }
  json.EndArray().EndObject();
  return body;
}

Control::Body Control::RouteTime(const HttpRequest& request) {
  if (request.method == "POST") {
    const absl::StatusOr<JsonMembers> members = ParseMembers(request.body);
    if (!members.ok()) return members.status();
    const auto it = members->find("advance");
    absl::Duration by;
    if (it == members->end() || !absl::ParseDuration(it->second, &by) ||
        by < absl::ZeroDuration()) {
      return absl::InvalidArgumentError(
          "'advance' is missing, or no duration like 15m or 192h.");
    }
    context_.advance_time(by);
  } else if (request.method != "GET") {
    return NoSuchRequest();
  }
  std::string body;
  JsonWriter(body)
      .BeginObject()
      .Member("now", absl::FormatTime(context_.now(), absl::UTCTimeZone()))
      .EndObject();
  return body;
}

Control::Body Control::RouteSubscriptions(const HttpRequest& request,
                                          const Segments& path) {
  if (request.method != "POST") return NoSuchRequest();
  if (path.size() == 2 && path[1] == "deliver") {
    const int taken = context_.notifier.RunOnce(context_.now());
    std::string body;
    JsonWriter(body)
        .BeginObject()
        .Key("taken")
        .Int(taken)
        .Key("waiting")
        .Int(context_.notifier.waiting())
        .EndObject();
    return body;
  }
  if (path.size() == 3 && path[2] == "lifecycle") {
    absl::StatusOr<JsonMembers> members = ParseMembers(request.body);
    if (!members.ok()) return members.status();
    const absl::Status status = context_.notifier.Announce(
        path[1], (*members)["event"], context_.now());
    if (!status.ok()) return status;
    return std::string("{}");
  }
  return NoSuchRequest();
}

Control::Body Control::RandomSteps(const Parameters& query) {
  uint64_t seed = 1;
  int64_t steps = 1;
  const absl::string_view seed_text = Find(query, "seed");
  const absl::string_view steps_text = Find(query, "steps");
  if ((!seed_text.empty() && !absl::SimpleAtoi(seed_text, &seed)) ||
      (!steps_text.empty() && !absl::SimpleAtoi(steps_text, &steps)) ||
      steps < 0 || steps > kMostSteps) {
    return absl::InvalidArgumentError(
        "'seed' or 'steps' is no number, or there are too many steps.");
  }
  TimelineOptions options;
  for (const auto& [name, value] : query) {
    if (name != "keep") continue;
    const auto group = context_.tenant.FindGroup(value);
    if (!group) {
      return absl::NotFoundError(absl::StrCat("No group '", value, "'."));
    }
    options.keep_groups.push_back(group->id);
  }
  absl::MutexLock lock(&mutex_);
  RandomTimeline& timeline =
      timelines_.try_emplace(seed, context_.tenant, seed, std::move(options))
          .first->second;
  std::string body;
  JsonWriter json(body);
  json.BeginObject().Key("steps").BeginArray();
  for (int64_t i = 0; i < steps; ++i) json.String(timeline.Step());
  json.EndArray().EndObject();
  return body;
}

bool Control::ChangeDeltaSetting(const std::string& name,
                                 const std::string& value) {
  if (value == "true" || value == "false") {
    const bool on = value == "true";
    if (name == "security_group_soft_delete") {
      context_.tenant.SetSecurityGroupSoftDelete(on);
    } else if (name == "delta_every_step") {
      context_.delta.Edit([on](DeltaSettings& s) { s.every_step = on; });
    } else if (name == "delta_select_beside_token") {
      context_.delta.Edit(
          [on](DeltaSettings& s) { s.select_beside_token = on; });
    } else {
      return false;
    }
    return true;
  }
  int64_t number = 0;
  if (!absl::SimpleAtoi(value, &number) || number < 0) return false;
  if (name == "delta_page_size" && number > 0) {
    context_.delta.Edit([number](DeltaSettings& s) { s.page_size = number; });
  } else if (name == "delta_slice_size" && number > 0) {
    context_.delta.Edit([number](DeltaSettings& s) { s.slice_size = number; });
  } else if (name == "delta_lag_ms") {
    context_.delta.Edit(
        [number](DeltaSettings& s) { s.lag = absl::Milliseconds(number); });
  } else if (name == "delta_token_life_ms") {
    context_.delta.Edit([number](DeltaSettings& s) {
      s.token_life = absl::Milliseconds(number);
    });
  } else if (name == "get_by_ids_page_size") {
    context_.knobs.get_by_ids_page_size = number;
  } else if (name == "subscription_quota") {
    context_.subscriptions.SetQuota(number);
  } else if (name == "notification_timeout_ms" && number > 0) {
    context_.subscriptions.SetPatience(absl::Milliseconds(number));
  } else {
    return false;
  }
  return true;
}

}  // namespace rollcall::entra
