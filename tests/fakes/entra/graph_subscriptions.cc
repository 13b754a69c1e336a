#include "tests/fakes/entra/graph_subscriptions.h"

#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/json_writer.h"
#include "tests/fakes/entra/subscriptions.h"

namespace rollcall::entra {
namespace {

constexpr int kCreated = 201;
constexpr int kNoContent = 204;

std::string Written(const GraphContext& context,
                    const Subscription& subscription) {
  return WriteSubscription(subscription, context.client_id,
                           context.MetadataUrl("subscriptions/$entity"));
}

absl::StatusOr<GraphReply> Create(const GraphContext& context,
                                  const GraphCall& call) {
  const absl::Time now = context.now();
  auto subscription = ParseSubscription(call.request.body, now);
  if (!subscription.ok()) return subscription.status();
  const bool users = subscription->kind == ObjectKind::kUser;
  if (!(users ? call.permissions.users : call.permissions.groups)) {
    return AccessDenied();
  }
  // What changes while the receiver is asked is told, too.
  subscription->since = context.tenant.Read([users](const TenantState& state) {
    return users ? state.user_changes().size() : state.group_changes().size();
  });
  const auto created =
      context.subscriptions.Create(*std::move(subscription), now);
  if (!created.ok()) return created.status();
  return GraphReply{.status = kCreated, .body = Written(context, *created)};
}

GraphReply List(const GraphContext& context) {
  GraphReply reply;
  JsonWriter json(reply.body);
  json.BeginObject()
      .Member("@odata.context", context.MetadataUrl("subscriptions"))
      .Key("value")
      .BeginArray();
  for (const Subscription& subscription :
       context.subscriptions.List(context.now())) {
    json.Raw(WriteSubscription(subscription, context.client_id, ""));
  }
  json.EndArray().EndObject();
  return reply;
}

absl::StatusOr<GraphReply> Get(const GraphContext& context,
                               const std::string& id) {
  const auto found = context.subscriptions.Find(id, context.now());
  if (!found.has_value()) return ResourceNotFound(id);
  return GraphReply{.body = Written(context, *found)};
}

absl::StatusOr<GraphReply> Renew(const GraphContext& context,
                                 const GraphCall& call, const std::string& id) {
  const absl::Time now = context.now();
  const auto expires = ParseRenewal(call.request.body, now);
  if (!expires.ok()) return expires.status();
  if (!context.subscriptions.Renew(id, *expires, now)) {
    return ResourceNotFound(id);
  }
  return Get(context, id);
}

}  // namespace

absl::StatusOr<GraphReply> RouteSubscriptions(const GraphContext& context,
                                              const GraphCall& call) {
  const std::string& method = call.request.method;
  const size_t size = call.segments.size();
  if (size == 1 && method == "POST") return Create(context, call);
  if (size == 1 && method == "GET") return List(context);
  const std::string id = size > 1 ? call.segments[1] : "";
  if (size == 2 && method == "GET") return Get(context, id);
  if (size == 2 && method == "PATCH") return Renew(context, call, id);
  if (size == 2 && method == "DELETE") {
    if (!context.subscriptions.Remove(id, context.now())) {
      return ResourceNotFound(id);
    }
    return GraphReply{.status = kNoContent};
  }
  if (size == 3 && method == "POST" &&
      absl::EqualsIgnoreCase(call.segments[2], "reauthorize")) {
    if (!context.subscriptions.Reauthorize(id, context.now())) {
      return ResourceNotFound(id);
    }
    return GraphReply{};
  }
  return GraphError(405, "Request_BadRequest",
                    "Specified HTTP method is not allowed for the request "
                    "target.");
}

}  // namespace rollcall::entra
