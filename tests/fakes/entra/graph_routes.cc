#include "tests/fakes/entra/graph_routes.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/fakes/entra/graph_deleted.h"
#include "tests/fakes/entra/graph_delta.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/graph_groups.h"
#include "tests/fakes/entra/graph_members.h"
#include "tests/fakes/entra/graph_membership.h"
#include "tests/fakes/entra/graph_objects.h"
#include "tests/fakes/entra/graph_subscriptions.h"
#include "tests/fakes/entra/graph_users.h"

namespace rollcall::entra {
namespace {

// users('o''brien@contoso.example') -> users, o'brien@contoso.example. With a
// quote that is not doubled it is no key, and the segment stays what it is.
void AppendSegment(absl::string_view segment, std::vector<std::string>& out) {
  absl::ConsumeSuffix(&segment, "()");
  const size_t open = segment.find("('");
  if (open != absl::string_view::npos && absl::EndsWith(segment, "')")) {
    const absl::string_view key =
        segment.substr(open + 2, segment.size() - open - 4);
    if (!absl::StrContains(absl::StrReplaceAll(key, {{"''", ""}}), "'")) {
      out.emplace_back(segment.substr(0, open));
      out.push_back(absl::StrReplaceAll(key, {{"''", "'"}}));
      return;
    }
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

absl::Status MethodNotAllowed() {
  return GraphError(405, "Request_BadRequest",
                    "Specified HTTP method is not allowed for the request "
                    "target.");
}

// One object has nothing to count.
absl::Status CheckNoCount(const GraphCall& call) {
  return call.only_count ? NoSuchSegment("$count") : absl::OkStatus();
}

// What belongs to a user or a group, by the third segment of the path.
absl::StatusOr<GraphReply> RouteMemberOf(const GraphContext& context,
                                         const GraphCall& call,
                                         const Member& member) {
  const absl::string_view relation = At(call, 2);
  const bool check = Is(relation, "checkMemberGroups");
  if (check || Is(relation, "getMemberGroups")) {
    if (call.request.method != "POST") return MethodNotAllowed();
    return check ? CheckMemberGroups(context, call, member)
                 : GetMemberGroups(context, call, member);
  }
  if (Is(relation, "memberOf")) {
    return ListMemberOf(context, call, member, At(call, 3));
  }
  if (Is(relation, "transitiveMemberOf")) {
    return ListTransitiveMemberOf(context, call, member, At(call, 3));
  }
  return NoSuchSegment(relation);
}

absl::StatusOr<GraphReply> RouteUsers(const GraphContext& context,
                                      const GraphCall& call) {
  const absl::string_view user = At(call, 1);
  if (user.empty()) return ListUsers(context, call);
  if (Is(user, "delta")) return UsersDelta(context, call);
  // Such a name works only as users('$name').
  if (absl::StartsWith(user, "$") &&
      !absl::StrContains(DecodePath(call.request.path), "('$")) {
    return NoSuchSegment(user);
  }
  if (!At(call, 2).empty()) {
    return RouteMemberOf(context, call, {ObjectKind::kUser, user});
  }
  if (absl::Status status = CheckNoCount(call); !status.ok()) return status;
  return GetUser(context, call, user);
}

absl::StatusOr<GraphReply> RouteGroups(const GraphContext& context,
                                       const GraphCall& call) {
  const absl::string_view group = At(call, 1);
  if (group.empty()) return ListGroups(context, call);
  if (Is(group, "delta")) return GroupsDelta(context, call);
  const absl::string_view relation = At(call, 2);
  if (Is(relation, "members")) {
    return ListMembers(context, call, group, At(call, 3));
  }
  if (Is(relation, "transitiveMembers")) {
    return ListTransitiveMembers(context, call, group, At(call, 3));
  }
  if (!relation.empty()) {
    return RouteMemberOf(context, call, {ObjectKind::kGroup, group});
  }
  if (absl::Status status = CheckNoCount(call); !status.ok()) return status;
  return GetGroup(context, call, group);
}

absl::StatusOr<GraphReply> RouteDirectory(const GraphContext& context,
                                          const GraphCall& call) {
  if (!Is(At(call, 1), "deletedItems")) return NoSuchSegment(At(call, 1));
  const absl::string_view item = At(call, 2);
  if (Guid::Parse(item)) return GetDeletedItem(context, call, item);
  return ListDeletedItems(context, call, item);
}

// The actions that only read, though they are POST.
bool IsAction(const GraphCall& call) {
  const absl::string_view last =
      call.segments.empty() ? "" : absl::string_view(call.segments.back());
  return Is(last, "checkMemberGroups") || Is(last, "getMemberGroups") ||
         Is(last, "getByIds");
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
  if (call.only_count && !call.eventual) {
    return BadRequest("$count is not currently supported.");
  }
  const absl::string_view root = At(call, 0);
  if (Is(root, "subscriptions")) return RouteSubscriptions(context, call);
  const bool is_action = call.request.method == "POST" && IsAction(call);
  if (call.request.method != "GET" && !is_action) return MethodNotAllowed();
  if (Is(root, "organization")) return GetOrganization(context, call);
  if (Is(root, "users")) return RouteUsers(context, call);
  if (Is(root, "groups")) return RouteGroups(context, call);
  if (Is(root, "directory")) return RouteDirectory(context, call);
  if (Is(root, "directoryObjects") && Is(At(call, 1), "getByIds")) {
    // The next page of an answer is asked for as of any other.
    return is_action || call.options.skip_token.has_value()
               ? GetByIds(context, call)
               : MethodNotAllowed();
  }
  return NoSuchSegment(root);
}

}  // namespace rollcall::entra
