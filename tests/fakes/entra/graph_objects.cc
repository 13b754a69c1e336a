#include "tests/fakes/entra/graph_objects.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/link_origin.h"
#include "tests/fakes/entra/member_json.h"
#include "tests/fakes/entra/render.h"
#include "tests/fakes/entra/request_body.h"

namespace rollcall::entra {
namespace {

constexpr size_t kMaxIds = 1000;
constexpr uint64_t kIdTokens = 3;  // the kind of these tokens

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

absl::Status CheckMay(const Permissions& may) {
  return may.users || may.groups || may.others ? absl::OkStatus()
                                               : AccessDenied();
}

// The objects that a request asks for, in order, each once.
absl::StatusOr<std::vector<ObjectRef>> Wanted(const GraphContext& context,
                                              const GraphCall& call) {
  const auto ids = TextsOfBody(call.request.body, "ids");
  if (!ids.ok()) return ids.status();
  if (!ids->has_value()) return BadRequest("The property 'ids' is missing.");
  if ((*ids)->size() > kMaxIds) {
    return BadRequest("Number of included identifiers cannot exceed '1000'.");
  }
  const auto types = TextsOfBody(call.request.body, "types");
  if (!types.ok()) return types.status();
  std::vector<ObjectRef> wanted;
  const absl::Status status =
      context.tenant.Read([&](const TenantState& state) {
        for (const std::string& text : **ids) {
          const auto id = Guid::Parse(text);
          if (!id.has_value()) return InvalidIdentifier(text);
          const auto ref = state.Find(*id);
          if (ref && HasType(*types, ref->kind())) wanted.push_back(*ref);
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  return wanted;
}

// A token holds the objects of all pages to come, each as the distance from
// the one before: a thousand ids would be longer than a URL may be.
std::string SealRest(const GraphContext& context,
                     absl::Span<const ObjectRef> rest) {
  PageToken token{.numbers = {kIdTokens}};
  uint32_t before = 0;
  for (ObjectRef ref : rest) {
    token.numbers.push_back(ref.raw() - before);
    before = ref.raw();
  }
  return context.sealer.Seal(token);
}

absl::StatusOr<std::vector<ObjectRef>> OpenRest(const GraphContext& context,
                                                const GraphCall& call) {
  if (!call.options.skip_token.has_value()) {
    return BadRequest("The link of a next page has a $skiptoken.");
  }
  if (context.faults.Strike(FaultKind::kExpiredSkipToken, call.Target())) {
    return ExpiredPageToken();
  }
  const auto token = context.sealer.Open(*call.options.skip_token);
  if (!token || token->numbers.empty() || token->numbers[0] != kIdTokens) {
    return ExpiredPageToken();
  }
  std::vector<ObjectRef> rest;
  uint32_t raw = 0;
  for (size_t i = 1; i < token->numbers.size(); ++i) {
    raw += static_cast<uint32_t>(token->numbers[i]);
    rest.push_back(ObjectRef::FromRaw(raw));
  }
  return rest;
}

std::string NextLink(const GraphContext& context, const GraphCall& call,
                     absl::Span<const ObjectRef> rest) {
  const std::string& options = call.options.for_next_link;
  return absl::StrCat(LinkOrigin(context.faults, context.origin, call.Target()),
                      call.request.path, "?", options,
                      options.empty() ? "" : "&",
                      "$skiptoken=", SealRest(context, rest));
}

}  // namespace

absl::StatusOr<GraphReply> GetByIds(const GraphContext& context,
                                    const GraphCall& call) {
  if (absl::Status status = CheckMay(call.permissions); !status.ok()) {
    return status;
  }
  const absl::StatusOr<MemberProperties> properties =
      MemberProperties::Parse(call.options);
  if (!properties.ok()) return properties.status();
  const absl::StatusOr<std::vector<ObjectRef>> wanted =
      call.request.method == "GET" ? OpenRest(context, call)
                                   : Wanted(context, call);
  if (!wanted.ok()) return wanted.status();
  const int64_t limit = context.knobs.get_by_ids_page_size;
  const size_t size = limit > 0
                          ? std::min(wanted->size(), static_cast<size_t>(limit))
                          : wanted->size();
  const auto page = absl::MakeConstSpan(*wanted).first(size);

  GraphReply reply;
  reply.body.reserve(size * 300);
  JsonWriter json(reply.body);
  json.BeginObject().Member("@odata.context",
                            context.MetadataUrl("directoryObjects"));
  if (size < wanted->size()) {
    json.Member(
        "@odata.nextLink",
        NextLink(context, call, absl::MakeConstSpan(*wanted).subspan(size)));
  }
  json.Key("value").BeginArray();
  context.tenant.Read([&](const TenantState& state) {
    for (ObjectRef ref : page) {
      if (!state.IsLive(ref)) continue;
      WriteMember(state, ref, *properties, call.permissions, true, json);
    }
  });
  json.EndArray().EndObject();
  return reply;
}

}  // namespace rollcall::entra
