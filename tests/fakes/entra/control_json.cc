#include "tests/fakes/entra/control_json.h"

#include <simdjson.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/fault_catalogue.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/render.h"

namespace rollcall::entra {
namespace {

absl::Status Unknown(absl::string_view name) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", name, "' is unknown, or its value is of no use."));
}

constexpr std::pair<absl::string_view, std::optional<std::string> UserFields::*>
    kUserTexts[] = {
        {"userPrincipalName", &UserFields::user_principal_name},
        {"displayName", &UserFields::display_name},
        {"givenName", &UserFields::given_name},
        {"surname", &UserFields::surname},
        {"mail", &UserFields::mail},
        {"mobilePhone", &UserFields::mobile_phone},
        {"businessPhone", &UserFields::business_phone},
        {"jobTitle", &UserFields::job_title},
        {"officeLocation", &UserFields::office_location},
        {"preferredLanguage", &UserFields::preferred_language},
};

bool SetUserField(const std::string& name, const std::string& value,
                  UserFields& fields) {
  for (const auto& [known, field] : kUserTexts) {
    if (name != known) continue;
    fields.*field = value;
    return true;
  }
  if (name == "accountEnabled") {
    fields.enabled = value == "true";
    return true;
  }
  if (name == "userType") {
    fields.guest = value == "Guest";
    return true;
  }
  return false;
}

bool SetFaultField(const std::string& name, const std::string& value,
                   Fault& fault) {
  if (name == "probability") {
    return absl::SimpleAtod(value, &fault.probability);
  }
  if (name == "after") return absl::SimpleAtoi(value, &fault.after);
  if (name == "times") return absl::SimpleAtoi(value, &fault.times);
  if (name == "status") return absl::SimpleAtoi(value, &fault.status);
  if (name == "limit") return absl::SimpleAtoi(value, &fault.limit);
  if (name == "delay_ms") {
    double ms = 0;
    if (!absl::SimpleAtod(value, &ms)) return false;
    fault.delay = absl::Milliseconds(ms);
    return true;
  }
  if (name == "path") fault.path = value;
  if (name == "code") fault.code = value;
  if (name == "message") fault.message = value;
  if (name == "retry_after") fault.retry_after = value;
  if (name == "name") fault.name = value;
  return name == "path" || name == "code" || name == "message" ||
         name == "retry_after" || name == "name";
}

}  // namespace

absl::StatusOr<JsonMembers> ParseMembers(const std::string& json) {
  JsonMembers members;
  if (json.empty()) return members;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json).get(object) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError("The body is no JSON object.");
  }
  for (const auto& [key, value] : object) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) {
      members[std::string(key)] = std::string(text);
    } else {
      members[std::string(key)] =
          value.is_null() ? "" : simdjson::minify(value);
    }
  }
  return members;
}

absl::StatusOr<UserFields> ParseUserFields(const std::string& json) {
  const absl::StatusOr<JsonMembers> members = ParseMembers(json);
  if (!members.ok()) return members.status();
  UserFields fields;
  for (const auto& [name, value] : *members) {
    if (!SetUserField(name, value, fields)) return Unknown(name);
  }
  return fields;
}

absl::StatusOr<Fault> ParseFault(const std::string& json) {
  const absl::StatusOr<JsonMembers> members = ParseMembers(json);
  if (!members.ok()) return members.status();
  Fault fault;
  bool has_kind = false;
  for (const auto& [name, value] : *members) {
    if (name == "kind") {
      const absl::StatusOr<FaultKind> kind = ParseFaultKind(value);
      if (!kind.ok()) return kind.status();
      fault.kind = *kind;
      has_kind = true;
    } else if (!SetFaultField(name, value, fault)) {
      return Unknown(name);
    }
  }
  if (!has_kind) return absl::InvalidArgumentError("A fault needs a 'kind'.");
  return fault;
}

std::string WriteExpected(const TenantState& state, const ExpectedView& view,
                          bool full) {
  std::string body;
  JsonWriter json(body);
  json.BeginObject();
  const std::pair<absl::string_view, int64_t> counts[] = {
      {"users", static_cast<int64_t>(view.users.size())},
      {"groups", view.groups},
      {"enabled", view.enabled},
      {"disabled", view.disabled},
      {"guests", view.guests},
      {"without_mail", view.without_mail},
      {"with_phone_data", view.with_phone_data},
      {"mail_eligible", view.mail_eligible},
      {"memberships", view.memberships}};
  for (const auto& [name, count] : counts) json.Key(name).Int(count);
  json.Key("ignored_members")
      .BeginObject()
      .Key("devices")
      .Int(view.devices)
      .Key("contacts")
      .Int(view.contacts)
      .Key("service_principals")
      .Int(view.service_principals)
      .EndObject();
  json.Key("deleted").Int(static_cast<int64_t>(view.deleted.size()));
  json.Key("hidden_groups").Int(view.hidden_groups);
  if (full) {
    constexpr PropertySet kShown =
        Bit(UserProperty::kId) | Bit(UserProperty::kUserPrincipalName) |
        Bit(UserProperty::kDisplayName) | Bit(UserProperty::kMail) |
        Bit(UserProperty::kAccountEnabled) |
        Bit(UserProperty::kBusinessPhones) | Bit(UserProperty::kMobilePhone) |
        Bit(UserProperty::kUserType);
    json.Key("view").BeginArray();
    for (const ExpectedUser& user : view.users) {
      json.BeginObject();
      WriteUser(state.user(user.user), kShown, Nulls::kWrite, json);
      json.Key("groups").BeginArray();
      for (const Guid& group : user.groups) json.String(group.ToString());
      json.EndArray().EndObject();
    }
    json.EndArray().Key("deleted_users").BeginArray();
    for (const Guid& user : view.deleted) json.String(user.ToString());
    json.EndArray();
  }
  json.EndObject();
  return body;
}

}  // namespace rollcall::entra
