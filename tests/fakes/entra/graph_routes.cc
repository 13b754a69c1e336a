#include "tests/fakes/entra/graph_routes.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/fakes/entra/graph_delta.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/graph_groups.h"
#include "tests/fakes/entra/graph_objects.h"
#include "tests/fakes/entra/graph_subscriptions.h"
#include "tests/fakes/entra/graph_users.h"

namespace rollcall::entra {
namespace {

// users('o''brien@contoso.example') -> users, o'brien@contoso.example
void AppendSegment(absl::string_view segment, std::vector<std::string>& out) {
  absl::ConsumeSuffix(&segment, "()");
  const size_t open = segment.find("('");
  if (open != absl::string_view::npos && absl::EndsWith(segment, "')")) {
    out.emplace_back(segment.substr(0, open));
    const absl::string_view key =
        segment.substr(open + 2, segment.size() - open - 4);
    out.push_back(absl::StrReplaceAll(key, {{"''", "'"}}));
    return;
  }
  if (absl::EqualsIgnoreCase(segment, "microsoft.graph.delta")) {
    segment = "delta";
  }
  out.emplace_back(segment);
}

absl::Status NoSuchSegment(absl::string_view segment) {
  return GraphError(
      400, "BadRequest",
      absl::StrCat("Resource not found for the segment '", segment, "'."));
}

// Segments are compared without regard to case.
bool Is(absl::string_view segment, absl::string_view name) {
  return absl::EqualsIgnoreCase(segment, name);
}

// The segment at `i`, or nothing.
absl::string_view At(const GraphCall& call, size_t i) {
  return i < call.segments.size() ? absl::string_view(call.segments[i]) : "";
}

absl::StatusOr<GraphReply> CountOf(const GraphContext& context,
                                   const GraphCall& call, bool users) {
  if (!call.eventual) {
    return BadRequest("$count is not currently supported.");
  }
  return context.tenant.Read([users](const TenantState& state) {
    int64_t count = 0;
    for (const User& user : state.users()) {
      if (users && user.life == Life::kLive) ++count;
    }
    for (const Group& group : state.groups()) {
      if (!users && group.life == Life::kLive) ++count;
    }
    return GraphReply{.body = absl::StrCat(count)};
  });
}

absl::StatusOr<GraphReply> RouteUsers(const GraphContext& context,
                                      const GraphCall& call) {
  const absl::string_view user = At(call, 1);
  if (user.empty()) return ListUsers(context, call);
  if (Is(user, "delta")) return UsersDelta(context, call);
  if (Is(user, "$count")) return CountOf(context, call, true);
  // Such a name works only as users('$name').
  if (absl::StartsWith(user, "$") &&
      !absl::StrContains(DecodePath(call.request.path), "('$")) {
    return NoSuchSegment(user);
  }
  const absl::string_view action = At(call, 2);
  if (action.empty()) return GetUser(context, call, user);
  if (Is(action, "transitiveMemberOf")) {
    return ListTransitiveMemberOf(context, call, user, At(call, 3));
  }
  if (call.request.method == "POST" && Is(action, "checkMemberGroups")) {
    return CheckMemberGroups(context, call, user);
  }
  if (call.request.method == "POST" && Is(action, "getMemberGroups")) {
    return GetMemberGroups(context, call, user);
  }
  return NoSuchSegment(action);
}

absl::StatusOr<GraphReply> RouteGroups(const GraphContext& context,
                                       const GraphCall& call) {
  const absl::string_view group = At(call, 1);
  if (group.empty()) return ListGroups(context, call);
  if (Is(group, "delta")) return GroupsDelta(context, call);
  if (Is(group, "$count")) return CountOf(context, call, false);
  const absl::string_view relation = At(call, 2);
  if (relation.empty()) return GetGroup(context, call, group);
  if (Is(relation, "members")) {
    return ListMembers(context, call, group, At(call, 3));
  }
  if (Is(relation, "transitiveMembers")) {
    return ListTransitiveMembers(context, call, group, At(call, 3));
  }
  return NoSuchSegment(relation);
}

absl::StatusOr<GraphReply> RouteDirectory(const GraphContext& context,
                                          const GraphCall& call) {
  if (!Is(At(call, 1), "deletedItems")) return NoSuchSegment(At(call, 1));
  const absl::string_view item = At(call, 2);
  if (Guid::Parse(item)) return GetDeletedItem(context, call, item);
  return ListDeletedItems(context, call, item);
}

}  // namespace

std::vector<std::string> SplitGraphPath(absl::string_view path) {
  absl::ConsumePrefix(&path, "/v1.0");
  std::vector<std::string> segments;
  for (absl::string_view raw : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    AppendSegment(DecodePath(raw), segments);
  }
  return segments;
}

absl::StatusOr<GraphReply> Route(const GraphContext& context,
                                 const GraphCall& call) {
  const absl::string_view root = At(call, 0);
  if (Is(root, "organization")) return GetOrganization(context, call);
  if (Is(root, "users")) return RouteUsers(context, call);
  if (Is(root, "subscriptions")) return RouteSubscriptions(context, call);
  if (Is(root, "groups")) return RouteGroups(context, call);
  if (Is(root, "directory")) return RouteDirectory(context, call);
  if (Is(root, "directoryObjects") && Is(At(call, 1), "getByIds") &&
      call.request.method == "POST") {
    return GetByIds(context, call);
  }
  return NoSuchSegment(root);
}

}  // namespace rollcall::entra
