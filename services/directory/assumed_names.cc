#include "services/directory/assumed_names.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/directory/record_mapping.h"
#include "services/directory/username_collisions.h"

namespace rollcall::directory {
namespace {

using store::StoredUser;

// Whether the username is known, or known to be missing.
bool IsReadable(const std::string& skip_reason) {
  return skip_reason.empty() || absl::StartsWith(skip_reason, "USERNAME_");
}

// The short name; empty if there is none.
std::string ShortName(const std::string& user_principal_name) {
  const absl::StatusOr<Username> name =
      UsernameOf(user_principal_name, {.normalize_usernames = true});
  return name.ok() ? name->value() : "";
}

// Hands over the users in scope who have a short name, with their numbers in
// the order of the mirror.
absl::Status VisitNamed(
    const MirrorView& mirror, const ScopeView& scope,
    const std::function<void(uint32_t, const SourceId&, std::string)>& visit) {
  UserCursor cursor = mirror.rows().Users(absl::nullopt);
  std::vector<uint32_t> places;
  for (uint32_t number = 0;; ++number) {
    ASSIGN_OR_RETURN(const auto row, cursor.Next());
    if (!row.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const StoredUser user,
                     rollcall::store::Parse<StoredUser>(row->bytes));
    scope.GroupsOf(user, places);
    const bool in_scope =
        user.presence() == StoredUser::PRESENT && !places.empty();
    if (!in_scope || !IsReadable(user.skip_reason())) continue;
    std::string name = ShortName(user.user_principal_name());
    if (!name.empty()) visit(number, row->id, std::move(name));
  }
}

}  // namespace

absl::StatusOr<AssumedNames> AssumedNames::Of(const MirrorView& mirror,
                                              const ScopeView& scope) {
  std::vector<MarkedUser> marked;
  RETURN_IF_ERROR(VisitNamed(
      mirror, scope, [&](uint32_t number, const SourceId&, std::string name) {
        marked.push_back({.mark = MarkOf(name), .user = number});
      }));
  const std::vector<uint32_t> suspects = FindSuspects(std::move(marked));
  std::vector<NamedUser> named;
  std::vector<SourceId> ids;
  RETURN_IF_ERROR(VisitNamed(
      mirror, scope,
      [&](uint32_t number, const SourceId& id, std::string name) {
        if (!std::binary_search(suspects.begin(), suspects.end(), number)) {
          return;
        }
        named.push_back({.username = std::move(name),
                         .user = static_cast<uint32_t>(ids.size())});
        ids.push_back(id);
      }));
  absl::flat_hash_set<SourceId> colliding;
  for (const uint32_t user : FindCollisions(std::move(named))) {
    colliding.insert(ids[user]);
  }
  return AssumedNames(std::move(colliding));
}

void AssumedNames::Assume(const SourceId& id, v1::DesiredUser& user) const {
  if (!IsReadable(user.skip_reason())) return;
  const absl::StatusOr<Username> name =
      UsernameOf(user.user_principal_name(), {.normalize_usernames = true});
  user.set_username(name.ok() ? name->value() : "");
  user.set_skip_reason(name.ok() ? "" : ReasonOf(name.status()));
  user.set_username_collides(colliding_.contains(id));
}

}  // namespace rollcall::directory
