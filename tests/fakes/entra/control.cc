#include "tests/fakes/entra/control.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/entra/control_json.h"
#include "tests/fakes/entra/expected.h"
#include "tests/fakes/entra/fault_catalogue.h"
#include "tests/fakes/entra/json_writer.h"

namespace rollcall::entra {
namespace {

constexpr char kDone[] = "{}";

absl::StatusOr<std::string> Done(const absl::Status& status) {
  if (!status.ok()) return status;
  return std::string(kDone);
}

absl::StatusOr<std::string> IdBody(const absl::StatusOr<std::string>& id) {
  if (!id.ok()) return id.status();
  std::string body;
  JsonWriter(body).BeginObject().Member("id", *id).EndObject();
  return body;
}

absl::Status NoSuchRequest() {
  return absl::UnimplementedError(
      "The control API has no such request; see its README.");
}

int HttpStatus(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
      return 409;
    case absl::StatusCode::kUnimplemented:
      return 405;
    default:
      return 400;
  }
}

}  // namespace

HttpResponse Control::Handle(const HttpRequest& request) {
  Segments path;
  for (absl::string_view segment :
       absl::StrSplit(request.path, '/', absl::SkipEmpty())) {
    path.push_back(DecodePath(segment));
  }
  // For those who would rather say /control/faults.
  if (path.size() > 1 && path[0] == "control") path.erase(path.begin());
  Body body = Route(request, path);
  if (body.ok()) return {.body = *std::move(body)};
  HttpResponse response{.status = HttpStatus(body.status())};
  JsonWriter(response.body)
      .BeginObject()
      .Member("error", body.status().message())
      .EndObject();
  return response;
}

Control::Body Control::Route(const HttpRequest& request, const Segments& path) {
  const std::string& root = path.empty() ? request.method : path[0];
  if (root == "expected") return Expected(ParseQuery(request.query));
  if (root == "stats") return GetStats();
  if (root == "manners" && request.method == "DELETE") {
    context_.manners.Forget();
    return std::string(kDone);
  }
  if (root == "manners") return GetManners();
  if (root == "users") return RouteUsers(request, path);
  if (root == "groups") return RouteGroups(request, path);
  if (root == "faults") return RouteFaults(request, path);
  if (root == "time") return RouteTime(request);
  if (root == "subscriptions" || root == "notifications") {
    return RouteSubscriptions(request, path);
  }
  if (root == "random" && request.method == "POST") {
    return RandomSteps(ParseQuery(request.query));
  }
  if (root == "settings" && request.method == "POST") {
    return ChangeSettings(request.body);
  }
  return NoSuchRequest();
}

Control::Body Control::Expected(const Parameters& query) {
  return context_.tenant.Read([&](const TenantState& state) -> Body {
    std::vector<ObjectRef> groups;
    for (const auto& [name, value] : query) {
      if (name != "group" && name != "group_id") continue;
      const auto id = Guid::Parse(value);
      const auto group = id ? state.Find(*id) : state.FindGroup(value);
      if (!group || group->kind() != ObjectKind::kGroup) {
        return absl::NotFoundError(absl::StrCat("No group '", value, "'."));
      }
      groups.push_back(*group);
    }
    const ExpectedOptions options{
        .guests = Find(query, "guests") != "excluded",
        .hidden_members = Find(query, "hidden") != "excluded"};
    return WriteExpected(state, Flatten(state, groups, options),
                         Find(query, "view") == "full");
  });
}

Control::Body Control::GetStats() {
  std::string body;
  JsonWriter json(body);
  const Stats& stats = context_.stats;
  json.BeginObject()
      .Key("requests")
      .Int(stats.graph_requests + stats.login_requests)
      .Key("graph_requests")
      .Int(stats.graph_requests)
      .Key("login_requests")
      .Int(stats.login_requests)
      .Key("bytes_sent")
      .Int(stats.bytes_sent)
      .Key("resource_units")
      .Int(context_.budget.total())
      .Key("faults")
      .BeginObject();
  const auto reports = context_.faults.Reports();
  for (const CatalogueEntry& entry : FaultCatalogue()) {
    const auto it = reports.find(entry.kind);
    if (it == reports.end() || it->second.hits == 0) continue;
    json.Key(entry.name).Int(it->second.hits);
  }
  json.EndObject();
  context_.tenant.Read([&json](const TenantState& state) {
    json.Key("users").Int(static_cast<int64_t>(state.users().size()));
    json.Key("groups").Int(static_cast<int64_t>(state.groups().size()));
  });
  json.EndObject();
  return body;
}

Control::Body Control::GetManners() {
  std::string body;
  JsonWriter json(body);
  json.BeginObject().Key("broken").BeginArray();
  for (const std::string& sentence : context_.manners.Sentences()) {
    json.String(sentence);
  }
  json.EndArray().Key("counts").BeginObject();
  for (int i = 0; i < static_cast<int>(BadManner::kCount); ++i) {
    const auto manner = static_cast<BadManner>(i);
    json.Key(MannerName(manner)).Int(context_.manners.CountOf(manner));
  }
  json.EndObject().EndObject();
  return body;
}

Control::Body Control::RouteUsers(const HttpRequest& request,
                                  const Segments& path) {
  Tenant& tenant = context_.tenant;
  if (path.size() == 1 && request.method == "POST") {
    const absl::StatusOr<UserFields> fields = ParseUserFields(request.body);
    if (!fields.ok()) return fields.status();
    return IdBody(tenant.AddUser(*fields));
  }
  if (path.size() == 2 && path[1] == "swap" && request.method == "POST") {
    absl::StatusOr<JsonMembers> members = ParseMembers(request.body);
    if (!members.ok()) return members.status();
    return Done(tenant.SwapUpns((*members)["one"], (*members)["other"]));
  }
  if (path.size() == 2 && request.method == "PATCH") {
    const absl::StatusOr<UserFields> fields = ParseUserFields(request.body);
    if (!fields.ok()) return fields.status();
    return Done(tenant.UpdateUser(path[1], *fields));
  }
  if (path.size() == 3 && request.method == "POST") {
    const std::string& user = path[1];
    const std::string& action = path[2];
    if (action == "enable") return Done(tenant.EnableUser(user));
    if (action == "disable") return Done(tenant.DisableUser(user));
    if (action == "delete") return Done(tenant.DeleteUser(user));
    if (action == "restore") return Done(tenant.RestoreUser(user));
    if (action == "purge") return Done(tenant.PurgeUser(user));
  }
  return NoSuchRequest();
}

Control::Body Control::RouteGroups(const HttpRequest& request,
                                   const Segments& path) {
  Tenant& tenant = context_.tenant;
  const absl::StatusOr<JsonMembers> members = ParseMembers(request.body);
  if (!members.ok()) return members.status();
  const auto text = [&members](absl::string_view name) {
    const auto it = members->find(name);
    return it == members->end() ? std::string() : it->second;
  };
  if (path.size() == 1 && request.method == "POST") {
    const std::string type = text("type");
    return IdBody(tenant.AddGroup(
        text("displayName"), type == "microsoft365" ? GroupType::kMicrosoft365
                             : type == "mail"       ? GroupType::kMailSecurity
                                                    : GroupType::kSecurity));
  }
  if (path.size() == 2 && request.method == "PATCH") {
    if (members->contains("hiddenMembership")) {
      const absl::Status status = tenant.SetHiddenMembership(
          path[1], text("hiddenMembership") == "true");
      if (!status.ok()) return status;
    }
    if (!members->contains("displayName")) return std::string(kDone);
    return Done(tenant.RenameGroup(path[1], text("displayName")));
  }
  if (path.size() == 3 && request.method == "POST") {
    if (path[2] == "members") {
      return Done(tenant.AddMember(path[1], text("member")));
    }
    if (path[2] == "delete") return Done(tenant.DeleteGroup(path[1]));
    if (path[2] == "restore") return Done(tenant.RestoreGroup(path[1]));
    if (path[2] == "purge") return Done(tenant.PurgeGroup(path[1]));
  }
  if (path.size() == 4 && request.method == "DELETE" && path[2] == "members") {
    return Done(tenant.RemoveMember(path[1], path[3]));
  }
  return NoSuchRequest();
}

Control::Body Control::RouteFaults(const HttpRequest& request,
                                   const Segments& path) {
  if (path.size() == 1 && request.method == "POST") {
    absl::StatusOr<Fault> fault = ParseFault(request.body);
    if (!fault.ok()) return fault.status();
    std::string body;
    JsonWriter(body)
        .BeginObject()
        .Key("number")
        .Int(context_.faults.Add(*std::move(fault)))
        .EndObject();
    return body;
  }
  if (path.size() == 1 && request.method == "GET") return ListFaults();
  if (path.size() == 1 && request.method == "PUT") {
    return SetFaults(request.body);
  }
  if (path.size() == 1 && request.method == "DELETE") {
    context_.faults.Clear();
    return std::string(kDone);
  }
  int64_t number = 0;
  if (path.size() == 2 && request.method == "DELETE" &&
      absl::SimpleAtoi(path[1], &number)) {
    if (!context_.faults.Remove(number)) {
      return absl::NotFoundError(absl::StrCat("No fault ", number, "."));
    }
    return std::string(kDone);
  }
  return NoSuchRequest();
}

Control::Body Control::ChangeSettings(const std::string& json) {
  const absl::StatusOr<JsonMembers> members = ParseMembers(json);
  if (!members.ok()) return members.status();
  for (const auto& [name, value] : *members) {
    int64_t number = 0;
    const bool is_number = absl::SimpleAtoi(value, &number);
    if (name == "throttle_limit" && is_number) {
      context_.budget.SetLimit(number);
    } else if (name == "throttle_limit" && value == "tenant") {
      context_.budget.SetLimit(
          context_.tenant.Read([](const TenantState& state) {
            return UnitsOfTenant(static_cast<int64_t>(state.users().size()));
          }));
    } else if (name == "application_throttle_limit" &&
               (is_number || value == "documented")) {
      context_.budget.SetApplicationLimit(is_number ? number
                                                    : kUnitsOfApplication);
    } else if (name == "request_limit" &&
               (is_number || value == "documented")) {
      context_.budget.SetRequestLimit(is_number ? number
                                                : kRequestsOfApplication);
    } else if (name == "retry_after" && ParseRetryAfterForm(value)) {
      context_.knobs.retry_after_form = *ParseRetryAfterForm(value);
    } else if (name == "skip_token_form" &&
               (value == "base64" || value == "hexadecimal")) {
      context_.knobs.skip_token_form = value == "base64"
                                           ? SkipTokenForm::kBase64
                                           : SkipTokenForm::kHexadecimal;
    } else if (name == "repeat_headers" &&
               (value == "true" || value == "false")) {
      context_.knobs.repeat_headers = value == "true";
    } else if (name == "revoke_tokens" && value == "true") {
      context_.knobs.revoked_before = absl::ToUnixMicros(context_.now());
    } else if (name == "fault_seed" && is_number) {
      context_.faults.Reseed(static_cast<uint64_t>(number));
    } else if (name == "consent_delay_ms" && is_number) {
      context_.set_consent_delay(absl::Milliseconds(number));
    } else if (name == "consent" && value == "granted") {
      context_.application.Grant(context_.now());
    } else if (name == "consent" && value == "revoked") {
      context_.application.Revoke();
    } else if (name == "forget_delta_links" && value == "true") {
      context_.forget_delta_links();
    } else if (name == "add_secret") {
      context_.application.AddSecret(value);
    } else if (name == "expire_secret") {
      context_.application.ExpireSecret(value);
    } else if (name == "add_certificate") {
      const absl::Status status = context_.application.AddCertificate(value);
      if (!status.ok()) return status;
    } else if (name == "faults") {
      if (const Body set = SetFaults(value); !set.ok()) return set.status();
    } else if (!ChangeDeltaSetting(name, value)) {
      return absl::InvalidArgumentError(
          absl::StrCat("No setting '", name, "' with this value."));
    }
  }
  return std::string(kDone);
}

}  // namespace rollcall::entra
