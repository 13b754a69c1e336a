#include "tests/fakes/entra/graph_deleted.h"

#include <optional>

#include "absl/strings/match.h"
#include "tests/fakes/entra/collection.h"
#include "tests/fakes/entra/criteria.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/member_json.h"
#include "tests/fakes/entra/render.h"

namespace rollcall::entra {
namespace {

// Shows when an object was deleted, unless something else is selected.
absl::StatusOr<MemberProperties> ShownProperties(const GraphCall& call) {
  absl::StatusOr<MemberProperties> shown =
      MemberProperties::Parse(call.options);
  if (shown.ok() && !call.options.select.has_value()) {
    shown->user |= Bit(UserProperty::kDeletedDateTime);
  }
  return shown;
}

}  // namespace

absl::StatusOr<GraphReply> ListDeletedItems(const GraphContext& context,
                                            const GraphCall& call,
                                            absl::string_view cast) {
  const bool users = absl::EqualsIgnoreCase(cast, "microsoft.graph.user");
  if (!users && !absl::EqualsIgnoreCase(cast, "microsoft.graph.group")) {
    return UnsupportedQuery("Invalid search request.");
  }
  if (!(users ? call.permissions.users : call.permissions.groups)) {
    return AccessDenied();
  }
  const auto infos = users ? UserProperties() : GroupProperties();
  const absl::StatusOr<MemberProperties> properties = ShownProperties(call);
  if (!properties.ok()) return properties.status();
  const absl::StatusOr<Criteria> criteria = Criteria::Parse(call, infos);
  if (!criteria.ok()) return criteria.status();
  const ObjectKind kind = users ? ObjectKind::kUser : ObjectKind::kGroup;
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const auto ref = [kind](uint64_t index) {
          return ObjectRef(kind, static_cast<uint32_t>(index));
        };
        const auto is_listed = [&](uint64_t index) {
          return state.LifeOf(ref(index)) == Life::kSoftDeleted &&
                 criteria->Match([&](int property) {
                   return ReadObject(state, ref(index), property);
                 });
        };
        return ListObjects(context, call, state,
                           {.context = users ? "users" : "groups",
                            .kind = kind,
                            .order = criteria->order,
                            .is_listed = is_listed,
                            .write = [&](uint64_t index, JsonWriter& json) {
                              WriteMember(state, ref(index), *properties,
                                          call.permissions, false, json);
                            }});
      });
}

absl::StatusOr<GraphReply> GetDeletedItem(const GraphContext& context,
                                          const GraphCall& call,
                                          absl::string_view id) {
  if (!call.permissions.users && !call.permissions.groups) {
    return AccessDenied();
  }
  const absl::StatusOr<MemberProperties> properties = ShownProperties(call);
  if (!properties.ok()) return properties.status();
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const auto guid = Guid::Parse(id);
        const auto ref = guid ? state.Find(*guid) : std::nullopt;
        if (!ref || state.LifeOf(*ref) != Life::kSoftDeleted) {
          return ResourceNotFound(id);
        }
        const bool user = ref->kind() == ObjectKind::kUser;
        if (!(user ? call.permissions.users : call.permissions.groups)) {
          return AccessDenied();
        }
        GraphReply reply;
        JsonWriter json(reply.body);
        WriteMember(state, *ref, *properties, call.permissions, true, json);
        return reply;
      });
}

}  // namespace rollcall::entra
