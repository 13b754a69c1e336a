#include "tests/fakes/entra/graph_objects.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/member_json.h"
#include "tests/fakes/entra/render.h"
#include "tests/fakes/entra/request_body.h"

namespace rollcall::entra {
namespace {

constexpr size_t kMaxIds = 1000;

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

}  // namespace

absl::StatusOr<GraphReply> GetByIds(const GraphContext& context,
                                    const GraphCall& call) {
  const Permissions& may = call.permissions;
  if (!may.users && !may.groups && !may.others) return AccessDenied();
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
            return InvalidIdentifier(text);
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

}  // namespace rollcall::entra
