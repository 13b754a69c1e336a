#include "tests/fakes/entra/graph_objects.h"

#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/closure.h"
#include "tests/fakes/entra/collection.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/member_json.h"
#include "tests/fakes/entra/render.h"

namespace rollcall::entra {
namespace {

constexpr size_t kMaxIds = 1000;
constexpr size_t kMaxGroupIds = 20;

// The texts of an array in the body; nothing if there is no such array.
absl::StatusOr<std::optional<std::vector<std::string>>> TextsOfBody(
    const std::string& body, const char* name) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body).get(object) != simdjson::SUCCESS) {
    return GraphError(400, "BadRequest",
                      "Unable to read JSON request payload. Please ensure "
                      "Content-Type header is set and payload is of valid "
                      "JSON format.");
  }
  simdjson::dom::array array;
  if (object[name].get(array) != simdjson::SUCCESS) {
    return std::optional<std::vector<std::string>>();
  }
  std::vector<std::string> texts;
  for (simdjson::dom::element element : array) {
    std::string_view text;
    if (element.get(text) != simdjson::SUCCESS) {
      return GraphError(
          400, "BadRequest",
          absl::StrCat("The value of '", name, "' is no array of strings."));
    }
    texts.emplace_back(text);
  }
  return std::optional(std::move(texts));
}

// Whether a type of the request, such as "user", names this kind.
bool HasType(const std::optional<std::vector<std::string>>& types,
             ObjectKind kind) {
  if (!types.has_value()) return true;
  const absl::string_view name =
      ODataType(kind).substr(std::string("#microsoft.graph.").size());
  return std::any_of(types->begin(), types->end(),
                     [name](const std::string& type) {
                       return absl::EqualsIgnoreCase(type, name) ||
                              absl::EqualsIgnoreCase(type, "directoryObject");
                     });
}

absl::StatusOr<ObjectRef> NeedUser(const TenantState& state,
                                   absl::string_view user) {
  const auto id = Guid::Parse(user);
  const auto ref = id ? state.Find(*id) : state.FindUser(user);
  if (!ref || ref->kind() != ObjectKind::kUser || !state.IsLive(*ref)) {
    return ResourceNotFound(user);
  }
  return *ref;
}

// The groups of a user that the token may know of.
absl::StatusOr<std::vector<ObjectRef>> GroupsOf(const GraphCall& call,
                                                const TenantState& state,
                                                absl::string_view user) {
  const absl::StatusOr<ObjectRef> ref = NeedUser(state, user);
  if (!ref.ok()) return ref.status();
  std::vector<ObjectRef> groups = TransitiveMemberOf(state, *ref);
  std::erase_if(groups, [&](ObjectRef group) {
    return state.group(group).hidden_membership &&
           !call.permissions.hidden_members;
  });
  return groups;
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

absl::StatusOr<GraphReply> GetByIds(const GraphContext& context,
                                    const GraphCall& call) {
  const auto ids = TextsOfBody(call.request.body, "ids");
  if (!ids.ok()) return ids.status();
  if (!ids->has_value()) return BadRequest("The property 'ids' is missing.");
  if ((*ids)->size() > kMaxIds) {
    return BadRequest("Number of included identifiers cannot exceed '1000'.");
  }
  const auto types = TextsOfBody(call.request.body, "types");
  if (!types.ok()) return types.status();
  const absl::StatusOr<MemberProperties> properties =
      MemberProperties::Parse(call.options);
  if (!properties.ok()) return properties.status();

  GraphReply reply;
  reply.body.reserve((*ids)->size() * 300);
  JsonWriter json(reply.body);
  json.BeginObject()
      .Member("@odata.context", context.MetadataUrl("directoryObjects"))
      .Key("value")
      .BeginArray();
  absl::flat_hash_set<ObjectRef> written;
  const absl::Status status =
      context.tenant.Read([&](const TenantState& state) {
        for (const std::string& text : **ids) {
          const auto id = Guid::Parse(text);
          if (!id.has_value()) {
            return BadRequest(
                absl::StrCat("Invalid object identifier '", text, "'."));
          }
          const auto ref = state.Find(*id);
          if (!ref || !state.IsLive(*ref) || !HasType(*types, ref->kind()) ||
              !written.insert(*ref).second) {
            continue;
          }
          WriteMember(state, *ref, *properties, call.permissions, true, json);
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  json.EndArray().EndObject();
  return reply;
}

absl::StatusOr<GraphReply> ListTransitiveMemberOf(const GraphContext& context,
                                                  const GraphCall& call,
                                                  absl::string_view user,
                                                  absl::string_view cast) {
  if (!call.permissions.groups) return AccessDenied();
  if (!cast.empty() && !absl::EqualsIgnoreCase(cast, "microsoft.graph.group")) {
    return UnsupportedQuery("Invalid search request.");
  }
  const absl::StatusOr<MemberProperties> properties =
      MemberProperties::Parse(call.options);
  if (!properties.ok()) return properties.status();
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const auto groups = GroupsOf(call, state, user);
        if (!groups.ok()) return groups.status();
        const uint64_t end = state.groups().size();
        const auto is_listed = [&](uint64_t at) {
          return std::binary_search(
              groups->begin(), groups->end(),
              ObjectRef(ObjectKind::kGroup, static_cast<uint32_t>(at)));
        };
        return ListPage(
            context, call,
            {.context = "directoryObjects",
             .end = end,
             .next = NextWhere(end, is_listed),
             .write = [&](uint64_t at, JsonWriter& json) {
               WriteMember(
                   state,
                   ObjectRef(ObjectKind::kGroup, static_cast<uint32_t>(at)),
                   *properties, call.permissions, cast.empty(), json);
             }});
      });
}

absl::StatusOr<GraphReply> CheckMemberGroups(const GraphContext& context,
                                             const GraphCall& call,
                                             absl::string_view user) {
  if (!call.permissions.groups) return AccessDenied();
  const auto wanted = TextsOfBody(call.request.body, "groupIds");
  if (!wanted.ok()) return wanted.status();
  if (!wanted->has_value()) {
    return BadRequest("The property 'groupIds' is missing.");
  }
  if ((*wanted)->size() > kMaxGroupIds) {
    return BadRequest("Number of included identifiers cannot exceed '20'.");
  }
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const auto groups = GroupsOf(call, state, user);
        if (!groups.ok()) return groups.status();
        std::vector<std::string> found;
        for (ObjectRef group : *groups) {
          const std::string id = state.IdOf(group).ToString();
          if (std::any_of((*wanted)->begin(), (*wanted)->end(),
                          [&id](const std::string& text) {
                            return absl::EqualsIgnoreCase(text, id);
                          })) {
            found.push_back(id);
          }
        }
        return ListOfIds(context, found);
      });
}

absl::StatusOr<GraphReply> GetMemberGroups(const GraphContext& context,
                                           const GraphCall& call,
                                           absl::string_view user) {
  if (!call.permissions.groups) return AccessDenied();
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const auto groups = GroupsOf(call, state, user);
        if (!groups.ok()) return groups.status();
        std::vector<std::string> ids;
        for (ObjectRef group : *groups) {
          ids.push_back(state.IdOf(group).ToString());
        }
        return ListOfIds(context, ids);
      });
}

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
  const absl::StatusOr<MemberProperties> properties =
      MemberProperties::Parse(call.options);
  if (!properties.ok()) return properties.status();
  const ObjectKind kind = users ? ObjectKind::kUser : ObjectKind::kGroup;
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const uint64_t end =
            users ? state.users().size() : state.groups().size();
        const auto ref = [kind](uint64_t at) {
          return ObjectRef(kind, static_cast<uint32_t>(at));
        };
        const auto is_listed = [&](uint64_t at) {
          return state.LifeOf(ref(at)) == Life::kSoftDeleted;
        };
        return ListPage(context, call,
                        {.context = users ? "users" : "groups",
                         .end = end,
                         .next = NextWhere(end, is_listed),
                         .write = [&](uint64_t at, JsonWriter& json) {
                           WriteMember(state, ref(at), *properties,
                                       call.permissions, false, json);
                         }});
      });
}

absl::StatusOr<GraphReply> GetDeletedItem(const GraphContext& context,
                                          const GraphCall& call,
                                          absl::string_view id) {
  const absl::StatusOr<MemberProperties> properties =
      MemberProperties::Parse(call.options);
  if (!properties.ok()) return properties.status();
  return context.tenant.Read(
      [&](const TenantState& state) -> absl::StatusOr<GraphReply> {
        const auto guid = Guid::Parse(id);
        const auto ref = guid ? state.Find(*guid) : std::nullopt;
        if (!ref || state.LifeOf(*ref) != Life::kSoftDeleted) {
          return ResourceNotFound(id);
        }
        MemberProperties shown = *properties;
        shown.user |= Bit(UserProperty::kDeletedDateTime);
        GraphReply reply;
        JsonWriter json(reply.body);
        WriteMember(state, *ref, shown, call.permissions, true, json);
        return reply;
      });
}

}  // namespace rollcall::entra
