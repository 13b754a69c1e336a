#include "tests/fakes/entra/subscription.h"

#include <simdjson.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/json_writer.h"

namespace rollcall::entra {
namespace {

constexpr absl::Duration kLongestLife = absl::Minutes(41'760);
constexpr size_t kMaxClientState = 128;

absl::Status Invalid(absl::string_view message) {
  return GraphError(400, "InvalidRequest", message);
}

std::string Text(simdjson::dom::element json, const char* name) {
  std::string_view text;
  return json[name].get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

absl::StatusOr<absl::Time> ParseExpiration(simdjson::dom::element json,
                                           absl::Time now) {
  const std::string text = Text(json, "expirationDateTime");
  absl::Time expires;
  std::string problem;
  if (!absl::ParseTime(absl::RFC3339_full, text, &expires, &problem)) {
    return Invalid("The expirationDateTime is missing or no date and time.");
  }
  if (expires <= now) {
    return Invalid("Subscription expiration can't be in the past.");
  }
  if (expires > now + kLongestLife) {
    return GraphError(
        400, "ValidationError",
        "Subscription expiration can only be 41760 minutes in the future.");
  }
  return expires;
}

// An address that Graph would notify; in the clear only at this machine.
bool IsUrl(absl::string_view url) {
  return absl::StartsWith(url, "https://") ||
         absl::StartsWith(url, "http://localhost:") ||
         absl::StartsWith(url, "http://127.0.0.1:");
}

absl::Status ParseResource(Subscription& subscription) {
  const std::vector<absl::string_view> parts = absl::StrSplit(
      absl::StripPrefix(subscription.resource, "/"), '/', absl::SkipEmpty());
  const auto unsupported = [&subscription] {
    return Invalid(absl::StrCat("The resource '", subscription.resource,
                                "' does not support change notifications."));
  };
  if (parts.empty() || parts.size() > 3) return unsupported();
  if (absl::EqualsIgnoreCase(parts[0], "groups")) {
    subscription.kind = ObjectKind::kGroup;
  } else if (!absl::EqualsIgnoreCase(parts[0], "users")) {
    return unsupported();
  }
  if (parts.size() == 1) return absl::OkStatus();
  subscription.object = Guid::Parse(parts[1]);
  if (!subscription.object.has_value()) return unsupported();
  if (parts.size() == 2) return absl::OkStatus();
  subscription.members_only = absl::EqualsIgnoreCase(parts[2], "members");
  if (subscription.kind != ObjectKind::kGroup || !subscription.members_only) {
    return unsupported();
  }
  return absl::OkStatus();
}

absl::Status ParseChangeType(Subscription& subscription) {
  for (absl::string_view part : absl::StrSplit(subscription.change_type, ',')) {
    const absl::string_view type = absl::StripAsciiWhitespace(part);
    if (absl::EqualsIgnoreCase(type, "updated")) {
      subscription.updated = true;
    } else if (absl::EqualsIgnoreCase(type, "deleted")) {
      subscription.deleted = true;
    } else {
      return Invalid(absl::StrCat("The changeType '", type,
                                  "' is not supported for this resource."));
    }
  }
  return absl::OkStatus();
}

std::string Written(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

}  // namespace

bool Subscription::Wants(const Change& change, const Guid& changed) const {
  if (object.has_value() && *object != changed) return false;
  if (members_only && !change.member) return false;
  return IsDeletion(change) ? deleted : updated;
}

absl::StatusOr<Subscription> ParseSubscription(const std::string& json,
                                               absl::Time now) {
  simdjson::dom::parser parser;
  simdjson::dom::element body;
  if (parser.parse(json).get(body) != simdjson::SUCCESS || !body.is_object()) {
    return GraphError(400, "BadRequest",
                      "Unable to read JSON request payload.");
  }
  Subscription subscription{
      .resource = Text(body, "resource"),
      .change_type = Text(body, "changeType"),
      .notification_url = Text(body, "notificationUrl"),
      .lifecycle_url = Text(body, "lifecycleNotificationUrl"),
      .client_state = Text(body, "clientState")};
  const auto expires = ParseExpiration(body, now);
  if (!expires.ok()) return expires.status();
  subscription.expires = *expires;
  if (absl::Status status = ParseResource(subscription); !status.ok()) {
    return status;
  }
  if (absl::Status status = ParseChangeType(subscription); !status.ok()) {
    return status;
  }
  if (!IsUrl(subscription.notification_url) ||
      (!subscription.lifecycle_url.empty() &&
       !IsUrl(subscription.lifecycle_url))) {
    return Invalid("The notification URL has to be https.");
  }
  if (subscription.client_state.size() > kMaxClientState) {
    return Invalid("The clientState is longer than 128 characters.");
  }
  return subscription;
}

absl::StatusOr<absl::Time> ParseRenewal(const std::string& json,
                                        absl::Time now) {
  simdjson::dom::parser parser;
  simdjson::dom::element body;
  if (parser.parse(json).get(body) != simdjson::SUCCESS || !body.is_object()) {
    return GraphError(400, "BadRequest",
                      "Unable to read JSON request payload.");
  }
  return ParseExpiration(body, now);
}

std::string WriteSubscription(const Subscription& subscription,
                              absl::string_view client_id,
                              absl::string_view context_url) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  if (!context_url.empty()) json.Member("@odata.context", context_url);
  json.Member("id", subscription.id)
      .Member("resource", subscription.resource)
      .Member("applicationId", client_id)
      .Member("changeType", subscription.change_type);
  const auto text_or_null = [&json](absl::string_view name,
                                    absl::string_view text) {
    json.Key(name);
    text.empty() ? json.Null() : json.String(text);
  };
  text_or_null("clientState", subscription.client_state);
  json.Member("notificationUrl", subscription.notification_url);
  text_or_null("lifecycleNotificationUrl", subscription.lifecycle_url);
  json.Member("expirationDateTime", Written(subscription.expires))
      .Member("creatorId", client_id)
      .Member("latestSupportedTlsVersion", "v1_2")
      .EndObject();
  return out;
}

}  // namespace rollcall::entra
