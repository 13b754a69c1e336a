#include "tests/fakes/entra/graph_groups.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/fakes/entra/collection.h"
#include "tests/fakes/entra/criteria.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/member_json.h"
#include "tests/fakes/entra/render.h"

namespace rollcall::entra {
namespace {

std::string ContextOf(const QueryOptions& options, absl::string_view end = "") {
  const std::string selected =
      options.select
          ? absl::StrCat("(", absl::StrJoin(*options.select, ","), ")")
          : "";
  return absl::StrCat("groups", selected, end);
}

absl::StatusOr<PropertySet> SelectedOfGroups(const GraphCall& call) {
  return Selected(call.options, GroupProperties(), kDefaultGroupProperties,
                  "group", UnknownNames::kRefuse);
}

absl::StatusOr<ObjectRef> NeedGroup(const GraphContext& context,
                                    const GraphCall& call,
                                    const TenantState& state,
                                    absl::string_view id) {
  const auto guid = Guid::Parse(id);
  if (!guid.has_value()) {
    return BadRequest(absl::StrCat("Invalid object identifier '", id, "'."));
  }
  const auto ref = state.Find(*guid);
  if (!ref || ref->kind() != ObjectKind::kGroup || !state.IsLive(*ref) ||
      context.faults.StrikesName(FaultKind::kGroupNotFound, call.Target(), id,
                                 state.group(*ref).display_name)) {
    return ResourceNotFound(id);
  }
  return *ref;
}

// Which kinds of members a request lists.
struct Kinds {
  bool all = true;  // of those that v1.0 shows
  ObjectKind only = ObjectKind::kUser;
  bool service_principals = false;

  bool Has(ObjectKind kind) const {
    if (!all) return kind == only;
    return kind != ObjectKind::kServicePrincipal || service_principals;
  }
};

absl::StatusOr<Kinds> ParseKinds(const GraphContext& context,
                                 const GraphCall& call,
                                 absl::string_view cast) {
  if (cast.empty()) {
    return Kinds{
        .service_principals =
            context.faults
                .Strike(FaultKind::kShowServicePrincipals, call.Target())
                .has_value()};
  }
  for (int i = 0; i < kObjectKinds; ++i) {
    const auto kind = static_cast<ObjectKind>(i);
    if (absl::EqualsIgnoreCase(ODataType(kind).substr(1), cast)) {
      return Kinds{.all = false, .only = kind};
    }
  }
  return UnsupportedQuery("Invalid search request.");
}

// A group whose membership is hidden looks empty without the permission.
bool IsHidden(const Group& group, const GraphCall& call) {
  return group.hidden_membership && !call.permissions.hidden_members;
}

// Both kinds of lists: `members` are at positions, removed ones are nothing.
absl::StatusOr<GraphReply> ListOf(const GraphContext& context,
                                  const GraphCall& call,
                                  const TenantState& state, const Kinds& kinds,
                                  absl::Span<const ObjectRef> members) {
  const absl::StatusOr<MemberProperties> properties =
      MemberProperties::Parse(call.options);
  if (!properties.ok()) return properties.status();
  const uint64_t end = members.size();
  const auto is_listed = [&](uint64_t at) {
    const ObjectRef member = members[at];
    return member && kinds.Has(member.kind()) && state.IsLive(member);
  };
  return ListPage(context, call,
                  {.context = "directoryObjects",
                   .end = end,
                   .next = NextWhere(end, is_listed),
                   .write = [&](uint64_t at, JsonWriter& json) {
                     WriteMember(state, members[at], *properties,
                                 call.permissions, kinds.all, json);
                   }});
}

// Like ListOf, for members that are sorted: the position is the member itself,
// so that changes between two pages move nothing.
absl::StatusOr<GraphReply> ListOfSorted(const GraphContext& context,
                                        const GraphCall& call,
                                        const TenantState& state,
                                        const Kinds& kinds,
                                        absl::Span<const ObjectRef> members) {
  const absl::StatusOr<MemberProperties> properties =
      MemberProperties::Parse(call.options);
  if (!properties.ok()) return properties.status();
  constexpr uint64_t kEnd = uint64_t{1} << 32;
  const auto next = [&](uint64_t at) {
    auto it = std::lower_bound(
        members.begin(), members.end(), at,
        [](ObjectRef member, uint64_t raw) { return member.raw() < raw; });
    while (it != members.end() && !kinds.Has(it->kind())) ++it;
    return it == members.end() ? kEnd : it->raw();
  };
  return ListPage(context, call,
                  {.context = "directoryObjects",
                   .end = kEnd,
                   .next = next,
                   .write = [&](uint64_t at, JsonWriter& json) {
                     WriteMember(
                         state, ObjectRef::FromRaw(static_cast<uint32_t>(at)),
                         *properties, call.permissions, kinds.all, json);
                   }});
}

}  // namespace

absl::StatusOr<GraphReply> ListGroups(const GraphContext& context,
                                      const GraphCall& call) {
  if (!call.permissions.groups) return AccessDenied();
  const absl::StatusOr<PropertySet> selected = SelectedOfGroups(call);
  if (!selected.ok()) return selected.status();
  const absl::StatusOr<Criteria> criteria =
      Criteria::Parse(call, GroupProperties());
  if (!criteria.ok()) return criteria.status();
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const std::vector<Group>& groups = state.groups();
        const auto is_listed = [&](uint64_t at) {
          const Group& group = groups[at];
          return group.life == Life::kLive &&
                 criteria->Match([&](int property) {
                   return ReadGroup(state, group, property);
                 });
        };
        return ListPage(context, call,
                        {.context = ContextOf(call.options),
                         .end = groups.size(),
                         .next = NextWhere(groups.size(), is_listed),
                         .write = [&](uint64_t at, JsonWriter& json) {
                           json.BeginObject();
                           WriteGroup(state, groups[at], *selected,
                                      Nulls::kWrite, json);
                           json.EndObject();
                         }});
      });
}

absl::StatusOr<GraphReply> GetGroup(const GraphContext& context,
                                    const GraphCall& call,
                                    absl::string_view id) {
  if (!call.permissions.groups) return AccessDenied();
  const absl::StatusOr<PropertySet> selected = SelectedOfGroups(call);
  if (!selected.ok()) return selected.status();
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const absl::StatusOr<ObjectRef> ref =
            NeedGroup(context, call, state, id);
        if (!ref.ok()) return ref.status();
        GraphReply reply;
        JsonWriter json(reply.body);
        json.BeginObject().Member(
            "@odata.context",
            context.MetadataUrl(ContextOf(call.options, "/$entity")));
        WriteGroup(state, state.group(*ref), *selected, Nulls::kWrite, json);
        json.EndObject();
        return reply;
      });
}

absl::StatusOr<GraphReply> ListMembers(const GraphContext& context,
                                       const GraphCall& call,
                                       absl::string_view id,
                                       absl::string_view cast) {
  if (!call.permissions.groups) return AccessDenied();
  const absl::StatusOr<Kinds> kinds = ParseKinds(context, call, cast);
  if (!kinds.ok()) return kinds.status();
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const absl::StatusOr<ObjectRef> ref =
            NeedGroup(context, call, state, id);
        if (!ref.ok()) return ref.status();
        const Group& group = state.group(*ref);
        return ListOf(context, call, state, *kinds,
                      IsHidden(group, call) ? absl::Span<const ObjectRef>()
                                            : group.members);
      });
}

absl::StatusOr<GraphReply> ListTransitiveMembers(const GraphContext& context,
                                                 const GraphCall& call,
                                                 absl::string_view id,
                                                 absl::string_view cast) {
  if (!call.permissions.groups) return AccessDenied();
  const absl::StatusOr<Kinds> kinds = ParseKinds(context, call, cast);
  if (!kinds.ok()) return kinds.status();
  if (!kinds->all && kinds->only == ObjectKind::kGroup && !call.advanced()) {
    return UnsupportedQuery("Invalid search request.");
  }
  if (call.options.filter.has_value() && !call.advanced()) {
    return UnsupportedQuery(
        "The specified filter to the reference property query is currently "
        "not supported.");
  }
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const absl::StatusOr<ObjectRef> ref =
            NeedGroup(context, call, state, id);
        if (!ref.ok()) return ref.status();
        if (IsHidden(state.group(*ref), call)) {
          return ListOfSorted(context, call, state, *kinds, {});
        }
        const auto members = context.closures.TransitiveMembers(state, *ref);
        return ListOfSorted(context, call, state, *kinds, *members);
      });
}

}  // namespace rollcall::entra
