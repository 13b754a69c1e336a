#include "tests/fakes/entra/graph_groups.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/collection.h"
#include "tests/fakes/entra/criteria.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/member_json.h"
#include "tests/fakes/entra/render.h"

namespace rollcall::entra {
namespace {

absl::StatusOr<PropertySet> SelectedOfGroups(const GraphCall& call) {
  return Selected(call.options, GroupProperties(), kDefaultGroupProperties,
                  "group", UnknownNames::kRefuse);
}

// $expand shows only the first few, and no link to the others.
constexpr size_t kExpanded = 20;

bool ExpandsMembers(const QueryOptions& options) {
  return options.expand.has_value() &&
         absl::StartsWithIgnoreCase(*options.expand, "members");
}

void WriteExpandedMembers(const GraphCall& call, const TenantState& state,
                          const Group& group, JsonWriter& json) {
  json.Key("members").BeginArray();
  size_t written = 0;
  for (ObjectRef member : group.members) {
    if (written == kExpanded || IsHidden(group, call)) break;
    if (!member || !state.IsLive(member)) continue;
    WriteMember(
        state, member,
        {.user = kDefaultUserProperties, .group = kDefaultGroupProperties},
        call.permissions, true, json);
    ++written;
  }
  json.EndArray();
}

}  // namespace

absl::StatusOr<ObjectRef> NeedGroup(const GraphContext& context,
                                    const GraphCall& call,
                                    const TenantState& state,
                                    absl::string_view id) {
  const auto guid = Guid::Parse(id);
  if (!guid.has_value()) {
    return InvalidIdentifier(id);
  }
  const auto ref = state.Find(*guid);
  if (!ref || ref->kind() != ObjectKind::kGroup || !state.IsLive(*ref) ||
      context.faults.StrikesName(FaultKind::kGroupNotFound, call.Target(), id,
                                 state.group(*ref).display_name)) {
    return ResourceNotFound(id);
  }
  return *ref;
}

bool IsHidden(const Group& group, const GraphCall& call) {
  return group.hidden_membership && !call.permissions.hidden_members;
}

absl::StatusOr<GraphReply> ListGroups(const GraphContext& context,
                                      const GraphCall& call) {
  if (!call.permissions.groups) return AccessDenied();
  const absl::StatusOr<PropertySet> selected = SelectedOfGroups(call);
  if (!selected.ok()) return selected.status();
  const absl::StatusOr<Criteria> criteria =
      Criteria::Parse(call, GroupProperties());
  if (!criteria.ok()) return criteria.status();
  const std::string odata_context =
      absl::StrCat("groups", SelectSuffix(call.options));
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const std::vector<Group>& groups = state.groups();
        const auto is_listed = [&](uint64_t index) {
          const Group& group = groups[index];
          return group.life == Life::kLive &&
                 criteria->Match([&](int property) {
                   return ReadGroup(state, group, property);
                 });
        };
        return ListObjects(context, call, state,
                           {.context = odata_context,
                            .kind = ObjectKind::kGroup,
                            .order = criteria->order,
                            .is_listed = is_listed,
                            .write = [&](uint64_t index, JsonWriter& json) {
                              json.BeginObject();
                              WriteGroup(state, groups[index], *selected,
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
            context.MetadataUrl(absl::StrCat(
                "groups", SelectSuffix(call.options), "/$entity")));
        const Group& group = state.group(*ref);
        WriteGroup(state, group, *selected, Nulls::kWrite, json);
        if (ExpandsMembers(call.options)) {
          WriteExpandedMembers(call, state, group, json);
        }
        json.EndObject();
        return reply;
      });
}

}  // namespace rollcall::entra
