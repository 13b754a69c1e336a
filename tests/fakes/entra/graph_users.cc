#include "tests/fakes/entra/graph_users.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/collection.h"
#include "tests/fakes/entra/criteria.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/render.h"

namespace rollcall::entra {
namespace {

absl::StatusOr<PropertySet> SelectedOfUsers(const GraphCall& call) {
  return Selected(call.options, UserProperties(), kDefaultUserProperties,
                  "user", UnknownNames::kRefuse);
}

void WriteDomains(const TenantState& state, JsonWriter& json) {
  json.BeginArray();
  for (const std::string* domain :
       {&state.initial_domain, &state.verified_domain}) {
    const bool initial = domain == &state.initial_domain;
    json.BeginObject()
        .Member("capabilities", "Email, OfficeCommunicationsOnline")
        .Key("isDefault")
        .Bool(!initial)
        .Key("isInitial")
        .Bool(initial)
        .Member("name", *domain)
        .Member("type", "Managed")
        .EndObject();
  }
  json.EndArray();
}

std::optional<ObjectRef> FindLive(const TenantState& state,
                                  absl::string_view user) {
  const auto id = Guid::Parse(user);
  const auto ref = id ? state.Find(*id) : state.FindUser(user);
  if (!ref || ref->kind() != ObjectKind::kUser || !state.IsLive(*ref)) {
    return std::nullopt;
  }
  return ref;
}

// By the fault of that name, a user is not found until it has settled.
bool IsTooNew(const GraphContext& context, const GraphCall& call,
              const User& user) {
  const auto late = context.faults.Strike(FaultKind::kLate, call.Target());
  return late.has_value() &&
         context.now() <
             absl::FromUnixSeconds(user.created_seconds) + late->delay;
}

// The only users that a filter by id or UPN can match, in order; nothing if
// it filters by something else, and all have to be looked at.
std::optional<std::vector<uint64_t>> Candidates(const TenantState& state,
                                                const Criteria& criteria) {
  if (!criteria.filter.has_value()) return std::nullopt;
  const Filter& filter = *criteria.filter;
  if (filter.op != Filter::Op::kEqual && filter.op != Filter::Op::kIn) {
    return std::nullopt;
  }
  const auto property = static_cast<UserProperty>(filter.property);
  if (property != UserProperty::kId &&
      property != UserProperty::kUserPrincipalName) {
    return std::nullopt;
  }
  std::vector<uint64_t> candidates;
  for (const FilterValue& value : filter.values) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr) continue;
    if (const auto ref = FindLive(state, *text)) {
      candidates.push_back(ref->index());
    }
  }
  std::sort(candidates.begin(), candidates.end());
  return candidates;
}

}  // namespace

absl::StatusOr<GraphReply> GetOrganization(const GraphContext& context,
                                           const GraphCall& call) {
  if (!call.permissions.organization) return AccessDenied();
  GraphReply reply;
  JsonWriter json(reply.body);
  json.BeginObject()
      .Member("@odata.context", context.MetadataUrl("organization"))
      .Key("value")
      .BeginArray()
      .BeginObject();
  const auto begin = [&](absl::string_view name) {
    const bool wanted = IsSelected(call.options, name);
    if (wanted) json.Key(name);
    return wanted;
  };
  context.tenant.Read([&](const TenantState& state) {
    if (begin("id")) json.String(context.tenant_id);
    if (begin("displayName")) json.String(state.name);
    if (begin("tenantType")) json.String("AAD");
    if (begin("countryLetterCode")) json.String("GB");
    if (begin("onPremisesSyncEnabled")) json.Bool(true);
    if (begin("verifiedDomains")) WriteDomains(state, json);
  });
  json.EndObject().EndArray().EndObject();
  return reply;
}

absl::StatusOr<GraphReply> ListUsers(const GraphContext& context,
                                     const GraphCall& call) {
  if (!call.permissions.users) return AccessDenied();
  const absl::StatusOr<PropertySet> selected = SelectedOfUsers(call);
  if (!selected.ok()) return selected.status();
  const absl::StatusOr<Criteria> criteria =
      Criteria::Parse(call, UserProperties());
  if (!criteria.ok()) return criteria.status();
  const std::string odata_context =
      absl::StrCat("users", SelectSuffix(call.options));
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const std::vector<User>& users = state.users();
        const auto is_listed = [&](uint64_t index) {
          const User& user = users[index];
          return user.life == Life::kLive &&
                 (criteria->empty() || criteria->Match([&user](int property) {
                   return ReadUser(user, property);
                 }));
        };
        const auto write = [&](uint64_t index, JsonWriter& json) {
          json.BeginObject();
          WriteUser(users[index], *selected, Nulls::kWrite, json);
          json.EndObject();
        };
        const auto candidates = Candidates(state, *criteria);
        if (!candidates.has_value() || criteria->order.has_value()) {
          return ListObjects(context, call, state,
                             {.context = odata_context,
                              .kind = ObjectKind::kUser,
                              .order = criteria->order,
                              .is_listed = is_listed,
                              .write = write});
        }
        const uint64_t end = users.size();
        return ListPage(context, call,
                        {.context = odata_context,
                         .end = end,
                         .next =
                             [&](uint64_t at) {
                               const auto it = std::lower_bound(
                                   candidates->begin(), candidates->end(), at);
                               return it == candidates->end() ? end : *it;
                             },
                         .write = write});
      });
}

absl::StatusOr<GraphReply> GetUser(const GraphContext& context,
                                   const GraphCall& call,
                                   absl::string_view user) {
  if (!call.permissions.users) return AccessDenied();
  const absl::StatusOr<PropertySet> selected = SelectedOfUsers(call);
  if (!selected.ok()) return selected.status();
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const auto ref = FindLive(state, user);
        if (!ref.has_value() || IsTooNew(context, call, state.user(*ref))) {
          return ResourceNotFound(user);
        }
        GraphReply reply;
        JsonWriter json(reply.body);
        json.BeginObject().Member(
            "@odata.context",
            context.MetadataUrl(
                absl::StrCat("users", SelectSuffix(call.options), "/$entity")));
        WriteUser(state.user(*ref), *selected, Nulls::kWrite, json);
        json.EndObject();
        return reply;
      });
}

}  // namespace rollcall::entra
