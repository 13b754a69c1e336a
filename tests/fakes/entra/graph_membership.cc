#include "tests/fakes/entra/graph_membership.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "tests/fakes/entra/closure.h"
#include "tests/fakes/entra/collection.h"
#include "tests/fakes/entra/criteria.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/member_json.h"
#include "tests/fakes/entra/render.h"
#include "tests/fakes/entra/request_body.h"

namespace rollcall::entra {
namespace {

constexpr size_t kMaxGroupIds = 20;
constexpr size_t kMaxMemberGroups = 11'000;
constexpr char kGroupCast[] = "microsoft.graph.group";
constexpr char kRoleCast[] = "microsoft.graph.directoryRole";

absl::StatusOr<ObjectRef> NeedMember(const TenantState& state,
                                     const Member& member) {
  const auto id = Guid::Parse(member.name);
  if (!id && member.kind != ObjectKind::kUser) {
    return InvalidIdentifier(member.name);
  }
  const auto ref = id ? state.Find(*id) : state.FindUser(member.name);
  if (!ref || ref->kind() != member.kind || !state.IsLive(*ref)) {
    return ResourceNotFound(member.name);
  }
  return *ref;
}

enum class Depth { kDirect, kTransitive };

// The groups of a member that the token may know of, sorted.
absl::StatusOr<std::vector<ObjectRef>> GroupsOf(const GraphCall& call,
                                                const TenantState& state,
                                                const Member& member,
                                                Depth depth) {
  const absl::StatusOr<ObjectRef> ref = NeedMember(state, member);
  if (!ref.ok()) return ref.status();
  std::vector<ObjectRef> groups = depth == Depth::kDirect
                                      ? DirectMemberOf(state, *ref)
                                      : TransitiveMemberOf(state, *ref);
  std::erase_if(groups, [&](ObjectRef group) {
    return state.group(group).hidden_membership &&
           !call.permissions.hidden_members;
  });
  return groups;
}

// One user in a hundred may read the directory by a role, which belongs to
// the list like a group.
constexpr uint32_t kUsersOfRole = 100;

bool HasRole(const TenantState& state, const Member& member) {
  const absl::StatusOr<ObjectRef> ref = NeedMember(state, member);
  return ref.ok() && ref->kind() == ObjectKind::kUser &&
         ref->index() % kUsersOfRole == 0;
}

void WriteRole(const GraphCall& call, bool typed, JsonWriter& json) {
  json.BeginObject();
  if (typed) json.Member("@odata.type", "#microsoft.graph.directoryRole");
  constexpr std::pair<absl::string_view, absl::string_view> kRole[] = {
      {"id", "7be4c4c2-3b0c-4d28-9a61-0c5b2f1f6d10"},
      {"displayName", "Directory Readers"},
      {"description", "Can read basic directory information."},
      {"roleTemplateId", "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"}};
  for (const auto& [name, value] : kRole) {
    if (!IsSelected(call.options, name)) continue;
    json.Key(name);
    name == "id" || call.permissions.others ? json.String(value) : json.Null();
  }
  json.EndObject();
}

absl::StatusOr<GraphReply> ListOf(const GraphContext& context,
                                  const GraphCall& call, const Member& member,
                                  absl::string_view cast, Depth depth) {
  if (!call.permissions.groups) return AccessDenied();
  const bool only_groups = absl::EqualsIgnoreCase(cast, kGroupCast);
  const bool only_roles = absl::EqualsIgnoreCase(cast, kRoleCast);
  if (!cast.empty() && !only_groups && !only_roles) {
    return UnsupportedQuery("Invalid search request.");
  }
  const absl::StatusOr<MemberProperties> properties =
      MemberProperties::Parse(call.options);
  if (!properties.ok()) return properties.status();
  const absl::StatusOr<Criteria> criteria =
      Criteria::ParseForRelation(call, GroupProperties());
  if (!criteria.ok()) return criteria.status();
  if (criteria->order.has_value()) {
    return UnsupportedQuery("Sorting not supported for current query.");
  }
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        auto groups = GroupsOf(call, state, member, depth);
        if (!groups.ok()) return groups.status();
        std::erase_if(*groups, [&](ObjectRef group) {
          return only_roles || !criteria->Match([&](int property) {
            return ReadGroup(state, state.group(group), property);
          });
        });
        // The role comes last, at the position behind all groups.
        const uint64_t role = state.groups().size();
        const bool has_role =
            !only_groups && criteria->empty() && HasRole(state, member);
        const auto next = [&](uint64_t at) {
          const auto it = std::lower_bound(
              groups->begin(), groups->end(),
              ObjectRef(ObjectKind::kGroup, static_cast<uint32_t>(at)));
          if (it != groups->end()) return uint64_t{it->index()};
          return has_role && at <= role ? role : role + 1;
        };
        const auto write = [&](uint64_t at, JsonWriter& json) {
          if (at == role) return WriteRole(call, cast.empty(), json);
          const ObjectRef group(ObjectKind::kGroup, static_cast<uint32_t>(at));
          WriteMember(state, group, *properties, call.permissions, cast.empty(),
                      json);
        };
        return ListPage(context, call,
                        {.context = "directoryObjects",
                         .end = role + 1,
                         .next = next,
                         .write = write});
      });
}

GraphReply ListOfIds(const GraphContext& context,
                     const std::vector<std::string>& ids) {
  GraphReply reply;
  JsonWriter json(reply.body);
  json.BeginObject()
      .Member("@odata.context", context.MetadataUrl("Collection(Edm.String)"))
      .Key("value")
      .BeginArray();
  for (const std::string& id : ids) json.String(id);
  json.EndArray().EndObject();
  return reply;
}

}  // namespace

absl::StatusOr<GraphReply> ListMemberOf(const GraphContext& context,
                                        const GraphCall& call,
                                        const Member& member,
                                        absl::string_view cast) {
  return ListOf(context, call, member, cast, Depth::kDirect);
}

absl::StatusOr<GraphReply> ListTransitiveMemberOf(const GraphContext& context,
                                                  const GraphCall& call,
                                                  const Member& member,
                                                  absl::string_view cast) {
  return ListOf(context, call, member, cast, Depth::kTransitive);
}

absl::StatusOr<GraphReply> CheckMemberGroups(const GraphContext& context,
                                             const GraphCall& call,
                                             const Member& member) {
  if (!call.permissions.groups) return AccessDenied();
  const auto wanted = TextsOfBody(call.request.body, "groupIds");
  if (!wanted.ok()) return wanted.status();
  if (!wanted->has_value()) {
    return BadRequest("The property 'groupIds' is missing.");
  }
  if ((*wanted)->size() > kMaxGroupIds) {
    return BadRequest("Number of included identifiers cannot exceed '20'.");
  }
  absl::flat_hash_set<Guid> ids;
  for (const std::string& text : **wanted) {
    const auto id = Guid::Parse(text);
    if (!id.has_value()) return InvalidIdentifier(text);
    ids.insert(*id);
  }
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const auto groups = GroupsOf(call, state, member, Depth::kTransitive);
        if (!groups.ok()) return groups.status();
        std::vector<std::string> found;
        for (ObjectRef group : *groups) {
          const Guid id = state.IdOf(group);
          if (ids.contains(id)) found.push_back(id.ToString());
        }
        return ListOfIds(context, found);
      });
}

absl::StatusOr<GraphReply> GetMemberGroups(const GraphContext& context,
                                           const GraphCall& call,
                                           const Member& member) {
  if (!call.permissions.groups) return AccessDenied();
  const absl::StatusOr<bool> security_only =
      FlagOfBody(call.request.body, "securityEnabledOnly");
  if (!security_only.ok()) return security_only.status();
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const auto groups = GroupsOf(call, state, member, Depth::kTransitive);
        if (!groups.ok()) return groups.status();
        std::vector<std::string> ids;
        for (ObjectRef group : *groups) {
          const bool security =
              state.group(group).type != GroupType::kMicrosoft365;
          if (security || !*security_only) {
            ids.push_back(state.IdOf(group).ToString());
          }
        }
        if (ids.size() > kMaxMemberGroups) {
          return GraphError(400, "Directory_ResultSizeLimitExceeded",
                            "The result size limit was exceeded.");
        }
        return ListOfIds(context, ids);
      });
}

}  // namespace rollcall::entra
